"""A week's lesson time as strips: one a day, each cell as bad as the worst of it."""

from collections import Counter
from collections.abc import Mapping
from math import ceil

from collector.brief.brief import CELL_MINUTES, StripDay
from collector.district.calendar import Calendar
from collector.judged_weeks import lesson_days
from collector.verdict.marks import QUALITY_OF, WORST_FIRST, MarkQuality
from collector.verdict.weeks import RoomWeek

_SAID: Mapping[MarkQuality, str] = {
    "bad": "too poor for lessons",
    "degraded": "slow",
    "good": "good",
    "unknown": "not measured",
}


def strip_days(week: RoomWeek, calendar: Calendar) -> tuple[StripDay, ...]:
    """The days of `week` that had lessons, in order; `calendar` is its site's."""
    stretches = week.marks.split("|") if week.marks else []
    each = ceil(CELL_MINUTES * 60 / week.bin_seconds)
    days = lesson_days(week, calendar)
    return tuple(
        StripDay(
            name=f"{day:%a}" if day else f"day {number}",
            minutes=each * week.bin_seconds / 60,
            cells=tuple(_worst(marks[at : at + each]) for at in range(0, len(marks), each)),
            summary=_summary(marks, week.bin_seconds),
        )
        for number, (day, marks) in enumerate(zip(days, stretches, strict=True), 1)
    )


def _worst(marks: str) -> MarkQuality:
    return min((QUALITY_OF[mark] for mark in marks), key=WORST_FIRST.index)


def _summary(marks: str, bin_seconds: int) -> str:
    counted = Counter(QUALITY_OF[mark] for mark in marks)
    return ", ".join(f"{counted[one] * bin_seconds / 60:.0f} min {said}" for one, said in _SAID.items() if counted[one])
