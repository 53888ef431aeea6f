"""The weekly rule by itself: marks made by bursts, judged by `room_week` week after week of a semester.

What measuring adds is not in here; what is: that a verdict is told from dependent bins, from a part of them, and again
every week, so that its errors can be counted over tens of thousands of room-weeks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import numpy as np

from collector.simulate.bursts import Bools, many_bursts, stream
from collector.verdict.causes import Cause
from collector.verdict.days import RoomDay, Seconds
from collector.verdict.weeks import RoomWeek, room_week
from wire.histogram import Histogram

Missing = Literal["none", "sleeping", "moved", "half_days", "short_days"]
"""What of a week was measured. `sleeping`: the machine is awake for 60 % of lesson time, in stretches of an hour, and
measures a tenth of that too thinly. `moved`: the agent is in another room on two days of five, other days each week.
`half_days`: it measures in the morning alone. `short_days`: all of it, but lessons are 5 h 15 min a day."""

BIN_SECONDS = 300
FULL_DAY, SHORT_DAY = 84, 63
DAYS_A_WEEK = 5
_MONDAY = date(2026, 1, 12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`share` (0..1) of the bins is bad in bursts of `burst_minutes` on average, over `weeks` of each of `rooms`."""

    share: float
    burst_minutes: float
    rooms: int
    weeks: int
    missing: Missing = "none"

    @property
    def title(self) -> str:
        """``2 % bad, bursts of 15 min``, and what was missing."""
        words = {
            "none": "",
            "sleeping": ", sleeping PCs",
            "moved": ", agents moved",
            "half_days": ", half days",
            "short_days": ", short days",
        }
        return f"{self.share:.0%} bad, bursts of {self.burst_minutes:g} min{words[self.missing]}".replace("%", " %", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the rule made of a case: over `room_weeks`, `entries` into restricted, and the weeks that were `unknown`.
    `in_week` counts the rooms that had entered by their first, second, ... week."""

    case: Case
    room_weeks: int
    entries: int
    unknown: int
    restricted: int
    in_week: tuple[int, ...]

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            case=self.case,
            room_weeks=self.room_weeks + other.room_weeks,
            entries=self.entries + other.entries,
            unknown=self.unknown + other.unknown,
            restricted=self.restricted + other.restricted,
            in_week=tuple(a + b for a, b in zip(self.in_week, other.in_week, strict=True)),
        )


def judge_case(case: Case, *, seed: int) -> Outcome:
    """Make the marks of every room and judge its weeks one after the other."""
    bins = SHORT_DAY if case.missing == "short_days" else FULL_DAY
    days = [bins] * (DAYS_A_WEEK * case.weeks)
    random = stream(seed, "rule", case.title)
    bad = many_bursts(
        random, chains=case.rooms, days=days, share=case.share, burst_bins=case.burst_minutes * 60 / BIN_SECONDS
    )
    measured = _measured(random, case, bins)
    entries = unknown = restricted = 0
    in_week = np.zeros(case.weeks, dtype=int)
    for room in range(case.rooms):
        before: RoomWeek | None = None
        entered_in: int | None = None
        letters = _letters(bad[room], measured[room])
        for week in range(case.weeks):
            before = _week(letters, bins, week, before)
            unknown += before.verdict == "unknown"
            restricted += before.verdict == "restricted"
            if before.entered:
                entries += 1
                entered_in = week if entered_in is None else entered_in
        if entered_in is not None:
            in_week[entered_in:] += 1
    return Outcome(
        case=case,
        room_weeks=case.rooms * case.weeks,
        entries=entries,
        unknown=unknown,
        restricted=restricted,
        in_week=tuple(in_week.tolist()),
    )


def _measured(random: np.random.Generator, case: Case, bins: int) -> np.ndarray:
    """Per room and bin: 0 nobody awake, 1 awake and too little measured, 2 measured."""
    shape = (case.rooms, DAYS_A_WEEK * case.weeks * bins)
    measured = np.full(shape, 2, dtype=np.int8)
    if case.missing == "sleeping":
        days = [bins] * (DAYS_A_WEEK * case.weeks)
        asleep = many_bursts(random, chains=case.rooms, days=days, share=0.4, burst_bins=8)
        measured[random.random(shape) < 0.1] = 1
        measured[asleep] = 0
    elif case.missing == "moved":
        by_day = measured.reshape(case.rooms, case.weeks, DAYS_A_WEEK, bins)
        away = np.argsort(random.random((case.rooms, case.weeks, DAYS_A_WEEK)), axis=2) < 2
        by_day[away] = 0
    elif case.missing == "half_days":
        measured.reshape(case.rooms, case.weeks, DAYS_A_WEEK, bins)[..., bins // 2 :] = 0
    return measured


def _letters(bad: Bools, measured: np.ndarray) -> str:
    """The marks of a room, one bin after the other."""
    codes = np.where(measured == 0, ord("."), np.where(measured == 1, ord("?"), np.where(bad, ord("B"), ord("g"))))
    return codes.astype(np.uint8).tobytes().decode()


def _week(letters: str, bins: int, week: int, before: RoomWeek | None) -> RoomWeek:
    monday = _MONDAY + timedelta(weeks=week)
    first = week * DAYS_A_WEEK * bins
    days = [
        marked_day(letters[first + day * bins : first + (day + 1) * bins], monday + timedelta(days=day))
        for day in range(DAYS_A_WEEK)
    ]
    return room_week(days, site="made-up", room="1", week=monday, before=before)


def marked_day(marks: str, day: date) -> RoomDay:
    """A day that had these marks, all that was bad in it surely by the room's own access."""
    bad = marks.count("B")
    causes: Mapping[Cause, int] = {"room_access": bad} if bad else {}
    return RoomDay(
        site="made-up",
        room="1",
        day=day,
        started_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
        closed_seconds=len(marks) * BIN_SECONDS,
        seconds=Seconds(valid=(marks.count("g") + bad) * BIN_SECONDS, bad=bad * BIN_SECONDS),
        by_profile={},
        sent=0,
        received=0,
        histogram=Histogram(),
        worst="latency" if bad else None,
        profile="video_lesson" if bad else None,
        profiles_digest="",
        bin_seconds=BIN_SECONDS,
        marks=marks,
        causes=causes,
        sure=causes,
    )


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Outcomes of one case from several seeds as one."""
    total = outcomes[0]
    for one in outcomes[1:]:
        total += one
    return total
