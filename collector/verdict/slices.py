"""Judge all rooms of a district in one bin's time together: only beside each other can they be told apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary, RoomBin, judge_bin
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import Profile
from collector.verdict.topology import RoomKey, Topology
from wire.enrolment import Role
from wire.path_report import PathReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """What was measured in the bin of `seconds` from `started_at`, by room. `day` is its local school day.

    `roles` are those of agents that are not in a room with pupils: a reference or an edge speaks for no room, its
    measurements stand beside those of its site's. `profiles` are, by site, those in force.
    """

    started_at: datetime
    seconds: int
    day: date
    latency: Mapping[RoomKey, Sequence[LatencySummary]]
    machines: Mapping[RoomKey, Sequence[MachineSummary]] = field(default_factory=dict)
    paths: Mapping[RoomKey, Sequence[PathReport]] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    profiles: Mapping[str, Sequence[Profile]] = field(default_factory=dict)
    profiles_digest: str = ""


def judge_slice(whole: Slice, *, topology: Topology, baselines: Baselines) -> list[RoomBin]:
    """Judge every room of it that was measured, its bad ones with their cause. `baselines` learn from it."""
    del topology, baselines  # the cause is named by a later step
    judged = [
        judge_bin(
            site=site,
            room=room,
            started_at=whole.started_at,
            seconds=whole.seconds,
            summaries=summaries,
            profiles=whole.profiles[site],
            profiles_digest=whole.profiles_digest,
        )
        for (site, room), summaries in whole.latency.items()
    ]
    return [one for one in judged if one is not None]
