"""What was really so in each room and week: how much each cause spoiled, and whether anybody measured enough."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from collector.simulate.course import ABSENT, MEASURED, Course, faults_of, may_act
from collector.simulate.scenario import BIN_SECONDS, Scenario
from collector.verdict.causes import Cause
from collector.verdict.topology import RoomKey
from collector.verdict.weekly_rule import ALLOWED_SHARE, AWAKE_SHARE, FEWEST_DAYS, FEWEST_SECONDS

ONE_CAUSE_SHARE = 0.8
"""Truth is one cause where that much of what is bad comes from it."""

PLAIN_SHARE = 0.15
"""From here on a room must be found; between this and what is allowed either verdict can be defended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One room in one week. `shares` are the bad shares (0..1) of in-session time that its faults have on average, by
    cause, and `happened` those of this very week. `restricted` says that the network's own, together, are more than is
    allowed. `covered` says that enough of it was measured for a verdict, `awake_bins` in how many bins an agent was."""

    site: str
    room: str
    week: date
    shares: Mapping[Cause, float]
    happened: Mapping[Cause, float]
    restricted: bool
    covered: bool
    awake_bins: int

    @property
    def network_share(self) -> float:
        """The bad share that the network has on average, all its causes together."""
        good = 1.0
        for cause, share in self.shares.items():
            good *= 1 - share if cause not in {"device", "remote_service"} else 1
        return 1 - good

    @property
    def plain(self) -> bool:
        """Whether so much is bad that a verdict has to find it."""
        return self.network_share >= PLAIN_SHARE

    @property
    def cause(self) -> Cause | None:
        """The one cause of nearly all that is bad; ``None`` where there are several, or the room is good."""
        total = sum(self.shares.values())
        cause = max(self.shares, key=lambda one: self.shares[one], default=None)
        if cause is None or not self.restricted or self.shares[cause] < ONE_CAUSE_SHARE * total:
            return None
        return cause

    def to_json(self) -> dict[str, Any]:
        """For ``truth.json``."""
        return asdict(self) | {"week": self.week.isoformat(), "cause": self.cause}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Truth":
        """What `to_json` made. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        wanted = {name: value for name, value in values.items() if name != "cause"}
        return cls(**wanted | {"week": date.fromisoformat(wanted["week"])})


def truths(scenario: Scenario, course: Course) -> Iterable[Truth]:
    """The truth of every room in a week."""
    faults = faults_of(scenario)
    on_average = [
        fault.share * float(may_act(scenario, fault, course.week, course.starts).mean()) for fault in faults
    ]
    days = [scenario.calendar.local_day(start) for start in course.starts]
    agents = {site.site: site.agents for site in scenario.sites}
    arrived = frozenset(course.moved.values())
    for room, rows in course.acting.items():
        shares: dict[Cause, float] = {}
        happened: dict[Cause, float] = {}
        spoiled = np.zeros(len(course.starts), dtype=np.bool_)
        for place, row in rows.items():
            touched = faults[place].touched
            if touched.cause is None or on_average[place] == 0:
                continue
            shares[touched.cause] = 1 - (1 - shares.get(touched.cause, 0.0)) * (1 - on_average[place])
            happened[touched.cause] = happened.get(touched.cause, 0.0) + float(row.mean())
            if touched.segment == "host" and agents[room[0]] == 1:
                spoiled |= row
        awake = course.awake[room].copy()
        if room in course.moved:
            awake[:] = ABSENT
        if room in arrived:
            awake[:] = MEASURED
        yield _truth(room, scenario, course, shares, happened, awake, (awake == MEASURED) & ~spoiled, days)


def _truth(
    room: RoomKey,
    scenario: Scenario,
    course: Course,
    shares: Mapping[Cause, float],
    happened: Mapping[Cause, float],
    awake: np.ndarray,
    valid: np.ndarray,
    days: list[date],
) -> Truth:
    measured_days = len({day for day, one in zip(days, valid.tolist(), strict=True) if one})
    awake_bins = int((awake != ABSENT).sum())
    bins = int(valid.sum())
    made = Truth(
        site=room[0],
        room=room[1],
        week=scenario.monday(course.week),
        shares=shares,
        happened=happened,
        restricted=False,
        covered=bins * BIN_SECONDS >= FEWEST_SECONDS and measured_days >= FEWEST_DAYS and bins >= AWAKE_SHARE * awake_bins,
        awake_bins=awake_bins,
    )
    restricted = made.network_share > ALLOWED_SHARE + 1e-9
    return Truth(
        **{name: getattr(made, name) for name in made.__slots__ if name != "restricted"}, restricted=restricted
    )
