"""Schools of one district that have lessons at different times: what is said of which."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from collector.board.pages import district_page, room_page, site_page
from collector.district.calendar import Lesson
from collector.now import DistrictNow, SiteNow
from collector.verdict.room_state import State
from tests.collector.board.districts import (
    IN_THE_EVENING,
    NOW,
    TIMETABLE,
    a_district,
    a_lesson,
    a_room,
    a_site,
    a_strip,
)
from tests.collector.board.reader import read, rows

ON = a_lesson()
OTHER = replace(ON, label="10:20\N{EN DASH}11:10")
FRIDAY = a_lesson(date(2026, 3, 6), 6)


def district_of(*lessons: tuple[Lesson | None, Lesson | None], now: datetime = NOW) -> DistrictNow:
    """A site with two rooms for each (lesson, last lesson)."""
    sites = []
    for number, (on, last) in enumerate(lessons):
        name = f"s{number}"
        until = last.started_at if last else now
        state: State = "ok" if on else "no_lesson"
        strips = (a_strip(["good", "good"], until), a_strip(["good", "bad"], until))
        rooms = [a_room(f"{name}-{room}", state, name, strip=strip) for room, strip in enumerate(strips, 1)]
        sites.append(a_site(*rooms, site=name, name=f"School {number}"))
    whole = a_district(*sites, now=now)
    of_lessons: list[SiteNow] = [
        replace(site, lesson=on, last_lesson=last) for site, (on, last) in zip(whole.sites, lessons, strict=True)
    ]
    return replace(whole, sites=tuple(of_lessons))


def header_of(page: str) -> str:
    return read(page).one("header", class_="top").text


@pytest.mark.parametrize(
    ("lessons", "said"),
    [
        ([(ON, ON), (ON, ON)], "Lesson 10:15–11:00 "),
        ([(ON, ON), (None, FRIDAY)], "Lesson 10:15–11:00 at 1 of 2 sites"),
        ([(ON, ON), (OTHER, OTHER)], "Lesson on at all 2 sites"),
        ([(ON, ON), (OTHER, OTHER), (None, None)], "Lesson on at 2 of 3 sites"),
        ([(None, FRIDAY), (None, ON)], "Last lesson Tue 10 Mar, 10:15–11:00"),
        ([(None, None), (None, None)], "Lesson none"),
    ],
)
def test_the_header_never_says_of_all_what_is_true_of_some(
    lessons: list[tuple[Lesson | None, Lesson | None]], said: str
) -> None:
    assert said in header_of(district_page(district_of(*lessons), now=NOW))


def test_a_site_without_rooms_does_not_count() -> None:
    whole = district_of((ON, ON))
    empty = replace(a_site(site="empty", name="Empty"), lesson=None)

    assert "Lesson 10:15–11:00 Newest" in header_of(district_page(replace(whole, sites=(*whole.sites, empty)), now=NOW))


def test_rooms_without_a_lesson_are_no_unknown_ones_of_the_answer() -> None:
    whole = district_of((None, FRIDAY), (ON, ON))

    page = read(district_page(whole, now=NOW))

    assert page.one("h1").text == "All 2 rooms can teach right now"
    assert page.one(class_="lede").text == "2 rooms of 1 other site have no lesson now."
    assert "2 no lesson" in page.one("ul", class_="counts").text
    assert list(rows(page)) == ["s1-1", "s1-2", "s0-2", "s0-1"], "where a lesson is on stands first"
    assert rows(page)["s0-2"].one(class_="evidence").text.startswith("Last lesson: bad")


def test_each_sites_own_page_answers_by_its_own_lessons() -> None:
    whole = district_of((ON, ON), (None, FRIDAY))

    on, off = (site_page(whole, site, now=NOW) for site in whole.sites)

    assert read(on).one("h1").text == "School 0 All 2 rooms can teach right now"
    assert "Lesson 10:15–11:00" in header_of(on)
    assert read(off).one("h1").text == "School 1 1 of 2 rooms could not teach in the last lesson"
    assert "The last one was Friday 6 March, 13:30–14:15." in read(off).one(class_="lede").text
    assert "Last lesson Fri 6 Mar, 13:30–14:15" in header_of(off)
    room = whole.sites[1].rooms[0]
    assert "Last lesson Fri 6 Mar, 13:30–14:15" in header_of(room_page(whole, room, now=NOW))


def test_in_the_evening_each_room_is_told_by_the_last_lesson_of_its_own_site() -> None:
    last = TIMETABLE.last_lessons(IN_THE_EVENING, 1)[0]
    whole = district_of((None, last), (None, FRIDAY), now=IN_THE_EVENING)

    page = read(district_page(whole, now=IN_THE_EVENING))

    assert page.one("h1").text == "2 of 4 rooms could not teach in the last lesson"
    assert page.one(class_="lede").text.startswith(
        "No lesson now. Not all sites had the same last one; the latest was Tuesday 10 March, 13:30–14:15."
    )
