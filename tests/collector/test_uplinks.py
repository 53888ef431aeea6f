"""Uplinks over weeks: octets come, bins are made, weeks are closed, opened again, and nothing is lost on the way."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.district.calendar import LessonTime
from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import Store, StoreUnavailable
from tests.collector.builders import arrival, latency
from tests.collector.uplink_line import (
    FIVE,
    LAKE,
    MONDAY,
    NEW_YORK,
    OAK,
    SETTLE,
    WEEK,
    Line,
    a_school_district,
    local,
    over,
)


@pytest.fixture
def line(open_store: Callable[[], Store]) -> Line:
    return Line(open_store(), a_school_district())


@pytest.fixture
def quick(open_duckdb: Callable[[], DuckDbStore]) -> Line:
    """The same on the one engine, where the store is not what is asked about."""
    return Line(open_duckdb(), a_school_district())


def test_a_bin_is_closed_when_it_has_settled(line: Line) -> None:
    start = local(MONDAY, 9)
    line.counted(start, start + FIVE)  # from two past nine to seven past

    line.engine.tick(start + FIVE + timedelta(seconds=SETTLE - 1))
    assert line.bins(start, start + WEEK) == []

    line.engine.tick(start + FIVE + timedelta(seconds=SETTLE))
    (first,) = line.bins(start, start + WEEK)
    assert (first.started_at, first.counted_seconds, first.capacity_mbps, first.method) == (
        start,
        180.0,
        500,
        "interface",
    )
    assert first.bps("down") == 100e6

    line.engine.tick(start + 2 * FIVE + timedelta(seconds=SETTLE))
    assert line.engine.counted_lately(start + 2 * FIVE) == 1
    assert line.engine.counted_lately(start + 6 * FIVE) == 0
    assert [one.counted_seconds for one in line.bins(start, start + WEEK)] == [180.0, 120.0]


def test_a_week_is_written_when_its_lessons_are_over(line: Line) -> None:
    line.week(MONDAY, 300)
    line.week(MONDAY, 20, site="lakeside", uplink="district", method="snmp")

    line.engine.tick(over(MONDAY) - timedelta(seconds=1))
    assert line.weeks() == []
    line.engine.tick(over(MONDAY))

    (week,) = line.weeks()
    assert (week.week, week.capacity_mbps, week.method, week.lesson_days) == (MONDAY, 500, "interface", 5)
    assert (week.counted_days, week.counted_share, week.busy_share("down")) == (5, 1.0, 0.6)
    (of_all,) = line.weeks("district")
    assert (of_all.capacity_mbps, of_all.method, of_all.busy_share("down")) == (1000, "snmp", 0.02)
    assert line.weeks(LAKE) == []


def test_the_busy_hour_is_the_clocks_on_both_sides_of_a_change(quick: Line) -> None:
    for monday in (MONDAY, MONDAY + WEEK):
        quick.week(monday, 100)
        for number in range(5):
            day = monday + timedelta(days=number)
            quick.counted(local(day, 9), local(day, 10), 400, method="snmp")
    quick.engine.tick(over(MONDAY + WEEK))

    loads = [one.loads["down"] for one in quick.weeks()]
    assert [one.busy_hour for one in loads] == [9, 9]
    assert [one.busy_bps for one in loads] == [400e6, 400e6]
    assert [one.peak_at.hour for one in loads] == [13, 14]
    assert [one.peak_at.astimezone(NEW_YORK).hour for one in loads] == [9, 9]


def test_a_vacation_has_no_week_and_one_that_nothing_counted_is_missing(line: Line) -> None:
    line.week(MONDAY)
    for monday in (MONDAY, MONDAY + WEEK, MONDAY + 2 * WEEK, MONDAY + 3 * WEEK):
        line.engine.tick(over(monday))
        line.restart()

    assert [(one.week, one.missing, one.counted_days) for one in line.weeks()] == [
        (MONDAY, False, 5),
        (MONDAY + WEEK, True, 0),
        (MONDAY + 3 * WEEK, True, 0),
    ]
    assert {one.capacity_mbps for one in line.weeks()} == {500}
    assert line.weeks(LAKE) == []


def test_what_the_file_gives_a_capacity_is_missing_from_the_first_week_that_any_uplink_was_counted(quick: Line) -> None:
    quick.engine.tick(over(MONDAY - WEEK))
    quick.week(MONDAY, site="lakeside", speed_mbps=None)
    quick.engine.tick(over(MONDAY))

    assert [(one.week, one.missing, one.method) for one in quick.weeks(OAK)] == [(MONDAY, True, None)]
    (lake,) = quick.weeks(LAKE)
    assert (lake.missing, lake.capacity_mbps, lake.busy_share("down")) == (False, None, None)


def test_a_district_of_which_nothing_is_counted_costs_nothing(line: Line) -> None:
    line.store.write_reports([arrival(latency(seq)) for seq in range(1, 30)])
    for after in range(6):
        line.engine.tick(over(MONDAY + after * WEEK))
        line.restart()

    assert line.store.uplinks.weeks_between(MONDAY - 9 * WEEK, MONDAY + 9 * WEEK) == {}
    assert line.store.uplinks.counted_through() == datetime.fromtimestamp(0, UTC)


def test_octets_that_come_late_open_their_bins_and_their_week_again(line: Line) -> None:
    line.week(MONDAY, days=2)
    line.week(MONDAY + WEEK)
    line.engine.tick(over(MONDAY + WEEK))
    assert [one.missing for one in line.weeks()] == [True, False]

    third = MONDAY + timedelta(days=2)
    line.counted(local(third, 7.5), local(third, 12.5), 450)
    line.engine.tick(over(MONDAY + WEEK) + timedelta(minutes=1))

    first, second = line.weeks()
    assert (first.missing, first.counted_days, first.loads["down"].peak_bps) == (False, 3, 450e6)
    assert second.counted_share == 1.0


def test_octets_that_come_after_a_weeks_bins_were_forgotten_do_not_undo_it(line: Line) -> None:
    line.week(MONDAY, days=4)
    line.engine.tick(over(MONDAY))
    before = line.weeks()
    forgotten = over(MONDAY) - timedelta(days=1)
    long_ago = forgotten - 9 * WEEK
    line.store.enforce_retention(reports_before=long_ago, bins_before=forgotten, days_before=long_ago)
    friday = local(MONDAY + timedelta(days=4), 9)
    line.counted(friday, friday + 2 * FIVE)

    line.engine.tick(over(MONDAY) + timedelta(days=4))

    assert [one.counted_days for one in before] == [4]
    assert line.weeks() == before


def test_a_late_period_of_a_bin_adds_to_what_is_in_it(line: Line) -> None:
    start = local(MONDAY, 9)
    line.counted(start, start + FIVE)
    line.engine.tick(start + timedelta(hours=1))
    line.counted(start - FIVE, start)  # from three to the hour to two past it
    line.engine.tick(start + timedelta(hours=1, seconds=15))

    assert [one.counted_seconds for one in line.bins(start - FIVE, start + WEEK)] == [180.0, 300.0, 120.0]


def test_a_failure_counts_nothing_and_is_not_asked_for_again_and_again(quick: Line) -> None:
    start = local(MONDAY, 9)
    quick.counted(start, start + 12 * FIVE, down_bytes=None, up_bytes=None, failure="no_answer")
    quick.engine.tick(start + timedelta(hours=2))
    assert quick.bins(start - WEEK, start + WEEK) == []
    quick.restart()

    stored = quick.store.uplinks.octets_stored_since(quick.store.uplinks.counted_through())
    assert stored == []


def test_one_that_is_started_again_goes_on_where_the_other_was(line: Line) -> None:
    line.week(MONDAY, days=3)
    line.engine.tick(local(MONDAY + timedelta(days=3), 9))
    for number in (3, 4):
        line.counted(local(MONDAY + timedelta(days=number), 8), local(MONDAY + timedelta(days=number), 12))
    half = local(MONDAY + timedelta(days=3), 10)
    line.engine.tick(half)
    line.restart()
    line.engine.tick(half + FIVE)
    line.restart()
    line.engine.tick(over(MONDAY))

    assert len(line.bins(local(MONDAY), over(MONDAY))) == 3 * 61 + 2 * 49 - 1
    (week,) = line.weeks()
    assert week.counted_days == 5
    line.restart()
    line.engine.tick(over(MONDAY) + timedelta(days=1))
    assert line.weeks() == [week]


class Breaks(DuckDbStore):
    """Does not take a write once, the one that it is told to."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.writes_left = -1
        written = self._write

        def write() -> Any:
            self.writes_left -= 1
            if self.writes_left == 0:
                raise StoreUnavailable("the disk is full")
            return written()

        self.uplinks._writing = write


@pytest.mark.parametrize("broken_write", [1, 2, 3, 4])
@pytest.mark.parametrize("killed", [True, False])
def test_a_write_that_fails_is_made_good_in_the_next_round(tmp_path: Path, broken_write: int, killed: bool) -> None:
    store = Breaks.open_store(tmp_path / "bandroom.duckdb")
    line = Line(store, a_school_district())
    line.week(MONDAY)
    line.engine.tick(over(MONDAY))
    friday = MONDAY + timedelta(days=4)
    line.counted(local(friday, 9), local(friday, 10), 200, method="snmp")  # late, of a week that is closed
    line.counted(local(friday, 20), local(friday, 21))

    store.writes_left = broken_write
    with pytest.raises(StoreUnavailable):
        line.engine.tick(local(friday, 22))
    if killed:
        line.restart()
    line.engine.tick(local(friday, 22.1))

    (week,) = line.weeks()
    assert week.loads["down"].busy_bps == 200e6
    assert len(line.bins(local(friday, 20), local(friday, 22))) == 13
    assert store.uplinks.octets_stored_since(store.uplinks.counted_through()) == []
    store.close()


def test_the_districts_uplink_is_judged_by_the_lessons_of_any_site(quick: Line) -> None:
    district = a_school_district()
    evening = (LessonTime(start=time(17), end=time(19)),)
    late = replace(district.calendar, lessons_by_weekday=dict.fromkeys(range(5), evening))
    quick.restart(replace(district, site_calendars={"lakeside": late}))
    for number in range(5):
        day = MONDAY + timedelta(days=number)
        for known, mbps in ((8, 100), (10, 100), (17, 300), (18, 200)):
            for way in ("site", "district"):
                quick.counted(local(day, known - 0.25), local(day, known + 2), mbps, uplink=way, site="oak-hill")

    quick.engine.tick(over(MONDAY))
    assert quick.weeks() == []  # lessons at Lakeside are still to come
    quick.engine.tick(local(MONDAY + timedelta(days=4), 19.1))

    (of_all,), (oak,) = quick.weeks("district"), quick.weeks()
    assert (of_all.loads["down"].busy_hour, of_all.loads["down"].busy_bps > 290e6) == (17, True)
    assert oak.loads["down"].busy_hour in (8, 9, 10, 11)
    assert quick.weeks(LAKE) == []


def test_a_lesson_that_goes_past_midnight_is_of_the_week_that_it_began_in(quick: Line) -> None:
    nights = (LessonTime(start=time(20), end=time(0)),)
    district = a_school_district()
    calendar = replace(district.calendar, lessons_by_weekday=dict.fromkeys(range(7), nights), lessons_by_date={})
    quick.restart(replace(district, calendar=calendar))
    for number in range(7):
        day = MONDAY + timedelta(days=number)
        quick.counted(local(day, 19.75), local(day, 23.9), 100)
    sunday = MONDAY + timedelta(days=6)
    quick.engine.tick(local(sunday, 24.5))
    (week,) = quick.weeks()
    assert (week.lesson_days, week.counted_days) == (7, 7)

    quick.counted(local(sunday, 21), local(sunday, 22), 350, method="snmp")
    quick.engine.tick(local(sunday, 48))
    (again,) = quick.weeks()
    assert again.loads["down"].peak_bps == 350e6


def test_weeks_that_were_written_by_a_clock_that_was_ahead_are_written_again(quick: Line) -> None:
    quick.week(MONDAY)
    quick.engine.tick(over(MONDAY + 3 * WEEK))
    assert [one.week for one in quick.weeks()] == [MONDAY, MONDAY + WEEK, MONDAY + 3 * WEEK]

    quick.week(MONDAY + WEEK, 200)
    quick.engine.tick(over(MONDAY + WEEK))

    assert [one.missing for one in quick.weeks()] == [False, False, True]


def test_a_site_that_has_left_the_district_is_told_of_as_long_as_something_counts_it(quick: Line) -> None:
    quick.week(MONDAY, site="gone")
    quick.engine.tick(over(MONDAY))
    quick.engine.tick(over(MONDAY + WEEK))

    assert [(one.week, one.capacity_mbps) for one in quick.weeks("site:gone")] == [(MONDAY, 1000)]
