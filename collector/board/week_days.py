"""A week's marks by day: which day each stretch is of, how much was what, and where it is drawn."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from collector.district.calendar import Calendar
from collector.judged_weeks import lesson_days
from collector.verdict.marks import QUALITY_OF, MarkQuality
from collector.verdict.weeks import RoomWeek

WIDTH = 504
"""CSS pixels of a day that has the most bins; scaled to the screen."""
HEIGHT = 16

_SAID: Mapping[MarkQuality, str] = {"bad": "bad", "degraded": "degraded", "good": "good", "unknown": "not known"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Neighbouring bins that look alike, in CSS pixels from the day's left end."""

    x: float
    width: float
    quality: MarkQuality


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekDay:
    """One day of lessons. `day` is ``None`` where the calendar no longer says which it was, `name` says it anyhow.
    `marks` counts its bins by mark; `summary` is for those who hear it."""

    day: date | None
    name: str
    marks: Mapping[str, int]
    runs: tuple[Run, ...]
    summary: str


def week_days(week: RoomWeek, calendar: Calendar) -> tuple[WeekDay, ...]:
    """The days of `week` that had lessons, in order; `calendar` is its site's."""
    stretches = week.marks.split("|") if week.marks else []
    most = max(map(len, stretches), default=1)
    days = lesson_days(week, calendar)
    return tuple(
        WeekDay(
            day=day,
            name=f"{day:%a} {day.day} {day:%b}" if day else f"day {number}",
            marks=Counter(marks),
            runs=_runs(marks, WIDTH / max(1, most)),
            summary=_summary(marks, week.bin_seconds),
        )
        for number, (day, marks) in enumerate(zip(days, stretches, strict=True), 1)
    )


def _runs(marks: str, width: float) -> tuple[Run, ...]:
    runs = []
    at = 0
    for quality, group in groupby(marks, key=lambda mark: QUALITY_OF[mark]):
        count = len(list(group))
        runs.append(Run(x=round(at * width, 1), width=round(count * width, 1), quality=quality))
        at += count
    return tuple(runs)


def _summary(marks: str, bin_seconds: int) -> str:
    counted = Counter(QUALITY_OF[mark] for mark in marks)
    minutes = {quality: count * bin_seconds / 60 for quality, count in counted.items()}
    return ", ".join(f"{minutes[quality]:.0f} min {said}" for quality, said in _SAID.items() if quality in minutes)
