"""A school with two hours of lessons on week days, and an engine that judges them, over weeks."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District
from collector.engine import Engine
from collector.registry.registry import Registry
from collector.store.protocol import Arrival, Store
from collector.verdict.weeks import RoomWeek
from tests.collector.builders import arrival, latency
from tests.collector.live import MovableClock, a_district

MONDAY = date(2026, 11, 2)
WEEK = timedelta(days=7)
ROOM = ("oak-hill", "204")
LESSONS = (LessonTime(start=time(10), end=time(11)), LessonTime(start=time(11), end=time(12)))
BINS_A_DAY = 24
GOOD_US, BAD_US = 12_000, 500_000


def a_school(**calendar: object) -> District:
    """Two rooms that have lessons from ten to twelve on week days."""
    usual = Calendar(time_zone=ZoneInfo("UTC"), lessons_by_weekday=dict.fromkeys(range(5), LESSONS))
    return replace(a_district(), calendar=replace(usual, **calendar))  # type: ignore[arg-type]


class School:
    """A store, a clock, and engines that come and go."""

    def __init__(self, store: Store, registry: Registry, district: District | None = None) -> None:
        self.store = store
        self.registry = registry
        self.district = district or a_school()
        self.clock = MovableClock(at(MONDAY, 0))
        self._boots = 0
        self.restart()

    def restart(self, district: District | None = None) -> None:
        """An engine that knows nothing yet."""
        self.district = district or self.district
        self.engine = Engine(
            store=self.store,
            registry=self.registry,
            district=self.district,
            bin_seconds=300,
            settle_seconds=125,
            stale_seconds=185,
            clock=self.clock,
        )

    def tick(self, moment: datetime) -> None:
        """Let the engine work at that time."""
        self.clock.move(moment - self.clock())
        self.engine.tick()

    def measured(
        self,
        day: date,
        *,
        bad: int = 0,
        bad_us: float = BAD_US,
        bins: Iterable[int] = range(BINS_A_DAY),
        room: str = "204",
    ) -> None:
        """Store a report for each of these bins of the day's lessons; the first `bad` bins of the day are bad."""
        self._boots += 1
        arrivals: list[Arrival] = []
        for number in bins:
            report = latency(number + 1, rtt_us=bad_us if number < bad else GOOD_US, sent=300, duration_ms=300_000)
            start = at(day, 10) + number * timedelta(minutes=5)
            boot = f"{self._boots:016x}"
            arrivals.append(arrival(report, started_at=start, room=room, boot=boot))
        self.store.write_reports(arrivals)

    def week(self, monday: date, *, bad: int = 0, room: str = "204", days: int = 5) -> None:
        """Measure `days` days of a week."""
        for number in range(days):
            self.measured(monday + timedelta(days=number), bad=bad, room=room)

    def over(self, monday: date) -> None:
        """Let the engine work when the week is over."""
        self.tick(at(monday + timedelta(days=4), 13))

    def weeks(self, room: str = "204") -> list[RoomWeek]:
        """Its weeks as the store has them."""
        return self.store.room_weeks_between(MONDAY - WEEK, MONDAY + 30 * WEEK).get(("oak-hill", room), [])


def at(day: date, hour: float) -> datetime:
    """That hour of the day, UTC."""
    return datetime.combine(day, time(0), tzinfo=ZoneInfo("UTC")) + timedelta(hours=hour)
