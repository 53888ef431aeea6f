"""Builders for weeks: days from their marks, and the week that they make."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from collector.verdict.days import RoomDay, Seconds
from collector.verdict.weeks import RoomWeek, room_week
from wire.histogram import Histogram

MONDAY = date(2026, 11, 16)
GOOD_DAY = "g" * 84


def a_day(marks: str, *, number: int = 0, **other: Any) -> RoomDay:
    """The day `number` of the week, with one mark for each of its bins."""
    day = MONDAY + timedelta(days=number)
    values: dict[str, Any] = {
        "site": "oak-hill",
        "room": "204",
        "day": day,
        "started_at": datetime(day.year, day.month, day.day, 6, tzinfo=UTC),
        "closed_seconds": 300 * len(marks),
        "seconds": Seconds(),
        "by_profile": {},
        "sent": 0,
        "received": 0,
        "histogram": Histogram(),
        "worst": None,
        "profile": None,
        "profiles_digest": "a" * 16,
        "marks": marks,
    }
    return RoomDay(**(values | other))


def some_days(*marks: str, **of_each: Any) -> list[RoomDay]:
    """Days from Monday on."""
    return [a_day(one, number=number, **of_each) for number, one in enumerate(marks)]


def a_week(*marks: str, before: RoomWeek | None = None, **of_each: Any) -> RoomWeek:
    """The week of these days; what is given of each day is given of every one."""
    return judged(some_days(*marks, **of_each), before)


def judged(days: Sequence[RoomDay], before: RoomWeek | None = None) -> RoomWeek:
    """The week of `days`."""
    week = before.week + timedelta(days=7) if before else MONDAY
    return room_week(days, site="oak-hill", room="204", week=week, before=before)


def bad_at(*places: int, bins: int = 84, bad: str = "B") -> str:
    """A day that is good but for these bins."""
    return "".join(bad if place in places else "g" for place in range(bins))


def bursts_of(bad: int, *, bins: int = 84, length: int = 3, mark: str = "B") -> str:
    """A day with `bad` bad bins in bursts spread over it."""
    places = [start + step for start in range(0, bins, max(1, bins * length // max(bad, 1))) for step in range(length)]
    return bad_at(*places[:bad], bins=bins, bad=mark)
