"""Weeks are judged once they are over, once more for late reports, and after a time away."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from collector.registry.registry import Registry
from collector.store.protocol import Store
from collector.verdict.weeks import RoomWeek
from tests.collector.school import MONDAY, ROOM, WEEK, School, a_school, at

FRIDAY = timedelta(days=4)


@pytest.fixture
def school(tmp_path: Path, open_store: Callable[[], Store]) -> Iterator[School]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield School(open_store(), registry)
    registry.close()


def test_a_week_is_judged_when_its_last_lesson_is_over_and_settled(school: School) -> None:
    school.week(MONDAY, bad=10)

    school.tick(at(MONDAY + FRIDAY, 12.05))
    assert school.weeks() == []
    school.tick(at(MONDAY + FRIDAY, 12.2))

    (week,) = school.weeks()
    assert (week.week, week.verdict, week.entered_by) == (MONDAY, "restricted", "bins")
    assert (week.bad_bins, week.valid_bins, week.in_session_bins, week.bad_days) == (50, 120, 120, 5)


def test_a_room_in_which_nothing_was_measured_is_unknown_and_not_ok(school: School) -> None:
    school.week(MONDAY)
    school.over(MONDAY)

    (week,) = school.weeks("205")
    assert (week.verdict, week.in_session_bins, week.awake_bins) == ("unknown", 120, 0)


def test_a_week_in_which_everything_is_silent_is_unknown_and_a_restriction_outlives_it(school: School) -> None:
    school.week(MONDAY, bad=10)
    school.over(MONDAY)
    school.over(MONDAY + WEEK)

    silent = school.weeks()[1]
    assert (silent.verdict, silent.standing, silent.in_session_bins) == ("unknown", True, 120)


def test_before_anything_was_measured_there_are_no_weeks(school: School) -> None:
    school.over(MONDAY)
    school.over(MONDAY + WEEK)

    assert school.weeks() == []


def test_a_week_without_lessons_has_no_verdict_and_the_one_before_it_counts(school: School) -> None:
    closed = {MONDAY + WEEK + timedelta(days=day): () for day in range(5)}
    school.restart(a_school(lessons_by_date=closed))
    school.week(MONDAY, bad=10)
    school.over(MONDAY)
    school.over(MONDAY + WEEK)
    school.restart()
    school.week(MONDAY + 2 * WEEK)
    school.over(MONDAY + 2 * WEEK)

    assert [(one.week, one.previous, one.weeks_clear) for one in school.weeks()] == [
        (MONDAY, None, 0),
        (MONDAY + 2 * WEEK, "restricted", 1),
    ]


def test_a_restriction_is_left_after_two_clear_weeks_whoever_restarts(school: School) -> None:
    for number, bad in enumerate((10, 0, 0)):
        school.restart()
        school.week(MONDAY + number * WEEK, bad=bad)
        school.over(MONDAY + number * WEEK)

    assert [(one.verdict, one.previous) for one in school.weeks()] == [
        ("restricted", None),
        ("restricted", "restricted"),
        ("ok", "restricted"),
    ]


class Noted:
    """A store that notes the weeks that are written to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.weeks: list[RoomWeek] = []

    def write_weeks(self, weeks: Sequence[RoomWeek]) -> None:
        self.weeks += weeks
        self._store.write_weeks(weeks)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def late(school: School, *, in_time: int, bad: bool) -> Noted:
    """Three weeks, of the first of which all but so many bins of Monday to Thursday come late. Returns what is written
    then."""
    for day in range(5):
        school.measured(MONDAY + timedelta(days=day), bins=range(in_time if day < 4 else 24))
    for number in (1, 2):
        school.week(MONDAY + number * WEEK)
        school.week(MONDAY + number * WEEK, room="205")
    school.over(MONDAY + 2 * WEEK)
    noted = Noted(school.store)
    school.store = noted  # type: ignore[assignment]
    school.restart()
    for day in range(4):
        school.measured(MONDAY + timedelta(days=day), bad=24 if bad else 0, bins=range(in_time, 24))
    school.tick(at(MONDAY + 2 * WEEK + FRIDAY, 14))
    return noted


def test_late_reports_change_their_week_and_those_after_it_that_stand_on_it(school: School) -> None:
    noted = late(school, in_time=12, bad=True)

    assert {(one.room, one.week) for one in noted.weeks} == {("204", MONDAY + number * WEEK) for number in range(3)}
    assert [one.verdict for one in school.weeks()] == ["restricted", "restricted", "ok"]
    assert [one.weeks_clear for one in school.weeks()][:2] == [0, 1]


def test_late_reports_that_change_no_standing_change_no_other_week(school: School) -> None:
    noted = late(school, in_time=22, bad=False)

    assert [(one.room, one.week) for one in noted.weeks] == [("204", MONDAY)]
    assert school.weeks()[0].valid_bins == 120


def test_a_chain_that_was_cut_short_is_gone_through_again(school: School) -> None:
    """The engine was killed after it had written the newest of the changed weeks."""
    late(school, in_time=12, bad=True)
    right = school.weeks()
    school.store.write_weeks([replace(right[0], verdict="ok", standing=False, entered_by=None)])
    school.restart()
    school.measured(MONDAY, bad=0, bins=[23])

    school.tick(at(MONDAY + 2 * WEEK + FRIDAY, 15))

    assert [one.verdict for one in school.weeks()] == [one.verdict for one in right]


def test_a_collector_that_was_away_makes_up_for_it(school: School) -> None:
    for number, bad in enumerate((10, 0, 10)):
        school.week(MONDAY + number * WEEK, bad=bad)

    school.over(MONDAY + 2 * WEEK)

    assert [(one.verdict, one.entered) for one in school.weeks()] == [
        ("restricted", True),
        ("restricted", False),
        ("restricted", False),
    ]


def test_weeks_are_judged_once(school: School) -> None:
    noted = Noted(school.store)
    school.store = noted  # type: ignore[assignment]
    school.restart()
    school.week(MONDAY)
    for _ in range(3):
        school.over(MONDAY)
        school.restart()

    assert [(one.room, one.week) for one in noted.weeks] == [("204", MONDAY), ("205", MONDAY)]


def test_a_room_that_left_within_a_week_has_a_verdict_of_what_it_had(school: School) -> None:
    school.week(MONDAY, bad=10, days=4)
    school.tick(at(MONDAY + timedelta(days=3), 13))
    left = replace(school.district, rooms=tuple(one for one in school.district.rooms if one.room != "204"))
    school.restart(left)
    school.over(MONDAY)
    school.over(MONDAY + WEEK)

    assert [(one.week, one.bad_days) for one in school.weeks()] == [(MONDAY, 4)]


def test_a_week_is_there_once_though_the_time_zone_was_mended(school: School) -> None:
    school.week(MONDAY)
    school.over(MONDAY)
    school.restart(a_school(time_zone=ZoneInfo("Europe/London")))
    school.measured(MONDAY, bad=24)
    school.tick(at(MONDAY + FRIDAY, 14))

    (week,) = school.weeks()
    assert week.bad_bins == 24


def test_the_running_week_is_a_preview_and_is_not_kept(school: School) -> None:
    school.week(MONDAY, bad=10, days=3)
    school.tick(at(MONDAY + timedelta(days=2), 11.5))

    preview = school.engine.week_so_far(*ROOM)

    assert preview is not None
    assert (preview.week, preview.marks.count("|"), preview.bad_bins) == (MONDAY, 2, 30)
    assert preview.in_session_bins == 72
    assert school.weeks() == []
    assert school.engine.now is not None


def test_a_room_shows_its_last_two_weeks(school: School) -> None:
    for number in range(3):
        school.week(MONDAY + number * WEEK)
        school.over(MONDAY + number * WEEK)
    school.restart()
    school.over(MONDAY + 2 * WEEK)

    assert school.engine.now is not None
    room = school.engine.now.room(*ROOM)
    assert room is not None
    assert [one.week for one in room.weeks] == [MONDAY + WEEK, MONDAY + 2 * WEEK]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_ran_ahead_and_was_set_back_takes_no_week_its_verdict(school: School, restarted: bool) -> None:
    school.week(MONDAY, bad=10)
    school.over(MONDAY)
    school.over(MONDAY + 6 * WEEK)
    if restarted:
        school.restart()
    school.tick(at(MONDAY + FRIDAY, 14))
    assert [one.week for one in school.engine._weeks.newest()[ROOM]] == [MONDAY]

    for number, bad in ((1, 0), (2, 10)):
        school.week(MONDAY + number * WEEK, bad=bad)
        school.over(MONDAY + number * WEEK)

    told = [(one.verdict, one.previous, one.valid_bins) for one in school.weeks()[:3]]
    assert told == [("restricted", None, 120), ("restricted", "restricted", 120), ("restricted", "restricted", 120)]
    assert [one.weeks_clear for one in school.weeks()[:3]] == [0, 1, 0]
