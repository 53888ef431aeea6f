"""Judged weeks are read when somebody asks, listed worst first, and told with what would change them."""

from dataclasses import replace
from datetime import date, timedelta

from collector.judged_weeks import FRESH_SECONDS, ROOM_WEEKS, JudgedWeeks, RoomWeeks, lesson_days, worst_first
from collector.verdict.days import RoomDay, Seconds
from collector.verdict.flips import what_would_change
from collector.verdict.weeks import room_week
from tests.collector.board.districts import NOW, TIMETABLE, a_district, a_room, a_site
from tests.collector.week_builders import DAYS, MONDAY, KeptWeeks, a_week
from wire.histogram import Histogram

DISTRICT = a_district(
    a_site(*(a_room(name, site="north") for name in ("9", "10", "204")), site="north", name="North School"),
    a_site(a_room("体育館", site="south"), site="south", name="South School"),
)
WEEK = timedelta(weeks=1)


def weeks_of(*kept: object, elapsed_s: float = 0.0) -> JudgedWeeks:
    return JudgedWeeks(KeptWeeks(*kept), elapsed_s=lambda: elapsed_s)  # type: ignore[arg-type]


def test_a_room_that_has_left_the_district_keeps_its_week_and_its_slug() -> None:
    gone = a_week("old-lab", site="east")
    found = weeks_of(gone).of_week(MONDAY)
    (named, *_) = worst_first(found.values(), DISTRICT)

    assert (named.room_name, named.site_name, named.known) == ("old-lab", "east", False)


def test_of_a_week_in_which_nothing_was_judged_there_is_nothing() -> None:
    assert weeks_of().of_week(MONDAY) == {}
    assert weeks_of().newest() is None
    assert weeks_of().of_room("north", "204") == RoomWeeks()


def test_rooms_are_listed_worst_first() -> None:
    weeks = [
        a_week("9", "ok"),
        a_week("10", "unknown"),
        a_week("204", "restricted", lower=0.2),
        a_week("体育館", "restricted", site="south", lower=0.4),
        a_week("8", "at_risk"),
        a_week("7", "ok"),
    ]

    assert [one.room_name for one in worst_first(weeks, DISTRICT)] == ["体育館", "204", "8", "10", "7", "9"]


def test_a_week_is_read_once_for_many_readers_and_anew_after_a_while() -> None:
    store = KeptWeeks(a_week("204"))
    now_s = [0.0]
    weeks = JudgedWeeks(store, elapsed_s=lambda: now_s[0])
    weeks.of_week(MONDAY)
    store.weeks = [a_week("204", "ok")]

    assert weeks.of_week(MONDAY)["north", "204"].verdict == "restricted"
    assert store.asked == 1
    now_s[0] = FRESH_SECONDS
    assert weeks.of_week(MONDAY)["north", "204"].verdict == "ok"


def test_another_week_is_not_answered_with_the_one_that_was_read() -> None:
    weeks = weeks_of(a_week("204"), a_week("204", "ok", week=MONDAY - WEEK))

    assert weeks.of_week(MONDAY)["north", "204"].verdict == "restricted"
    assert weeks.of_week(MONDAY - WEEK)["north", "204"].verdict == "ok"
    assert weeks.of_week(MONDAY - 2 * WEEK) == {}


def test_a_room_has_its_newest_weeks_in_order() -> None:
    weeks = weeks_of(*(a_week("204", week=MONDAY - number * WEEK) for number in range(20)))

    found = weeks.of_room("north", "204").weeks
    assert len(found) == ROOM_WEEKS
    assert [one.week for one in found] == sorted(one.week for one in found)
    assert found[-1].week == MONDAY


def test_days_have_their_dates_as_long_as_the_calendar_says_the_same() -> None:
    week = a_week()
    other = replace(week, marks="|".join(week.marks.split("|")[:3]))

    assert [day and day.weekday() for day in lesson_days(week, TIMETABLE)] == list(range(DAYS))
    assert lesson_days(other, TIMETABLE) == [None] * 3
    assert lesson_days(replace(week, marks=""), TIMETABLE) == []


def test_what_would_change_the_newest_week_is_worked_out_from_what_it_was_judged_by() -> None:
    marks = ("g" * 21 + "B" * 21 + "g" * 21,) * 5
    days = [day_of(MONDAY + timedelta(days=number), one) for number, one in enumerate(marks)]
    week = room_week(days, site="north", room="204", week=MONDAY, before=None)
    flips = weeks_of(week).of_room("north", "204").flips

    assert week.verdict == "restricted"
    assert flips == what_would_change(week, days, None)
    assert {one.kind for one in flips} == {"fewer_bad_bins", "clear_weeks"}


def day_of(day: date, marks: str) -> RoomDay:
    return RoomDay(
        site="north",
        room="204",
        day=day,
        started_at=NOW,
        closed_seconds=0,
        seconds=Seconds(),
        by_profile={},
        sent=0,
        received=0,
        histogram=Histogram(),
        worst=None,
        profile=None,
        profiles_digest="",
        marks=marks,
        causes={"room_access": marks.count("B")},
    )
