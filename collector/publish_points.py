"""The district as it is now, as points that Grafana reads: pure, so that a panel can be explained by its inputs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.now import DistrictNow, RoomNow, SiteNow
from collector.store import influx_schema as schema
from collector.store.influx_lines import line
from collector.store.influx_rows import ns
from collector.store.protocol import AgentHealth
from collector.verdict.next_step import next_step
from wire.enrolment import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetAgent:
    """An enrolled agent that may report, and its newest health report."""

    agent: str
    site: str
    room: str
    role: Role
    health: AgentHealth | None


def room_line(site: SiteNow, one: RoomNow, *, since: datetime, in_session: bool, at: datetime) -> str:
    """The point of a room; `since` is when it got its state."""
    state = one.state
    newest = one.bins[-1] if one.bins and state.looked_at else None
    rates = {test.direction: test.received_bps for test in one.speaking}
    fields = {
        "site_name": site.name,
        "room_name": one.name,
        "label": schema.label_of(one.name, one.room),
        "state": state.state,
        "level": schema.LEVELS[state.state],
        "cause": state.cause,
        "worst": state.worst,
        "profile": state.profile,
        "evidence": one.evidence,
        "next_step": next_step(state, agents=one.agents, reported=one.newest_report_at is not None),
        "since_ms": _ms(since),
        "p95_ms": newest.p95_ms if newest else None,
        "loss": newest.loss if newest else None,
        "down_bps": rates.get("down"),
        "up_bps": rates.get("up"),
        "coverage": one.coverage,
        "lessons": len(one.strip),
        "bad_lessons": sum(cell.quality == "bad" for cell in one.strip),
        "agents": one.agents,
        "newest_report_ms": None if one.newest_report_at is None else _ms(one.newest_report_at),
        "in_session": in_session,
    }
    return line(schema.ROOM_NOW, {"site": one.site, "room": one.room}, fields, ns(at))


def site_line(now: DistrictNow, site: SiteNow, *, at: datetime) -> str:
    """The point of a site: how many of its rooms are in each state, and how many still report."""
    states = Counter(one.state.state for one in site.rooms)
    stale = now.taken_at - timedelta(seconds=now.stale_seconds)
    fields = {
        "site_name": site.name,
        "label": schema.label_of(site.name, site.site),
        "rooms": len(site.rooms),
        **{state: states[state] for state in schema.LEVELS},  # type: ignore[index]  # its keys are the states
        "reporting_rooms": sum(
            one.newest_report_at is not None and one.newest_report_at >= stale for one in site.rooms
        ),
        "in_session": site.lesson is not None,
    }
    return line(schema.SITE_NOW, {"site": site.site}, fields, ns(at))


def agent_line(
    now: DistrictNow, one: FleetAgent, *, names: Mapping[tuple[str, str], tuple[str, str]], version: str, at: datetime
) -> str:
    """The point of an agent. `names` are those of sites and rooms, `version` is the collector's own."""
    site_name, room_name = names.get((one.site, one.room), (one.site, one.room))
    health = one.health
    state = agent_state(health, now)
    fields = {
        "site_name": site_name,
        "room_name": room_name,
        "role": one.role,
        "state": state,
        "level": schema.AGENT_LEVELS[state],
        "version": health.version if health else None,
        "outdated": health is not None and older(health.version, version),
        "platform": health.platform if health else None,
        "newest_report_ms": _ms(health.ended_at) if health else None,
        "waiting_reports": health.waiting_reports if health else None,
        "dropped_reports": health.dropped_reports if health else None,
        "quarantined_reports": health.quarantined_reports if health else None,
        "clock_repaired": health is not None and health.clock_repaired,
        "clock_synchronised": health is None or health.clock_synchronised is not False,
    }
    return line(schema.AGENT_NOW, {"site": one.site, "room": one.room, "agent": one.agent}, fields, ns(at))


def agent_state(health: AgentHealth | None, now: DistrictNow) -> str:
    """A key of `influx_schema.AGENT_LEVELS`: behind is one whose reports come later than measuring and delivery
    explain, silent one of whom nothing that new is there."""
    if health is None:
        return "never_reported"
    overdue = timedelta(seconds=now.stale_seconds)
    if now.taken_at - health.ended_at <= overdue:
        return "behind" if health.late > overdue else "reporting"
    # What was measured long ago and came just now is a backlog being delivered.
    return "behind" if now.taken_at - (health.ended_at + health.late) <= overdue else "silent"


def older(version: str, than: str) -> bool:
    """Whether a release came before another; what is no release is not called older."""
    try:
        return _release(version) < _release(than)
    except ValueError:
        return False


def collector_line(
    now: DistrictNow, agents: Sequence[FleetAgent], *, version: str, counts: Mapping[str, int], failing: bool
) -> str:
    """The point of the collector itself; `counts` are those of `Accounts` and the bins judged since it started."""
    states = Counter(agent_state(one.health, now) for one in agents)
    health = [one.health for one in agents if one.health is not None]
    fields = {
        "version": version,
        **counts,
        "failing": failing,
        "rooms": sum(1 for _ in now.rooms()),
        "enrolled_agents": len(agents),
        **{f"{state}_agents": states[state] for state in schema.AGENT_LEVELS},
        "outdated_agents": sum(older(one.version, version) for one in health),
        "repaired_agents": sum(one.clock_repaired for one in health),
        "in_session": now.in_session,
    }
    return line(schema.COLLECTOR_NOW, {}, fields, ns(now.taken_at))


def names_of(now: DistrictNow) -> dict[tuple[str, str], tuple[str, str]]:
    """The names of each room's site and of the room."""
    return {(one.site, one.room): (site.name, one.name) for site in now.sites for one in site.rooms}


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _ms(instant: datetime) -> int:
    return ns(instant) // 10**6
