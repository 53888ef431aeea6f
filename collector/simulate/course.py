"""How a week goes: which fault acts in which bin, and which rooms are measured then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from collector.simulate.bursts import Bools, many_bursts, stream
from collector.simulate.scenario import BIN_SECONDS, Fault, Scenario
from collector.verdict.topology import RoomKey

Awake = NDArray[np.int8]

ABSENT, THIN, MEASURED = 0, 1, 2
"""No agent of the room hands anything over; one does, and it is too little; enough."""

THIN_SHARE = 0.5
"""How much of a bin is probed when reports are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One week. `starts` are its in-session bins; columns of all arrays. `acting` has a row for each fault of a room,
    by (room, place in the list of faults), and `awake` one for each room. `moved` says in which room those agents are
    that are not in their own."""

    week: int
    starts: tuple[datetime, ...]
    acting: Mapping[RoomKey, Mapping[int, Bools]]
    awake: Mapping[RoomKey, Awake]
    moved: Mapping[RoomKey, RoomKey]

    def states(self, room: RoomKey) -> list[tuple[int, ...]]:
        """Per bin, the places of the faults that act on `room`."""
        rows = self.acting[room]
        if not rows:
            return [()] * len(self.starts)
        codes = np.zeros(len(self.starts), dtype=np.int64)
        for bit, row in enumerate(rows.values()):
            codes |= row.astype(np.int64) << bit
        known = {code: tuple(n for bit, n in enumerate(rows) if code >> bit & 1) for code in set(codes.tolist())}
        return [known[code] for code in codes.tolist()]


def faults_of(scenario: Scenario) -> tuple[Fault, ...]:
    """The background, then the faults of the file: their places are how they are known."""
    return (scenario.background, *scenario.faults)


def course_of(scenario: Scenario, week: int, *, seed: int) -> Course:
    """Draw how `week` (from 1) goes."""
    by_day = scenario.starts(scenario.days(week))
    starts = tuple(start for day in by_day for start in day)
    lengths = [len(day) for day in by_day]
    rooms = [(one.site, one.room) for one in scenario.rooms]
    acting: dict[RoomKey, dict[int, Bools]] = {room: {} for room in rooms}
    awake: dict[RoomKey, Awake] = {room: np.full(len(starts), MEASURED, dtype=np.int8) for room in rooms}
    moved: dict[RoomKey, RoomKey] = {}
    for place, fault in enumerate(faults_of(scenario)):
        may = may_act(scenario, fault, week, starts)
        if not may.any():
            continue
        random = stream(seed, "fault", place, week)
        chains = many_bursts(
            random,
            chains=len(fault.groups),
            days=lengths,
            share=fault.share,
            burst_bins=fault.burst_minutes * 60 / BIN_SECONDS,
        )
        for group, row in zip(fault.groups, chains & may, strict=True):
            for room in group:
                if fault.touched.segment is None:
                    _keep_away(awake[room], fault, row, lengths)
                    if fault.to is not None:
                        moved[room] = fault.to
                else:
                    acting[room][place] = row
    return Course(week=week, starts=starts, acting=acting, awake=awake, moved=moved)


def may_act(scenario: Scenario, fault: Fault, week: int, starts: Sequence[datetime]) -> Bools:
    """In which of the bins `fault` can act."""
    zone = scenario.calendar.time_zone
    return np.array([fault.acts_at(week, start.astimezone(zone)) for start in starts], dtype=np.bool_)


def _keep_away(awake: Awake, fault: Fault, row: Bools, lengths: Sequence[int]) -> None:
    if fault.kind == "missing":
        awake[row & (awake == MEASURED)] = THIN
    elif fault.kind == "half_days":
        late = np.concatenate([np.arange(length) >= length // 2 for length in lengths])
        awake[late & row] = ABSENT
    else:
        awake[row] = ABSENT
