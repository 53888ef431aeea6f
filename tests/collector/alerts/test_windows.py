"""Windows of lesson time: what lies between lessons is no time at all."""

from datetime import timedelta

import pytest

from collector.alerts.burn import HALF_DAY, LIVE, began, counted, fires
from collector.alerts.lesson_bins import LessonBins, lesson_bins
from collector.alerts.look import is_calm, most
from tests.collector.alerts.town import MONDAY, a_bin, a_district, at

CALENDAR = a_district(rooms=1).calendar
HOUR = 3600.0


def bins_until(hour: float, day: int = 0, *, reach: float = 3.5 * HOUR) -> LessonBins:
    return lesson_bins(CALENDAR, at(hour, day), seconds=300, reach=reach)


def spans(found: LessonBins) -> list[str]:
    """The local spans of bins without a gap."""
    said: list[str] = []
    for start in found.starts:
        local = start.astimezone(CALENDAR.time_zone)
        if said and said[-1].endswith(f"{local:%a %H:%M}"):
            said[-1] = f"{said[-1].partition('-')[0]}-{local + timedelta(minutes=5):%a %H:%M}"
        else:
            said.append(f"{local:%a %H:%M}-{local + timedelta(minutes=5):%a %H:%M}")
    return said


def test_a_break_is_no_time() -> None:
    found = bins_until(14)

    assert spans(found) == ["Mon 09:30-Mon 12:00", "Mon 13:00-Mon 14:00"]


def test_a_night_is_no_time_and_the_day_is_told_from_the_one_before() -> None:
    found = bins_until(9, day=1)

    assert spans(found) == ["Mon 13:30-Mon 16:00", "Tue 08:00-Tue 09:00"]
    assert found.starts[found.today] == at(8, day=1)


def test_a_weekend_is_bridged() -> None:
    found = bins_until(8.5, day=7)

    assert found.starts[found.today] == at(8, day=7)
    assert found.starts[found.today - 1] == at(15, day=4) + timedelta(minutes=55)


def test_a_vacation_is_not_bridged() -> None:
    days = {MONDAY + timedelta(days=number): () for number in range(1, 5)}
    calendar = type(CALENDAR)(
        time_zone=CALENDAR.time_zone, lessons_by_weekday=CALENDAR.lessons_by_weekday, lessons_by_date=days
    )

    found = lesson_bins(calendar, at(8.5, day=7), seconds=300, reach=3.5 * HOUR)

    assert len(found.starts) == 6
    assert found.today == 0


def test_in_the_evening_the_last_lessons_are_the_newest_bins() -> None:
    assert bins_until(22).starts == bins_until(16).starts


def test_on_a_day_without_lessons_before_any_there_are_none() -> None:
    assert bins_until(7.9, day=0).starts != ()
    assert lesson_bins(CALENDAR, at(12, day=-30), seconds=300, reach=HOUR).end is not None


def test_marks_stand_at_the_starts_of_their_bins() -> None:
    found = bins_until(9, reach=HOUR)
    key = ("oak-hill", "101")
    made = [a_bin(key, found.starts[place], letter) for place, letter in ((0, "B"), (3, "g"), (11, "?"))]

    assert found.marks(made) == "B..g.......?"
    assert found.marks(made, after=found.starts[1]) == "...g.......?"


def test_a_longer_bin_of_before_speaks_for_each_start_within_it() -> None:
    made = [a_bin(("oak-hill", "101"), at(8.75), "B")]

    assert lesson_bins(CALENDAR, at(9), seconds=60, reach=900).marks(made) == "B" * 5 + "." * 10


@pytest.mark.parametrize(
    ("marks", "looked"),
    [
        ("gBg", "ggg"),
        ("gBBg", "gBBg"),
        ("B.B", "B.B"),
        ("B?gB", "g?gg"),
        ("BgBgB", "ggggg"),
    ],
)
def test_a_bad_bin_counts_only_beside_another(marks: str, looked: str) -> None:
    assert counted(marks, today=0) == looked


def test_a_night_parts_two_bad_bins() -> None:
    assert counted("gBBg", today=2) == "gggg"


def test_live_asks_for_nine_bad_bins_of_twelve_and_that_it_goes_on() -> None:
    assert fires(LIVE, "g" * 30 + "gggBBBBBBBBB", today=0, seconds=300)
    assert not fires(LIVE, "g" * 30 + "ggggBBBBBBBB", today=0, seconds=300)
    assert not fires(LIVE, "g" * 30 + "BBBBBBBBBBBg", today=0, seconds=300)
    assert fires(LIVE, "g" * 30 + "BBBBBBBBBBB.", today=0, seconds=300), "a report may be late"
    assert not fires(LIVE, "." * 34 + "BBBBBBBB", today=0, seconds=300), "what is missing is not bad"


def test_half_day_asks_for_thirteen_bad_bins_of_42_and_two_of_the_last_four() -> None:
    assert fires(HALF_DAY, "B" * 11 + "g" * 29 + "BB", today=0, seconds=300)
    assert not fires(HALF_DAY, "B" * 10 + "g" * 30 + "BB", today=0, seconds=300)
    assert not fires(HALF_DAY, "B" * 20 + "g" * 22, today=0, seconds=300)


def test_what_was_mended_overnight_does_not_fire_in_the_morning() -> None:
    assert not fires(LIVE, "g" * 30 + "B" * 11 + "g", today=41, seconds=300)
    assert not fires(HALF_DAY, "g" * 18 + "B" * 22 + "gg", today=40, seconds=300)


def test_trouble_began_after_half_an_hour_without_any() -> None:
    assert began("BBggggggBBgBB", calm=6) == 8
    assert began("BBgggggBBgBB", calm=6) == 0


def test_half_an_hour_is_calm_if_half_of_it_says_so() -> None:
    assert is_calm("BBgggggg", calm=6)
    assert is_calm("BB.g.g.g", calm=6)
    assert not is_calm("BB....gg", calm=6)
    assert not is_calm("BBBggggg", calm=6)


def test_most_rooms_are_60_percent_and_four_at_the_least() -> None:
    assert most(6, 10)
    assert not most(5, 10)
    assert not most(3, 3)
    assert most(4, 5)
