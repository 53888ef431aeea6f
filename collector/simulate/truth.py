"""What was really so in each room and week: how much each cause spoiled, and whether anybody measured enough."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from collector.simulate.bursts import Bools
from collector.simulate.course import ABSENT, MEASURED, Course, faults_of, may_act
from collector.simulate.scenario import BIN_SECONDS, Scenario
from collector.verdict.causes import Cause
from collector.verdict.weekly_rule import ALLOWED_SHARE, AWAKE_SHARE, FEWEST_DAYS, FEWEST_SECONDS, NOT_THE_NETWORKS

ONE_CAUSE_SHARE = 0.8
"""Truth is one cause where that much of what is bad comes from it."""

PLAIN_SHARE = 0.15
"""From here on a room must be found; between this and what is allowed either verdict can be defended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One room in one week. `shares` are the bad shares (0..1) of in-session time that its faults have on average, by
    cause, and `happened` those of this very week. `restricted` says that the network's own, together, are more than is
    allowed, and `seen` that all of that is where something of the site measures: no reference that looks at anchors,
    nothing of the Internet. `covered` says that enough was measured for a verdict, `awake_bins` in how many bins an
    agent was awake."""

    site: str
    room: str
    week: date
    shares: Mapping[Cause, float]
    happened: Mapping[Cause, float]
    restricted: bool
    seen: bool
    covered: bool
    awake_bins: int

    @property
    def network_share(self) -> float:
        """The bad share that the network has on average, all its causes together."""
        return _union(share for cause, share in self.shares.items() if cause not in NOT_THE_NETWORKS)

    @property
    def plain(self) -> bool:
        """Whether so much is bad that a verdict has to find it."""
        return self.network_share >= PLAIN_SHARE

    @property
    def cause(self) -> Cause | None:
        """The one cause of nearly all that is bad; ``None`` where there are several, nothing sees it, or the room is
        good."""
        total = sum(self.shares.values())
        cause = max(self.shares, key=lambda one: self.shares[one], default=None)
        if cause is None or not self.restricted or not self.seen or self.shares[cause] < ONE_CAUSE_SHARE * total:
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


def truths(scenario: Scenario, course: Course) -> Iterator[Truth]:
    """The truth of every room in a week."""
    faults = faults_of(scenario)
    on_average = [fault.share * float(may_act(scenario, fault, course.week, course.starts).mean()) for fault in faults]
    days = [scenario.calendar.local_day(start) for start in course.starts]
    agents = {site.site: site.agents for site in scenario.sites}
    looks_out = {site.site: site.reference and bool(scenario.anchors) for site in scenario.sites}
    arrived = frozenset(course.moved.values())
    for room, rows in course.acting.items():
        shares: dict[Cause, float] = {}
        happened: dict[Cause, float] = {}
        spoiled = np.zeros(len(course.starts), dtype=np.bool_)
        for place, row in rows.items():
            touched = faults[place].touched
            if touched.cause is None or on_average[place] == 0:
                continue
            shares[touched.cause] = _union((shares.get(touched.cause, 0.0), on_average[place]))
            happened[touched.cause] = happened.get(touched.cause, 0.0) + float(row.mean())
            if touched.segment == "host" and agents[room[0]] == 1:
                spoiled |= row
        awake = course.awake[room].copy()
        if room in course.moved:
            awake[:] = ABSENT
        if room in arrived:
            awake[:] = MEASURED
        valid = (awake == MEASURED) & ~spoiled
        network = _union(share for cause, share in shares.items() if cause not in NOT_THE_NETWORKS)
        yield Truth(
            site=room[0],
            room=room[1],
            week=scenario.monday(course.week),
            shares=shares,
            happened=happened,
            restricted=network > ALLOWED_SHARE + 1e-9,
            seen=looks_out[room[0]] or "isp_egress" not in shares,
            covered=_covered(valid, int((awake != ABSENT).sum()), days),
            awake_bins=int((awake != ABSENT).sum()),
        )


def _covered(valid: Bools, awake_bins: int, days: Sequence[date]) -> bool:
    """Whether the rule has enough of valid bins for a verdict."""
    bins = int(valid.sum())
    measured_days = len({day for day, one in zip(days, valid.tolist(), strict=True) if one})
    enough = bins * BIN_SECONDS >= FEWEST_SECONDS and bins >= AWAKE_SHARE * awake_bins
    return enough and measured_days >= FEWEST_DAYS


def _union(shares: Iterable[float]) -> float:
    """The share of time in which any of several independent things happens."""
    none = 1.0
    for share in shares:
        none *= 1 - share
    return 1 - none
