"""Where the cells of the heat strips stand: one axis of lessons for the whole page, so that a
lesson has the same place in every room's row.

A cell's height says how bad the lesson was, so that a strip is read without colour. Lengths are
CSS pixels.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

from collector.board.phrases import lesson_result
from collector.district.calendar import Lesson
from collector.now import LessonCell, LessonQuality, RoomNow

HEIGHT = 20
WIDEST = 288
"""A strip fits beside the padding of a 360 px telephone."""
WIDEST_PITCH = 17.0
NARROWEST_PITCH = 2.0
WIDEST_GAP = 2.0
DAY_GAP = 7.0
MOST_LESSONS = 80
"""More would be too narrow to see; a room's own page shows all."""
CHARACTER = 6.2
"""Width of a character of the labels, on the safe side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text on the axis; `at_end` means it ends at `x` instead of beginning there."""

    x: float
    text: str
    at_end: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The lessons of all strips from left to right, oldest first."""

    lessons: tuple[Lesson, ...]
    x_by_start: dict[datetime, float]
    cell_width: float
    width: float
    day_lines: tuple[float, ...]
    days: tuple[Label, ...]
    times: tuple[Label, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One cell as drawn."""

    x: float
    quality: LessonQuality
    text: str
    on_now: bool


def axis(rooms: Iterable[RoomNow]) -> Axis:
    """The axis that holds the lessons of every strip, the newest `MOST_LESSONS` of them."""
    found = {cell.lesson.started_at: cell.lesson for room in rooms for cell in room.strip}
    lessons = tuple(found[start] for start in sorted(found)[-MOST_LESSONS:])
    changes = sum(before.day != after.day for before, after in pairwise(lessons))
    pitch = min(WIDEST_PITCH, max(NARROWEST_PITCH, (WIDEST - changes * DAY_GAP) / max(1, len(lessons))))
    gap = min(WIDEST_GAP, 0.3 * pitch)
    x_by_start: dict[datetime, float] = {}
    day_lines: list[float] = []
    x = 0.0
    previous: Lesson | None = None
    for lesson in lessons:
        if previous is not None and previous.day != lesson.day:
            day_lines.append(round(x + (DAY_GAP - gap) / 2, 1))
            x += DAY_GAP
        x_by_start[lesson.started_at] = round(x, 1)
        x += pitch
        previous = lesson
    days, times = _labels(lessons, x_by_start, pitch - gap)
    return Axis(
        lessons=lessons,
        x_by_start=x_by_start,
        cell_width=round(pitch - gap, 1),
        width=round(max(0.0, x - gap), 1),
        day_lines=tuple(day_lines),
        days=days,
        times=times,
    )


def bars(room: RoomNow, on: Axis, now: datetime) -> tuple[Bar, ...]:
    """The cells of one room's strip, in their places."""
    return tuple(
        Bar(
            x=on.x_by_start[cell.lesson.started_at],
            quality=cell.quality,
            text=cell_text(cell, now),
            on_now=cell.lesson.contains(now),
        )
        for cell in room.strip
        if cell.lesson.started_at in on.x_by_start
    )


def cell_text(cell: LessonCell, now: datetime) -> str:
    """``Tue 10 Mar 10:15-11:00: bad, 25 of 45 min``."""
    day = cell.lesson.day
    return f"{day:%a} {day.day} {day:%b} {cell.lesson.label}: {lesson_result(cell, now)}"


def summary(room: RoomNow) -> str:
    """The strip in one sentence for those who hear it: counts, and which lessons were bad."""
    if not room.strip:
        return "No lessons yet."
    order: tuple[LessonQuality, ...] = ("bad", "degraded", "unknown", "good")
    counts = [
        f"{count} {quality}" for quality in order if (count := sum(cell.quality == quality for cell in room.strip))
    ]
    bad = [f"{cell.lesson.day:%a} {cell.lesson.label}" for cell in room.strip if cell.quality == "bad"]
    which = f" Bad: {', '.join(bad)}." if bad else ""
    return f"Last {len(room.strip)} lessons: {', '.join(counts)}.{which}"


def _labels(
    lessons: tuple[Lesson, ...], x_by_start: dict[datetime, float], cell_width: float
) -> tuple[tuple[Label, ...], tuple[Label, ...]]:
    """Day names and lesson times, as long as they fit over the cells of their day."""
    days: list[Label] = []
    times: list[Label] = []
    for day, group in groupby(lessons, key=lambda lesson: lesson.day):
        of_day = list(group)
        left = x_by_start[of_day[0].started_at]
        right = x_by_start[of_day[-1].started_at] + cell_width
        wide = right - left
        names = (f"{day:%a} {day.day} {day:%b}", f"{day:%a} {day.day}", f"{day:%a}")
        if name := next((one for one in names if len(one) * CHARACTER <= wide), None):
            days.append(Label(x=left, text=name))
        first, last = (one.label.partition("\N{EN DASH}")[0] for one in (of_day[0], of_day[-1]))
        if len(first) * CHARACTER <= wide:
            times.append(Label(x=left, text=first))
        if len(first + last) * CHARACTER + CHARACTER <= wide:
            times.append(Label(x=round(right, 1), text=last, at_end=True))
    return tuple(days), tuple(times)
