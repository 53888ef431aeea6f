"""What is kept at hand of the last lessons: of each site those of its own calendar, and no more."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.judging.recent import Recent
from collector.snapshot import STRIP_LESSONS
from collector.store.protocol import Store, StoredTest
from collector.verdict.bins import RoomBin
from tests.collector.board.districts import a_bin, a_test

NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
"""A Friday, after the last of its four lessons."""

HOURS = tuple(LessonTime(start=time(hour), end=time(hour + 1)) for hour in range(8, 12))
OPEN = Calendar(time_zone=ZoneInfo("UTC"), lessons_by_weekday=dict.fromkeys(range(5), HOURS))
CLOSED_SINCE = date(2026, 11, 6)
CLOSED = replace(OPEN, lessons_by_date={CLOSED_SINCE + timedelta(days=number): () for number in range(60)})
DISTRICT = District(
    name="Maple Valley",
    calendar=OPEN,
    sites=(Site(site="oak-hill", name="Oak Hill"), Site(site="lakeside", name="Lakeside")),
    rooms=(),
    site_calendars={"lakeside": CLOSED},
)


class AStore:
    """A month of bins and tests, one of each an hour in each lesson, and a note of the hours that were read."""

    def __init__(self) -> None:
        self.read: list[datetime] = []
        self._bins: list[RoomBin] = []
        self._tests: list[StoredTest] = []
        for site in ("oak-hill", "lakeside", "gone"):
            for lesson in DISTRICT.calendar_of(site).lessons_between(NOW - timedelta(days=30), NOW):
                at = lesson.started_at + timedelta(minutes=30)
                self._bins.append(a_bin(site=site, room="1", started_at=at))
                self._tests.append(StoredTest(site=site, room="1", stored_at=at, test=a_test(ended_at=at)))

    def bins_between(self, start: datetime, end: datetime) -> dict[tuple[str, str], list[RoomBin]]:
        self.read.append(start)
        found: dict[tuple[str, str], list[RoomBin]] = defaultdict(list)
        for one in self._bins:
            if start <= one.started_at < end:
                found[one.site, one.room].append(one)
        return found

    def tests_since(self, stored_after: datetime) -> list[StoredTest]:
        return [one for one in self._tests if one.stored_at > stored_after]


def recent(store: Any) -> Recent:
    return Recent(cast(Store, store), DISTRICT, bin_seconds=300)


def test_a_school_that_has_been_closed_for_weeks_keeps_its_last_lessons_and_no_other_keeps_its_weeks() -> None:
    store = AStore()

    kept = recent(store).bins(NOW)

    days = {site: sorted({one.started_at.date() for one in bins}) for (site, _), bins in kept.items()}
    assert {key[0]: len(bins) for key, bins in kept.items()} == dict.fromkeys(("oak-hill", "lakeside", "gone"), 8)
    assert days["oak-hill"] == days["gone"] == [date(2026, 11, 26), date(2026, 11, 27)]
    assert days["lakeside"] == [date(2026, 11, 4), date(2026, 11, 5)]
    assert len(store.read) < 4 * 24, "what lies between is not read"


def test_the_same_holds_for_throughput_tests() -> None:
    kept = recent(AStore()).tests(NOW)

    assert {key[0]: len(tests) for key, tests in kept.items()} == dict.fromkeys(("oak-hill", "lakeside", "gone"), 8)
    assert STRIP_LESSONS == 8


def test_a_bin_of_before_is_let_go_as_lessons_come() -> None:
    known = recent(AStore())
    known.bins(NOW)

    later = known.bins(NOW + timedelta(days=4))

    assert later["oak-hill", "1"] == []
    assert len(later["lakeside", "1"]) == 8


def test_services_and_capacity_are_read_at_most_once_a_minute() -> None:
    read: list[str] = []

    class Reports(AStore):
        """Notes what is asked for."""

        def newest_reports(self, kind: str, *_: object, **__: object) -> tuple[()]:
            read.append(kind)
            return ()

    recently = recent(Reports())
    for seconds in (0, 15, 59):
        recently.services(NOW + timedelta(seconds=seconds))
        recently.capacity(NOW + timedelta(seconds=seconds))
    once = list(read)
    recently.services(NOW + timedelta(seconds=60))

    assert sorted(once) == ["latency", "throughput"]
    assert read == once * 2
    recently.services(NOW - timedelta(hours=1))  # a clock that was set back must not stop it
    assert read == once * 3
