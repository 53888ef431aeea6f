"""The demo's weeks: of simulated rooms alone, judged by the real rule, with causes that the real comparison names."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from collector.demo.simulated_district import REAL_ROOM, SILENT, simulated_district
from collector.demo.weeks import Simulated, simulated_weeks
from collector.verdict.weeks import RoomWeek

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
"""A Wednesday."""
ZONE = ZoneInfo("America/Chicago")


@cache
def made() -> Simulated:
    district = simulated_district(ZONE, today=NOW.astimezone(ZONE).date())
    return simulated_weeks(district, now=NOW, profiles=district.profiles, seed=7)


def newest(site: str, room: str) -> RoomWeek:
    return [one for one in made().weeks if (one.site, one.room) == (site, room)][-1]


def test_every_simulated_room_has_two_weeks_and_the_real_one_none() -> None:
    rooms = [(one.site, one.room) for one in made().weeks]

    assert len(rooms) == 80
    assert all(rooms.count(room) == 2 for room in rooms)
    assert (REAL_ROOM.site, REAL_ROOM.room) not in rooms
    assert {one.week.isoformat() for one in made().weeks} == {"2026-11-09", "2026-11-16"}


def test_days_go_on_to_yesterday_so_that_the_engine_goes_on_from_there() -> None:
    yesterday = NOW.astimezone(ZONE).date() - timedelta(days=1)

    assert max(one.day for one in made().days) == max(one.day for one in made().sites) == yesterday
    assert len(made().days) == 40 * (10 + 2)


@pytest.mark.parametrize("room", sorted(SILENT))
def test_a_room_whose_agent_fell_silent_is_unknown(room: tuple[str, str]) -> None:
    assert newest(*room).verdict == "unknown"


def test_a_room_with_trouble_of_its_own_is_restricted_by_its_wi_fi() -> None:
    week = newest("oak-hill", "106")

    assert (week.verdict, week.cause, week.budget_line) == ("restricted", "room_access", "C2")
    assert week.example is not None
    assert week.example.medium == "wifi"
    assert week.example_at is not None


def test_what_changed_has_something_to_show_and_most_rooms_are_ok() -> None:
    changed = newest("oak-hill", "111")

    assert (changed.previous, changed.verdict, changed.entered_by) == ("ok", "restricted", "bins")
    assert newest("lakeside", "207").by_tests
    assert sum(one.verdict == "ok" for one in made().weeks) > 60


def test_the_same_seed_makes_the_same_weeks() -> None:
    district = simulated_district(ZONE, today=NOW.astimezone(ZONE).date())

    assert simulated_weeks(district, now=NOW, profiles=district.profiles, seed=7).weeks == made().weeks
