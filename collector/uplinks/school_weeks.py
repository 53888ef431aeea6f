"""Which weeks have lessons, past and to come: the steps in which uplinks are counted and foretold."""

from collections.abc import Iterable
from datetime import date, timedelta

from collector.district.calendar import Calendar
from collector.iso_week import monday_of

_WEEK = timedelta(weeks=1)
_YEAR = timedelta(weeks=52)


def school_weeks(calendars: Iterable[Calendar], first: date, last: date) -> list[date]:
    """The Mondays from `first` to `last`, both included, of weeks in which one of `calendars` has lessons, ascending.

    A school year that nobody has written down yet is taken to be like the one before: after a calendar's last day a
    week has lessons if the one 52 weeks earlier has.
    """
    several = tuple(calendars)
    monday, found = monday_of(first), []
    while monday <= last:
        if any(_has_lessons(one, monday) for one in several):
            found.append(monday)
        monday += _WEEK
    return found


def _has_lessons(calendar: Calendar, monday: date) -> bool:
    last_day = calendar.last_day
    while last_day is not None and monday > last_day:
        monday -= _YEAR
    return any(calendar.lessons_on(monday + timedelta(days=day)) for day in range(7))
