"""Two schools whose uplinks are counted, and engines for these, over weeks."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.store.protocol import Arrival, Store
from collector.uplinks.outlooks import Outlooks
from collector.uplinks.uplinks import Uplinks
from collector.verdict.uplinks.load import UplinkBin, UplinkWeek
from tests.collector.builders import arrival, uplink
from tests.collector.live import a_district

OAK, LAKE = "site:oak-hill", "site:lakeside"
NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 10, 26)  # the clocks go back on Sunday 1 November
AFTER_ALL = date(2027, 6, 30)
WEEK = timedelta(weeks=1)
FIVE = timedelta(minutes=5)
SETTLE = 125
MORNING = (LessonTime(start=time(8), end=time(10)), LessonTime(start=time(10, 15), end=time(12)))


def a_school_district(**other: Any) -> District:
    """Two sites that have lessons on week days from eight to twelve, New York's time; a vacation in November."""
    closed = {date(2026, 11, 9) + timedelta(days=number): () for number in range(5)}
    calendar = Calendar(time_zone=NEW_YORK, lessons_by_weekday=dict.fromkeys(range(5), MORNING), lessons_by_date=closed)
    sites = (Site(site="oak-hill", name="Oak Hill", uplink_mbps=500), Site(site="lakeside", name="Lakeside"))
    return replace(a_district(), calendar=calendar, sites=sites, **other)


def local(day: date, hour: float = 0) -> datetime:
    """That time on a day by New York's clocks."""
    wall = datetime.combine(day, time(0)) + timedelta(hours=hour)
    return wall.replace(tzinfo=NEW_YORK).astimezone(UTC)


class Line:
    """A store, and engines for its uplinks that come and go."""

    def __init__(self, store: Store, district: District) -> None:
        self.store = store
        self.district = district
        self._boots = 0
        self.restart()

    def restart(self, district: District | None = None) -> None:
        """An engine that knows nothing yet."""
        self.district = district or self.district
        outlooks = Outlooks(self.store, self.district, today=lambda: AFTER_ALL)
        self.engine = Uplinks(self.store, self.district, outlooks=outlooks, settle_seconds=SETTLE)

    def counted(
        self, start: datetime, end: datetime, mbps: float = 100, *, site: str = "oak-hill", **other: Any
    ) -> None:
        """Store a report of every five minutes of ``[start, end)``, each from two minutes past on."""
        self._boots += 1
        boot, arrivals = f"{self._boots:016x}", list[Arrival]()
        octets = round(mbps * 1e6 * 300 / 8)
        usual = {"duration_ms": 300_000, "down_bytes": octets, "up_bytes": octets // 10, "speed_mbps": 1000}
        while start < end:
            report = uplink(len(arrivals) + 1, **usual | other)
            arrivals.append(arrival(report, started_at=start + timedelta(minutes=2), site=site, room="mdf", boot=boot))
            start += FIVE
        self.store.write_reports(arrivals)

    def week(self, monday: date, mbps: float = 100, *, days: int = 5, **other: Any) -> None:
        """Its lessons, and what is around them."""
        for number in range(days):
            day = monday + timedelta(days=number)
            self.counted(local(day, 7.5), local(day, 12.5), mbps, **other)

    def bins(self, start: datetime, end: datetime, known_as: str = OAK) -> list[UplinkBin]:
        return self.store.uplinks.bins_between(start, end).get(known_as, [])

    def weeks(self, known_as: str = OAK) -> list[UplinkWeek]:
        return self.store.uplinks.weeks_between(MONDAY - 9 * WEEK, MONDAY + 9 * WEEK).get(known_as, [])


def over(monday: date) -> datetime:
    """When its last lesson's bins have settled."""
    return local(monday + timedelta(days=4), 12) + timedelta(seconds=SETTLE)
