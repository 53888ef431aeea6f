"""Days are added up once they are over, once more for late reports, and after a time away."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector.registry.registry import Registry
from collector.store.protocol import Store
from collector.verdict.days import RoomDay
from tests.collector.test_engine import ROOM, World

MONDAY = date(2026, 11, 16)
NEXT_DAY = 15 * 60
"""Minutes after ten; lessons go on until midnight."""


@pytest.fixture
def world(tmp_path: Path, open_store: Callable[[], Store]) -> Iterator[World]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield World(open_store(), registry)
    registry.close()


def monday(world: World) -> RoomDay | None:
    return next(iter(world.store.room_days_between(MONDAY, MONDAY).get(ROOM, [])), None)


def test_a_day_is_added_up_when_its_lessons_are_over(world: World) -> None:
    world.minutes(0, 10)
    world.minutes(10, 5, rtt_us=500_000)
    world.at_minute(30)
    assert monday(world) is None, "lessons go on"

    world.at_minute(NEXT_DAY)

    day = monday(world)
    assert day is not None
    assert (day.seconds.valid, day.seconds.bad) == (900, 300)
    assert (day.worst, day.sent, day.received) == ("latency", 900, 900)
    assert day.rtt_ms(50) == pytest.approx(12, rel=0.02)
    assert day.rtt_ms(95) == pytest.approx(500, rel=0.02)
    assert set(day.by_profile) == {"video_lesson", "cloud_docs_lms"}


def test_a_site_is_its_rooms_added_up_those_without_measurements_too(world: World) -> None:
    world.minutes(0, 5, rtt_us=500_000)
    world.at_minute(NEXT_DAY)

    (site,) = world.store.site_days_between(MONDAY, MONDAY)["oak-hill"]

    rooms = sum(one.site == "oak-hill" for one in world.district.rooms)
    assert (site.rooms, site.measured_rooms, site.troubled_rooms) == (rooms, 1, 1)
    assert site.closed_seconds == rooms * (monday(world) or site).closed_seconds


def test_late_reports_change_their_day(world: World) -> None:
    world.minutes(0, 5)
    world.at_minute(NEXT_DAY)
    world.minutes(5, 5, rtt_us=500_000)

    world.at_minute(NEXT_DAY + 10)

    day = monday(world)
    assert day is not None
    assert (day.seconds.valid, day.seconds.bad) == (600, 300)


def test_late_reports_that_a_restarted_collector_judges_first_change_their_day(world: World) -> None:
    world.minutes(0, 5)
    world.at_minute(NEXT_DAY)
    world.minutes(5, 5, rtt_us=500_000)
    world.engine = world.new_engine()

    world.at_minute(NEXT_DAY + 10)

    day = monday(world)
    assert day is not None
    assert day.seconds.bad == 300


def test_a_collector_that_was_away_makes_up_for_it(world: World) -> None:
    world.minutes(0, 5)
    world.at_minute(30)
    world.engine = world.new_engine()

    world.at_minute(NEXT_DAY + 4 * 24 * 60)

    assert monday(world) is not None
    assert set(world.store.room_days_between(MONDAY, MONDAY + timedelta(days=9))) == {
        (one.site, one.room) for one in world.district.rooms
    }
    assert [day.day for day in world.store.room_days_between(MONDAY, MONDAY + timedelta(days=9))[ROOM]] == [MONDAY]


def test_a_day_of_which_everything_comes_late_has_all_rooms(world: World) -> None:
    world.at_minute(NEXT_DAY)
    world.minutes(0, 5)

    world.at_minute(NEXT_DAY + 10)

    (site,) = world.store.site_days_between(MONDAY, MONDAY)["oak-hill"]
    assert site.rooms == sum(one.site == "oak-hill" for one in world.district.rooms)


def test_round_trips_of_the_days_beside_it_are_not_of_a_day(world: World) -> None:
    world.minutes(0, 5)
    world.minutes(14 * 60 - 5, 10, rtt_us=500_000)  # midnight is in the middle

    world.at_minute(NEXT_DAY)

    day = monday(world)
    assert day is not None
    assert day.histogram.total == day.received == 600


def test_round_trips_of_a_bin_that_was_measured_too_little_are_not_of_a_day(world: World) -> None:
    world.minutes(0, 5)
    world.minutes(10, 3, rtt_us=500_000)

    world.at_minute(NEXT_DAY)

    day = monday(world)
    assert day is not None
    assert day.histogram.total == day.received == 300
    assert day.rtt_ms(95) == pytest.approx(12, rel=0.02)


def test_late_reports_change_the_day_of_a_room_that_has_left(world: World) -> None:
    world.minutes(0, 5)
    world.at_minute(NEXT_DAY)
    world.district = replace(
        world.district, rooms=tuple(one for one in world.district.rooms if (one.site, one.room) != ROOM)
    )
    world.engine = world.new_engine()
    world.minutes(5, 5, rtt_us=500_000)

    world.at_minute(NEXT_DAY + 10)

    day = monday(world)
    assert day is not None
    assert (day.seconds.valid, day.seconds.bad) == (600, 300)


def test_a_day_is_there_once_though_the_time_zone_was_mended(world: World) -> None:
    world.minutes(0, 5)
    world.at_minute(NEXT_DAY)
    timetable = replace(world.district.calendar, time_zone=ZoneInfo("Europe/Berlin"))
    world.district = replace(world.district, calendar=timetable)
    world.engine = world.new_engine()
    world.minutes(5, 5, rtt_us=500_000)

    world.at_minute(NEXT_DAY + 10)

    (day,) = world.store.room_days_between(MONDAY, MONDAY)[ROOM]
    assert day.seconds.bad == 300
