"""Which five-minute bins of a week lie in the lessons of an uplink's pupils."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property

from collector.district.calendar import Calendar, bin_start
from collector.district.district import District
from collector.verdict.uplinks.load import BIN_SECONDS, DISTRICT, site_of_uplink
from collector.verdict.uplinks.week import Slot

BIN = timedelta(seconds=BIN_SECONDS)
DAYS_A_WEEK = 7


class LessonSlots:
    """The lesson time of one week: of a site's uplink the site's, of the district's that of any site."""

    def __init__(self, district: District, week: date) -> None:
        self._district = district
        self._days = tuple(week + timedelta(days=number) for number in range(DAYS_A_WEEK))
        self._by_calendar: dict[int, Mapping[datetime, Slot]] = {}
        self._of_any: Mapping[datetime, Slot] | None = None

    def of(self, uplink: str) -> Mapping[datetime, Slot]:
        """The bins whose middle lies in a lesson, by their start; empty in a vacation."""
        site = site_of_uplink(uplink)
        if site is None:
            if self._of_any is None:
                self._of_any = {
                    start: slot for one in self._district.calendars for start, slot in self._in(one).items()
                }
            return self._of_any
        return self._in(self._district.calendar_of(site))

    @cached_property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """By day, from the start of the first such bin to the end of the last, at any site; ascending."""
        starts: dict[date, list[datetime]] = defaultdict(list)
        for start, slot in self.of(DISTRICT).items():
            starts[slot.day].append(start)
        return [(min(of_day), max(of_day) + BIN) for _, of_day in sorted(starts.items())]

    def _in(self, calendar: Calendar) -> Mapping[datetime, Slot]:
        found = self._by_calendar.get(id(calendar))
        if found is None:
            found = self._by_calendar[id(calendar)] = dict(_slots(calendar, self._days))
        return found


def _slots(calendar: Calendar, days: Iterable[date]) -> Iterable[tuple[datetime, Slot]]:
    for day in days:
        for lesson in calendar.lessons_on(day):
            start = bin_start(lesson.started_at, BIN_SECONDS)
            while start + BIN / 2 < lesson.ended_at:
                if lesson.contains(start + BIN / 2):
                    yield start, Slot(day, start.astimezone(calendar.time_zone).hour)
                start += BIN
