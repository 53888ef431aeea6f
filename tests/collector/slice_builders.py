"""Slices by hand: who measured what, in one line a room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary, RoomBin
from collector.verdict.causes import Located
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import default_profiles
from collector.verdict.slices import Slice, judge_slice
from collector.verdict.topology import Place, RoomKey, Topology
from wire.enrolment import Role
from wire.histogram import Histogram
from wire.path_report import PathReport
from wire.reports import LatencyMethod

TEN = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
DAY = date(2026, 11, 16)
USUAL_MS = {"gateway": 2.0, "site": 2.0, "district": 10.0}
METHODS: Mapping[str, LatencyMethod] = {"gateway": "icmp"}
Seen = float | tuple[float, float]
"""A round trip in milliseconds, or that and a loss (0..1)."""


@dataclass(kw_only=True)
class Told:
    """What is known of a slice. Rooms are (site, room) by the targets that their one agent measured."""

    rooms: Mapping[RoomKey, Mapping[str, Seen]]
    references: Mapping[str, Mapping[str, Seen]] = field(default_factory=dict)
    places: Mapping[RoomKey, Place] = field(default_factory=dict)
    uplink_mbps: Mapping[str, int] = field(default_factory=dict)
    machines: Mapping[RoomKey, Mapping[str, Any]] = field(default_factory=dict)
    paths: Mapping[RoomKey, Sequence[PathReport]] = field(default_factory=dict)
    methods: Mapping[str, LatencyMethod] = field(default_factory=dict)
    known: bool = True
    at_ease: bool = True

    def slice(self) -> Slice:
        """As the engine would make it."""
        profiles = default_profiles()
        latency: dict[RoomKey, list[LatencySummary]] = {}
        machines: dict[RoomKey, list[MachineSummary]] = {}
        roles: dict[str, Role] = {}
        for (site, room), seen in self.rooms.items():
            agent = f"{site}/{room}"
            latency[site, room] = [self.summary(agent, target, one) for target, one in seen.items()]
            of_machine = {"cpu_permille": 100, "medium": "wifi", **self.machines.get((site, room), {})}
            if self.at_ease or (site, room) in self.machines:
                machines[site, room] = [MachineSummary(agent=agent, reports=5, **of_machine)]
        for name, seen in self.references.items():
            site, _, number = name.partition("/")
            agent, key = f"{site}/reference{number}", (site, f"closet{number}")
            roles[agent] = "reference"
            latency[key] = [self.summary(agent, target, one) for target, one in seen.items()]
            machines[key] = [MachineSummary(agent=agent, reports=5, **self.machines.get(key, {}))]
        return Slice(
            started_at=TEN,
            seconds=300,
            day=DAY,
            latency=latency,
            machines=machines,
            paths=self.paths,
            roles=roles,
            profiles={site: profiles.in_force() for site, _ in latency},
            profiles_digest=profiles.digest,
        )

    def summary(self, agent: str, target: str, seen: Seen, sent: int = 300) -> LatencySummary:
        """300 requests that all took as long, but for those that were lost."""
        ms, loss = seen if isinstance(seen, tuple) else (seen, 0.0)
        received = round(sent * (1 - loss))
        return LatencySummary(
            agent=agent,
            target=target,
            method=self.methods.get(target, METHODS.get(target, "stamp")),
            sent=sent,
            received=received,
            probed_ms=300_000,
            histogram=Histogram.of([ms * 1000] * received),
            repaired=False,
        )

    def baselines(self) -> Baselines:
        """What is usual, known of everything that was measured."""
        found = Baselines()
        for key, summaries in self.slice().latency.items() if self.known else ():
            for one in summaries:
                for _ in range(3):
                    usual_ms = USUAL_MS.get(one.target, 20.0)
                    found.add_bin(key, DAY, (one.target, one.method), usual_ms * 1000)
        return found

    def bins(self) -> dict[RoomKey, RoomBin]:
        """Judged."""
        topology = Topology(places=self.places, uplink_mbps=self.uplink_mbps)
        judged = judge_slice(self.slice(), topology=topology, baselines=self.baselines())
        return {(one.site, one.room): one for one in judged}

    def located(self, site: str = "oak", room: str = "1") -> Located:
        """The cause of one room's bin, which is bad."""
        found = self.bins()[site, room].located
        assert found is not None
        return found


GOOD: Mapping[str, Seen] = {"gateway": 3.0, "site": 3.0, "district": 12.0}
WIFI: Mapping[str, Seen] = {"gateway": 260.0, "site": 262.0, "district": 270.0}
LINE: Mapping[str, Seen] = {"gateway": 3.0, "site": 3.0, "district": 320.0}
LOSSY: Mapping[str, Seen] = {"gateway": (3.0, 0.08), "site": (3.0, 0.08), "district": (12.0, 0.08)}
LOSSY_LINE: Mapping[str, Seen] = {"gateway": 3.0, "site": 3.0, "district": (12.0, 0.08)}
WIRED: Mapping[str, Seen] = {"gateway": 2.0, "district": 10.0}
WIRED_LINE: Mapping[str, Seen] = {"gateway": 2.0, "district": 310.0}
WIRED_LAN: Mapping[str, Seen] = {"gateway": 255.0, "district": 262.0}
INTERNET: Mapping[str, Seen] = {"anchor:a": 22.0, "anchor:b": 25.0, "anchor:c": 24.0}
NO_INTERNET: Mapping[str, Seen] = {"anchor:a": 300.0, "anchor:b": 320.0, "anchor:c": 24.0}


def site(name: str, bad: int, good: int, how: Mapping[str, Seen]) -> dict[RoomKey, Mapping[str, Seen]]:
    """A site whose first rooms are bad in the same way."""
    return {(name, str(n + 1)): how if n < bad else GOOD for n in range(bad + good)}


def on_switches(name: str, *switches: int, per_ap: int = 1) -> dict[RoomKey, Place]:
    """So many rooms on each switch of a site, in the order of their numbers."""
    rooms = [f"SW-{index}" for index, many in enumerate(switches) for _ in range(many)]
    return {
        (name, str(n + 1)): Place(ap=f"AP-{n // per_ap}", switch=switch, uplink="line")
        for n, switch in enumerate(rooms)
    }
