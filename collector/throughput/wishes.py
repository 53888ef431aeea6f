"""What a throughput test needs: its rates, its bytes, and the bottlenecks that it shares."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from collector.district.district import District
from collector.registry.agent import Agent
from collector.throughput.bottlenecks import Bottlenecks, Shared
from collector.throughput.leases import Server, Wish, set_aside_bytes
from collector.verdict.profiles import Profiles
from wire.enrolment import Role
from wire.report_words import AskedBy
from wire.sufficiency import most_bytes

CAPACITY_MS = 10_000
"""How long each direction of a capacity test may take: what ndt7 expects of it."""

LINK_MARGIN = 1.25
"""A link may carry more than it says, but hardly by a quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPlan:
    """Who is to measure how much there is, and where: `server` is the collector's, `in_sites` are those of sites whose
    reference serves its rooms. `most_bytes` is for each direction; `by_schedule` are the roles that do it every school
    day."""

    server: Server
    most_bytes: int
    in_sites: Mapping[str, Server] = field(default_factory=dict)
    by_schedule: frozenset[Role] = frozenset({"reference"})


def tested_bps(profiles: Profiles) -> tuple[int, int]:
    """What a sufficiency test asks for, down and up: the most that any of `profiles` that judges lessons needs."""
    lessons = profiles.in_force()
    return max(one.down.bps for one in lessons), max(one.up.bps for one in lessons)


def bytes_of_a_test(profiles: Profiles) -> int:
    """What is set aside for a sufficiency test; no other takes less."""
    down_bps, up_bps = tested_bps(profiles)
    return set_aside_bytes(most_bytes(down_bps), most_bytes(up_bps))


def capacity_bytes(most_bytes_each: int, link_mbps: int | None) -> int:
    """The most that each direction of a capacity test carries: what its link can in the time, and no more than
    `most_bytes_each`."""
    if not link_mbps:
        return most_bytes_each
    return min(most_bytes_each, int(link_mbps * 1_000_000 * LINK_MARGIN) * CAPACITY_MS // 8_000)


class Wishes:
    """Tests as the district and the profiles want them."""

    def __init__(self, district: District, profiles: Profiles) -> None:
        self._bottlenecks = Bottlenecks(district)
        self._down_bps, self._up_bps = tested_bps(profiles)

    def sufficiency(self, agent: Agent, request: str) -> Wish:
        """Whether the rate is there that the profiles need, from where `agent` stands."""
        there = self._bottlenecks.of(agent.site, agent.room, role=agent.role)
        return self._sufficiency(agent.agent, request, agent.site, there, asked_by="schedule")

    def page(self, site: str, room: str, request: str) -> Wish:
        """The same from a room that needs no agent for it, because somebody there asks."""
        there = self._bottlenecks.of(site, room)
        return self._sufficiency(f"page of {site}/{room}", request, site, there, asked_by="user")

    def capacity(
        self, agent: Agent, request: str, plan: CapacityPlan, *, asked_by: AskedBy, link_mbps: int | None
    ) -> Wish:
        """How much there is, from where `agent` stands: for a room to its site's reference where that serves, which
        leaves the uplink to others, and else to the collector."""
        inside = agent.role == "room" and agent.site in plan.in_sites
        limit_bytes = capacity_bytes(plan.most_bytes, link_mbps)
        reckoned_bps = limit_bytes * 8_000 // CAPACITY_MS
        return Wish(
            holder=agent.agent,
            request=request,
            kind="capacity",
            asked_by=asked_by,
            site=agent.site,
            bottlenecks=self._bottlenecks.of(agent.site, agent.room, role=agent.role, inside=inside),
            down_bps=reckoned_bps,
            up_bps=reckoned_bps,
            down_limit_bytes=limit_bytes,
            up_limit_bytes=limit_bytes,
            server=plan.in_sites[agent.site] if inside else plan.server,
            inside=inside,
        )

    def _sufficiency(
        self, holder: str, request: str, site: str, bottlenecks: tuple[Shared, ...], *, asked_by: AskedBy
    ) -> Wish:
        return Wish(
            holder=holder,
            request=request,
            kind="sufficiency",
            asked_by=asked_by,
            site=site,
            bottlenecks=bottlenecks,
            down_bps=self._down_bps,
            up_bps=self._up_bps,
            down_limit_bytes=most_bytes(self._down_bps),
            up_limit_bytes=most_bytes(self._up_bps),
        )
