"""Which page is due when: calendars, vacations, hours that are skipped or come twice, collectors that were down."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collector.district.calendar import Calendar, LessonTime
from collector.mail.mail_settings import BriefSettings
from collector.mail.schedule import due, next_slot

CHICAGO = ZoneInfo("America/Chicago")
LESSONS = (LessonTime(start=time(8), end=time(15)),)
MONDAY = date(2026, 11, 16)
USUAL = BriefSettings()


def calendar(*closed: date, zone: ZoneInfo = CHICAGO, days: range = range(5), **bounds: Any) -> Calendar:
    return Calendar(
        time_zone=zone,
        lessons_by_weekday=dict.fromkeys(days, LESSONS),
        lessons_by_date=dict.fromkeys(closed, ()),
        **bounds,
    )


def a_week(monday: date, weeks: int = 1) -> list[date]:
    return [monday + timedelta(days=number) for number in range(7 * weeks)]


def at(day: date, hour: int = 6, minute: int = 30, zone: ZoneInfo = CHICAGO) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def week_due(now: datetime, *calendars: Calendar, settings: BriefSettings = USUAL) -> date | None:
    slot = due(now.astimezone(UTC), settings, calendars)
    return slot.week if slot else None


def test_on_monday_morning_the_page_of_the_week_before_is_due_and_stays_so_for_a_week() -> None:
    before, this, after = at(MONDAY) - timedelta(seconds=1), at(MONDAY), at(MONDAY + timedelta(days=7))

    assert week_due(before, calendar()) == MONDAY - timedelta(weeks=2)
    assert week_due(this, calendar()) == MONDAY - timedelta(weeks=1)
    assert week_due(after - timedelta(seconds=1), calendar()) == MONDAY - timedelta(weeks=1), "it was down until then"
    assert week_due(after, calendar()) == MONDAY


def test_in_a_vacation_nothing_is_due_and_after_it_the_last_week_that_had_lessons() -> None:
    closed = calendar(*a_week(MONDAY, 2))
    back = MONDAY + timedelta(weeks=2)

    assert [week_due(at(day, 12), closed) for day in a_week(MONDAY, 2)] == [None] * 14
    assert week_due(at(back), closed) == MONDAY - timedelta(weeks=1)
    assert week_due(at(back + timedelta(weeks=1)), closed) == back
    found = next_slot(at(MONDAY, 12).astimezone(UTC), USUAL, [closed])
    assert found is not None
    assert (found.week, found.at) == (MONDAY - timedelta(weeks=1), at(back))


def test_a_week_with_one_day_of_lessons_is_a_school_week() -> None:
    only_friday = calendar(*a_week(MONDAY)[:4])

    assert week_due(at(MONDAY), only_friday) == MONDAY - timedelta(weeks=1)
    assert week_due(at(MONDAY + timedelta(weeks=1)), only_friday) == MONDAY


def test_on_a_friday_evening_the_page_is_of_the_same_week_once_its_lessons_are_over() -> None:
    evening = BriefSettings.model_validate({"day": "friday", "at": "18:00"})
    noon = BriefSettings.model_validate({"day": "friday", "at": "12:00"})
    friday = MONDAY + timedelta(days=4)

    assert week_due(at(friday, 18, 0), calendar(), settings=evening) == MONDAY
    assert week_due(at(friday, 18, 0), calendar(), settings=noon) == MONDAY - timedelta(weeks=1)


def test_sites_that_differ_have_their_own_weeks_and_the_district_those_of_any() -> None:
    off, on = calendar(*a_week(MONDAY)), calendar()
    now = at(MONDAY + timedelta(weeks=1))

    assert week_due(at(MONDAY, 12), off) is None
    assert week_due(at(MONDAY, 12), off, on) == MONDAY - timedelta(weeks=1)
    assert week_due(now, off) == MONDAY - timedelta(weeks=1)
    assert week_due(now, off, on) == MONDAY


def test_nothing_is_due_before_the_first_year_or_after_the_last() -> None:
    year = calendar(first_day=MONDAY, last_day=MONDAY + timedelta(days=11))

    assert week_due(at(MONDAY), year) is None
    assert week_due(at(MONDAY + timedelta(weeks=1)), year) == MONDAY
    assert week_due(at(MONDAY + timedelta(weeks=2)), year) is None
    assert next_slot(at(MONDAY + timedelta(weeks=2)).astimezone(UTC), USUAL, [year]) is None


@pytest.mark.parametrize(
    ("zone", "sunday", "hour", "utc"),
    [
        ("America/Chicago", date(2026, 3, 8), "02:30", datetime(2026, 3, 8, 8, 0, tzinfo=UTC)),  # skipped: the jump
        ("America/Chicago", date(2026, 11, 1), "01:30", datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),  # twice: the first
        ("America/Chicago", date(2026, 3, 8), "06:30", datetime(2026, 3, 8, 11, 30, tzinfo=UTC)),
        ("America/Chicago", date(2026, 11, 1), "06:30", datetime(2026, 11, 1, 12, 30, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 3, 29), "02:15", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
    ],
)
def test_an_hour_that_is_skipped_or_comes_twice(zone: str, sunday: date, hour: str, utc: datetime) -> None:
    settings = BriefSettings.model_validate({"day": "sunday", "at": hour})
    kept = calendar(zone=ZoneInfo(zone))

    slot = due(utc, settings, [kept])
    just_before = due(utc - timedelta(seconds=1), settings, [kept])

    assert slot is not None
    assert just_before is not None
    assert (slot.at, slot.week) == (utc, sunday - timedelta(days=6))
    assert just_before.until == utc


def test_every_week_with_lessons_that_is_followed_by_school_has_its_page_once() -> None:
    closed = calendar(*a_week(date(2026, 12, 21), 2), date(2026, 11, 26), date(2026, 11, 27))
    hours = [at(date(2026, 11, 2)) + timedelta(hours=7 * number) for number in range(24 * 10)]

    weeks = [week_due(hour, closed) for hour in hours]

    pages = list(dict.fromkeys(week for week in weeks if week))
    assert pages == sorted(pages)
    assert pages == [date(2026, 10, 26) + timedelta(weeks=number) for number in range(10) if number not in {8, 9}]
