"""When the page of which week is due: pure, by calendars and a clock that is handed in.

A scheduled time comes once in every week of the district's time zone. One that lies in a week without lessons is left
out, so nothing is mailed in a vacation. At the others the newest week whose lessons were all over by then has its page:
after a vacation that of the last week before it. It stays due until the next scheduled time, for a collector that was
down; pages of earlier times are not made up for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from collector.district.calendar import Calendar, Lesson, instant_of
from collector.iso_week import monday_of
from collector.mail.mail_settings import BriefSettings, Weekday

WEEK = timedelta(weeks=1)
LOOK_WEEKS = 30
"""No vacation is longer."""

_DAYS: tuple[Weekday, ...] = get_args(Weekday)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The page of the week that begins on the Monday `week` is due from `at` until `until`, both UTC."""

    week: date
    at: datetime
    until: datetime


def due(now: datetime, settings: BriefSettings, calendars: Sequence[Calendar]) -> Slot | None:
    """What is due at `now` for those whose page is about the sites that keep `calendars`; ``None`` in a vacation."""
    this_week = monday_of(now.astimezone(_zone(calendars)).date())
    if _at(this_week, settings, calendars) > now:
        this_week -= WEEK
    return _slot(this_week, settings, calendars)


def next_slot(now: datetime, settings: BriefSettings, calendars: Sequence[Calendar]) -> Slot | None:
    """The first scheduled time after `now` that is not left out; ``None`` when the calendars know of no lessons."""
    this_week = monday_of(now.astimezone(_zone(calendars)).date())
    slots = (_slot(this_week + number * WEEK, settings, calendars) for number in range(LOOK_WEEKS))
    return next((one for one in slots if one is not None and one.at > now), None)


def _slot(monday: date, settings: BriefSettings, calendars: Sequence[Calendar]) -> Slot | None:
    if not any(True for _ in _lessons(monday, calendars)):
        return None
    at = _at(monday, settings, calendars)
    for number in range(LOOK_WEEKS):
        week = monday - number * WEEK
        ended_at = max((one.ended_at for one in _lessons(week, calendars)), default=None)
        if ended_at is not None and ended_at <= at:
            return Slot(week=week, at=at, until=_at(monday + WEEK, settings, calendars))
    return None


def _lessons(monday: date, calendars: Iterable[Calendar]) -> Iterable[Lesson]:
    for calendar in calendars:
        for number in range(7):
            yield from calendar.lessons_on(monday + timedelta(days=number))


def _at(monday: date, settings: BriefSettings, calendars: Sequence[Calendar]) -> datetime:
    day = monday + timedelta(days=_DAYS.index(settings.day))
    return instant_of(_zone(calendars), datetime.combine(day, settings.at))


def _zone(calendars: Sequence[Calendar]) -> ZoneInfo:
    return calendars[0].time_zone
