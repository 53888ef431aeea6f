"""When a site has lessons: what the file says of sites, weekdays and dates, and what clocks that change make of it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.district.calendar import Calendar, Lesson, LessonTime, bin_start
from collector.district.district import District
from collector.district.district_file import load_district
from tests.collector.test_files import GOOD_DISTRICT, mistakes_of, write

CHICAGO, BERLIN = ZoneInfo("America/Chicago"), ZoneInfo("Europe/Berlin")
SITES = ("oak-hill", "lakeside")
BIN = 300


def district(folder: Path, more: str) -> District:
    return load_district(write(folder, GOOD_DISTRICT + more))


def labels(found: District, site: str, day: date) -> list[str]:
    return [one.label.replace("\N{EN DASH}", "-") for one in found.calendar_of(site).lessons_on(day)]


MONDAY, WEDNESDAY, FRIDAY, SATURDAY = (date(2026, 10, day) for day in (12, 14, 16, 17))
USUAL = ["08:00-08:45", "08:50-09:35"]


def test_who_says_more_of_a_site_and_a_weekday_is_right_in_whatever_order(tmp_path: Path) -> None:
    tables = [
        'sites = ["oak-hill"]\ndays = ["wed"]\nlessons = ["10:00-10:45"]',
        'days = ["wed", "sat"]\nlessons = ["08:00-08:30"]',
        'sites = ["oak-hill"]\nlessons = ["09:00-09:45"]',
        'sites = ["lakeside"]\ndays = ["fri"]\nlessons = []',
    ]
    for order in (tables, tables[::-1]):
        found = district(tmp_path, "".join(f"\n[[timetables]]\n{one}\n" for one in order))

        days = (MONDAY, WEDNESDAY, FRIDAY, SATURDAY)
        assert [labels(found, "oak-hill", day) for day in days] == [
            ["09:00-09:45"],
            ["10:00-10:45"],
            ["09:00-09:45"],
            ["08:00-08:30"],
        ]
        assert [labels(found, "lakeside", day) for day in days] == [USUAL, ["08:00-08:30"], [], ["08:00-08:30"]]


def test_sites_that_nothing_is_said_of_keep_the_districts_calendar_and_others_share_theirs(tmp_path: Path) -> None:
    more = '\n[[sites]]\nid = "elm"\nname = "Elm"\n\n[[timetables]]\nsites = ["elm", "lakeside"]\nlessons = []\n'

    found = district(tmp_path, more)

    assert set(found.site_calendars) == {"elm", "lakeside"}
    assert found.calendar_of("elm") is found.calendar_of("lakeside")
    assert found.calendars == (found.calendar, found.calendar_of("elm"))


def test_a_timetable_of_one_site_cannot_silently_undo_a_short_weekday_of_all(tmp_path: Path) -> None:
    short = '\n[[timetables]]\ndays = ["wed"]\nlessons = ["08:00-08:30"]\n'
    both = short + '\n[[timetables]]\nsites = ["lakeside"]\nlessons = ["09:00-09:45"]\n'
    assert "gives lakeside other lessons on wed than line 16 does" in mistakes_of(write(tmp_path, GOOD_DISTRICT + both))

    said = '\n[[timetables]]\nsites = ["lakeside"]\ndays = ["wed"]\nlessons = ["09:00-09:20"]\n'
    assert labels(district(tmp_path, both + said), "lakeside", WEDNESDAY) == ["09:00-09:20"]


def test_early_release_cuts_the_day_of_each_site_by_its_own_bells(tmp_path: Path) -> None:
    more = """
[[timetables]]
sites = ["lakeside"]
lessons = ["09:00-10:00", "10:00-24:00"]

[[early_release]]
name = "Conferences"
dates = [2026-10-14, 2026-10-16]
until = "09:10"

[[early_release]]
name = "Flood drill"
dates = [2026-10-14]
sites = ["oak-hill"]
lessons = ["08:00-08:20"]
"""
    found = district(tmp_path, more)

    assert labels(found, "oak-hill", WEDNESDAY) == ["08:00-08:20"], "what is said of the site goes before"
    assert labels(found, "oak-hill", FRIDAY) == ["08:00-08:45", "08:50-09:10"]
    assert labels(found, "lakeside", FRIDAY) == ["09:00-09:10"]
    assert labels(found, "oak-hill", MONDAY) == USUAL


def test_closures_hold_both_their_days_and_go_before_an_early_release(tmp_path: Path) -> None:
    more = """
[[early_release]]
name = "Conferences"
dates = [2026-10-14]
until = "08:45"

[[closures]]
name = "Flood"
from = 2026-10-14
to = 2026-10-16
sites = ["oak-hill"]

[[closures]]
name = "Labour day"
from = 2026-09-07
"""
    found = district(tmp_path, more)

    october = [date(2026, 10, day) for day in (13, 14, 15, 16, 19)]
    assert [len(labels(found, "oak-hill", day)) for day in october] == [2, 0, 0, 0, 2]
    assert [len(labels(found, "lakeside", day)) for day in october] == [2, 1, 2, 2, 2]
    assert [labels(found, site, date(2026, 9, 7)) for site in SITES] == [[], []]


def test_before_and_after_the_school_year_there_are_no_lessons(tmp_path: Path) -> None:
    found = district(tmp_path, "\n[school_year]\nfrom = 2026-08-24\nto = 2027-06-11\n")

    days = (date(2026, 8, 21), date(2026, 8, 24), date(2027, 6, 11), date(2027, 6, 14))
    assert [len(labels(found, "oak-hill", day)) for day in days] == [0, 2, 2, 0]
    summer = datetime(2027, 6, 20, 12, tzinfo=UTC)
    (last,) = found.calendar.last_lessons(summer, 1)
    assert (last.day, found.calendar.next_lesson(summer)) == (date(2027, 6, 11), None)


def test_a_lesson_may_lie_beside_a_skipped_hour_and_a_closed_day_may_hold_one(tmp_path: Path) -> None:
    night = GOOD_DISTRICT.replace('"fri"]', '"fri", "sun"]').replace('"08:00-08:45"', '"{}", "08:00-08:45"')
    year = "\n[school_year]\nfrom = 2026-08-24\nto = 2027-06-11\n"

    for fine in ("01:00-02:00", "03:00-03:45", "01:30-03:30"):
        load_district(write(tmp_path, night.format(fine) + year))
    said = mistakes_of(write(tmp_path, night.format("02:15-02:45") + year))
    assert said.endswith("skips on Sunday 2027-03-14, from 02:00 to 03:00; move the lesson")
    closed = '\n[[closures]]\nname = "Clocks change"\nfrom = 2027-03-14\n'
    assert len(load_district(write(tmp_path, night.format("02:15-02:45") + year + closed)).rooms) == 2


def test_without_a_school_year_the_next_years_are_looked_at(tmp_path: Path) -> None:
    """Cairo's clocks jump on a Friday at midnight, which is a weekday elsewhere, too."""
    cairo = GOOD_DISTRICT.replace("America/Chicago", "Africa/Cairo").replace('"08:00-08:45"', '"00:30-01:00"')

    with pytest.raises(Exception, match=r"skips on Friday 2027-04-30, from 00:00 to 01:00; move the lesson"):
        load_district(write(tmp_path, cairo), today=date(2026, 11, 30))


LESSONS_OF_THE_NIGHT = tuple(
    LessonTime(start=time(*a), end=time(*b)) for a, b in (((0, 30), (3, 30)), ((8, 0), (9, 0)))
)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (CHICAGO, date(2026, 3, 7), 3),
        (CHICAGO, date(2026, 3, 8), 2),
        (CHICAGO, date(2026, 11, 1), 4),
        (BERLIN, date(2026, 3, 28), 3),
        (BERLIN, date(2026, 3, 29), 2),
        (BERLIN, date(2026, 10, 25), 4),
    ],
)
def test_bins_exist_only_in_session_and_all_through_it_in_the_nights_of_both_changes(
    zone: ZoneInfo, day: date, hours: int
) -> None:
    """A lesson across the repeated hour is an hour longer, one across the skipped hour an hour shorter."""
    calendar = Calendar(time_zone=zone, lessons_by_weekday={day.weekday(): LESSONS_OF_THE_NIGHT})
    night, morning = calendar.lessons_on(day)

    assert night.ended_at - night.started_at == timedelta(hours=hours)
    assert morning.ended_at - morning.started_at == timedelta(hours=1)
    assert morning.started_at.astimezone(zone).time() == time(8)
    inside = [start for start in bins_of(day, zone) if calendar.bin_in_session(start, BIN)]
    assert len(inside) == (hours + 1) * 3600 // BIN
    assert {calendar.lesson_at(start) for start in inside} == {night, morning}
    assert {calendar.local_day(start) for start in inside} == {day}


@pytest.mark.parametrize(
    ("zone", "day", "skipped", "jump"),
    [
        (CHICAGO, date(2026, 3, 8), time(2, 20), datetime(2026, 3, 8, 8, tzinfo=UTC)),
        (BERLIN, date(2026, 3, 29), time(2, 20), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (ZoneInfo("Antarctica/Troll"), date(2026, 3, 29), time(2, 20), datetime(2026, 3, 29, 1, tzinfo=UTC)),
        (ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4), time(2, 20), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
    ],
)
def test_a_time_that_no_clock_shows_is_the_moment_of_the_jump(
    zone: ZoneInfo, day: date, skipped: time, jump: datetime
) -> None:
    times = (LessonTime(start=time(0), end=skipped), LessonTime(start=skipped, end=time(5)))
    before, after = Calendar(time_zone=zone, lessons_by_weekday={day.weekday(): times}).lessons_on(day)

    assert before.ended_at == after.started_at == jump


def test_in_the_repeated_hour_the_first_pass_counts() -> None:
    times = (LessonTime(start=time(1), end=time(1, 30)), LessonTime(start=time(1, 30), end=time(2)))
    calendar = Calendar(time_zone=CHICAGO, lessons_by_weekday={6: times})

    first, second = calendar.lessons_on(date(2026, 11, 1))

    assert (first.started_at, first.ended_at) == tuple(datetime(2026, 11, 1, 6, at, tzinfo=UTC) for at in (0, 30))
    assert second.ended_at - second.started_at == timedelta(minutes=90)


@given(
    zone=st.sampled_from([CHICAGO, BERLIN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo"), ZoneInfo("UTC")]),
    start=st.dates(min_value=date(2026, 1, 1), max_value=date(2027, 12, 31)),
    minutes=st.lists(st.integers(0, 1439), min_size=2, max_size=12, unique=True),
)
def test_lessons_never_overlap_and_each_instant_is_of_the_lesson_that_holds_it(
    zone: ZoneInfo, start: date, minutes: list[int]
) -> None:
    marks = [time(one // 60, one % 60) for one in sorted(minutes)]
    times = tuple(LessonTime(start=a, end=b) for a, b in zip(marks[::2], marks[1::2], strict=False))
    calendar = Calendar(time_zone=zone, lessons_by_weekday=dict.fromkeys(range(7), times))

    week: list[Lesson] = [one for day in range(7) for one in calendar.lessons_on(start + timedelta(days=day))]

    assert all(one.started_at < one.ended_at for one in week)
    assert all(before.ended_at <= after.started_at for before, after in pairwise(week))
    for one in week:
        assert calendar.lesson_at(one.started_at) == one
        assert calendar.lesson_at(one.ended_at) != one
        assert calendar.last_lessons(one.started_at, 1) == (one,)


def test_an_assessment_is_known_of_a_bin_that_has_a_part_in_it_at_its_sites(tmp_path: Path) -> None:
    more = """
[[assessments]]
name = "Reading"
from = 2026-10-14T08:10:00
to = 2026-10-14T09:00:00
sites = ["lakeside"]

[[assessments]]
name = "Mathematics"
from = 2026-10-14T08:30:00
to = 2026-10-14T09:20:00
sites = ["lakeside"]

[[assessments]]
name = "Of all"
from = 2026-10-16T08:10:00
to = 2026-10-16T09:00:00
"""
    found = district(tmp_path, more)

    def assessing(site: str, day: int, hour: int, minute: int) -> bool:
        start = datetime(2026, 10, day, hour, minute, tzinfo=CHICAGO)
        return found.assessing(site, start, start + timedelta(seconds=BIN))

    times = [(8, 4), (8, 6), (8, 10), (9, 0), (9, 15), (9, 20)]
    assert [assessing("lakeside", 14, *at) for at in times] == [False, True, True, True, True, False]
    assert not any(assessing("oak-hill", 14, *at) for at in times)
    assert [assessing(site, 16, 8, 30) for site in (*SITES, "gone")] == [True, True, False]


def bins_of(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The starts of bins that begin on the local day and a little around it."""
    start = bin_start(datetime.combine(day, time(0), tzinfo=zone) - timedelta(hours=3), BIN)
    return (start + timedelta(seconds=number * BIN) for number in range(31 * 3600 // BIN))
