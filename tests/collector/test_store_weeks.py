"""What every store promises of weeks."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collector.store import duckdb_schema
from collector.store.influx_day_rows import WeekTold
from collector.store.influx_store import InfluxStore
from collector.store.protocol import Store
from collector.verdict.bins import RoomBin
from collector.verdict.days import RoomDay
from collector.verdict.days import TestCount as Hours
from collector.verdict.weeks import RoomWeek
from tests.collector.builders import LOCATED, MONDAY_10
from tests.influx import Influx

OpenStore = Callable[[], Store]
MONDAY = date(2026, 11, 16)
WEEK = timedelta(weeks=1)


def a_week(**other: Any) -> RoomWeek:
    """A week with everything told."""
    values: dict[str, Any] = {
        "site": "oak-hill",
        "room": "204",
        "week": MONDAY,
        "verdict": "restricted",
        "previous": "at_risk",
        "standing": True,
        "weeks_clear": 1,
        "entered_by": "bins",
        "bin_seconds": 300,
        "marks": "BBbndg|gggx?.|BBBBBg",
        "bad_days": 3,
        "measured_days": 3,
        "effective_bins": 9.5,
        "autocorrelation": 0.25,
        "lower": 0.31,
        "upper": 0.62,
        "if_stricter": "restricted",
        "if_laxer": "at_risk",
        "tests": {"down": Hours(passed=3, told=12), "up": Hours(passed=2, told=2)},
        "cause": "room_access",
        "confidence": "high",
        "causes": {"room_access": 7, "undetermined": 1},
        "example": LOCATED,
        "example_at": MONDAY_10,
        "worst": "latency",
        "profile": "video_lesson",
        "lessons": 18,
        "hit_lessons": ('Mon 3rd "period"', "Wed 10:15-11:00"),
        "profiles_digest": "d129256281291cfe",
        "rule_version": 1,
        "by_tests": True,
    }
    return RoomWeek(**values | other)


BARE = RoomWeek(
    site="oak-hill",
    room="205",
    week=MONDAY,
    verdict="unknown",
    previous=None,
    standing=False,
    weeks_clear=0,
    entered_by=None,
    bin_seconds=300,
    marks="",
    bad_days=0,
    measured_days=0,
    effective_bins=0.0,
    autocorrelation=0.0,
    lower=None,
    upper=None,
    if_stricter="unknown",
    if_laxer="unknown",
)
"""A week of which nothing is known."""


def test_a_week_comes_back_as_it_was_written(open_store: OpenStore) -> None:
    open_store().write_weeks([a_week(), BARE])

    store = open_store()

    assert store.room_weeks_between(MONDAY, MONDAY) == {("oak-hill", "204"): [a_week()], ("oak-hill", "205"): [BARE]}
    assert store.newest_week() == MONDAY


def test_a_week_that_is_written_again_replaces_the_old_one(open_store: OpenStore) -> None:
    store = open_store()
    again = replace(BARE, room="204")
    for written in (a_week(), again):
        store.write_weeks([written])

    assert store.room_weeks_between(MONDAY, MONDAY) == {("oak-hill", "204"): [again]}


def test_weeks_of_a_span_ascend_and_no_others_are_among_them(open_store: OpenStore) -> None:
    store = open_store()
    weeks = [a_week(week=MONDAY + after * WEEK) for after in range(5)]
    store.write_weeks([*reversed(weeks), a_week(room="205")])

    found = store.room_weeks_between(MONDAY + WEEK, MONDAY + 3 * WEEK, room=("oak-hill", "204"))

    assert found == {("oak-hill", "204"): weeks[1:4]}
    assert store.room_weeks_between(MONDAY, MONDAY + timedelta(days=6)).keys() == {
        ("oak-hill", "204"),
        ("oak-hill", "205"),
    }
    assert store.newest_week() == MONDAY + 4 * WEEK


def test_without_weeks_there_is_no_newest(open_store: OpenStore) -> None:
    store = open_store()

    store.write_weeks([])

    assert store.newest_week() is None
    assert store.room_weeks_between(MONDAY, MONDAY) == {}


def test_retention_forgets_weeks_with_days(open_store: OpenStore) -> None:
    store = open_store()
    store.write_weeks([a_week(), a_week(week=MONDAY + WEEK)])

    long_ago, day_after = MONDAY_10 - timedelta(days=9), datetime(2026, 11, 17, tzinfo=UTC)
    store.enforce_retention(reports_before=long_ago, bins_before=long_ago, days_before=day_after)

    assert store.room_weeks_between(MONDAY, MONDAY + WEEK) == {("oak-hill", "204"): [a_week(week=MONDAY + WEEK)]}


@pytest.mark.parametrize(
    ("made", "kept"),
    [
        (RoomBin, {*duckdb_schema.BINS, "targets"}),
        (RoomDay, {*duckdb_schema.ROOM_DAYS, "seconds"}),
        (RoomWeek, set(duckdb_schema.ROOM_WEEKS)),
    ],
)
def test_nothing_of_what_is_judged_is_left_out(made: Any, kept: set[str]) -> None:
    assert {one.name for one in fields(made)} <= kept


@pytest.mark.requires("influx")
def test_influxdb_shows_what_a_panel_needs_of_a_week(open_influx: Callable[[], InfluxStore], influx: Influx) -> None:
    store = open_influx()
    store.told_of = lambda week: WeekTold(
        site_name="Oak Hill", room_name=f"Room {week.room}", evidence=f"room {week.room} is {week.verdict}"
    )
    store.write_weeks([a_week(), BARE])

    shown = "level, bad_share, coverage, in_session_bins, awake_bins, valid_bins, bad_bins, bad_minutes, near_threshold"
    shown += ", entered, changed, budget_line, evidence, room_name, restricted, ok"
    rows = influx.rows("days", f"SELECT {shown} FROM room_week GROUP BY room")
    told, bare = ({name: value for name, value in row.items() if name not in {"time", "room"}} for row in rows)

    assert {row["time"] for row in rows} == {int(datetime(2026, 11, 16, 12, tzinfo=UTC).timestamp()) * 10**9}
    assert told == {
        "level": 2,
        "bad_share": pytest.approx(8 / 15),
        "coverage": pytest.approx(15 / 17),
        "in_session_bins": 18,
        "awake_bins": 17,
        "valid_bins": 15,
        "bad_bins": 8,
        "bad_minutes": 40.0,
        "near_threshold": True,
        "entered": True,
        "changed": True,
        "budget_line": "C2",
        "evidence": "room 204 is restricted",
        "room_name": "Room 204",
        "restricted": 1,
        "ok": 0,
    }
    assert (bare["level"], bare["bad_share"], bare["coverage"], bare["changed"]) == (-1, -1.0, -1.0, False)
