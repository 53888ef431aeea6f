"""Lesson time as an axis: lessons side by side, the breaks between them left out, days set apart.

Lengths are CSS pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from collector.board import phrases
from collector.now import LessonCell, LessonQuality
from collector.verdict.bins import RoomBin

LESSON_GAP = 5.0
DAY_GAP = 16.0
CHARACTER = 6.4
"""Width of a character of the labels, on the safe side."""
NARROWEST_SLOT = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A stretch of lesson time from `x` to `end`, and the valid bins that began in it; none where nothing is known."""

    x: float
    end: float
    started_at: datetime
    bins: tuple[RoomBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One lesson on the axis. `slots` cover what of it has been judged; what is to come is left blank."""

    x: float
    end: float
    label: str | None
    day: str | None
    quality: LessonQuality
    on_now: bool
    slots: tuple[Slot, ...]


def spans(
    cells: Sequence[LessonCell],
    bins: Sequence[RoomBin],
    *,
    left: float,
    right: float,
    time_zone: ZoneInfo,
    now: datetime,
    bin_seconds: int,
) -> tuple[Span, ...]:
    """The lessons of a strip between `left` and `right`, each as wide as it is long. `bins` ascend."""
    gaps = [0.0] + [
        DAY_GAP if before.lesson.day != after.lesson.day else LESSON_GAP for before, after in pairwise(cells)
    ]
    seconds = sum(_seconds(cell) for cell in cells)
    per_second = (right - left - sum(gaps)) / max(1.0, seconds)
    found: list[Span] = []
    x = left
    label_free_from = day_free_from = left
    for cell, gap in zip(cells, gaps, strict=False):
        x += gap
        end = x + _seconds(cell) * per_second
        label = phrases.clock(cell.lesson.started_at, time_zone)
        day = None
        if (not found or gap == DAY_GAP) and x >= day_free_from:
            day = phrases.day_name(cell.lesson, time_zone)
            day_free_from = x + len(day) * CHARACTER
        shown = x >= label_free_from
        if shown:
            label_free_from = x + (len(label) + 0.5) * CHARACTER
        found.append(
            Span(
                x=round(x, 1),
                end=round(end, 1),
                label=label if shown else None,
                day=day,
                quality=cell.quality,
                on_now=cell.lesson.contains(now),
                slots=_slots(cell, bins, x, per_second, bin_seconds),
            )
        )
        x = end
    return tuple(found)


def _slots(
    cell: LessonCell, bins: Sequence[RoomBin], x: float, per_second: float, bin_seconds: int
) -> tuple[Slot, ...]:
    """Slots as long as the lesson's longest bin, or longer where that would be too narrow to see."""
    lesson = cell.lesson
    of_lesson = [one for one in bins if lesson.contains(one.started_at + timedelta(seconds=one.seconds / 2))]
    longest = max((one.seconds for one in of_lesson), default=bin_seconds)
    length = longest * max(1, round(NARROWEST_SLOT / (longest * per_second) + 0.499))
    by_slot: dict[int, list[RoomBin]] = {}
    for one in of_lesson:
        if one.valid:
            middle = one.started_at + timedelta(seconds=one.seconds / 2)
            by_slot.setdefault(int((middle - lesson.started_at).total_seconds() // length), []).append(one)
    whole = _seconds(cell)
    # A stretch that is not over may still become known; a lesson's last one may be shorter than the others.
    judged = cell.closed_seconds // length if cell.closed_seconds < whole else -(-whole // length)
    count = max(int(judged), max(by_slot, default=-1) + 1)
    return tuple(
        Slot(
            x=round(x + min(number * length, whole) * per_second, 1),
            end=round(x + min((number + 1) * length, whole) * per_second, 1),
            started_at=lesson.started_at + timedelta(seconds=number * length),
            bins=tuple(by_slot.get(number, ())),
        )
        for number in range(count)
    )


def _seconds(cell: LessonCell) -> float:
    return (cell.lesson.ended_at - cell.lesson.started_at).total_seconds()
