"""The lessons of a row, seen and heard."""

import pytest

from collector.board.pages import district_page, room_page
from collector.now import LessonQuality
from collector.verdict.profiles import default_profiles
from collector.verdict.throughput import shortfall
from tests.collector.board.districts import (
    NOW,
    a_cell,
    a_district,
    a_lesson,
    a_room,
    a_site,
    a_strip,
    a_test,
)
from tests.collector.board.reader import read, rows


@pytest.mark.parametrize(
    ("quality", "seconds", "said"),
    [
        ("bad", {}, "Tue 10 Mar 10:15–11:00: bad, 25 of 45 min so far"),
        ("degraded", {"bad_seconds": 300}, "Tue 10 Mar 10:15–11:00: degraded, 20 of 45 min so far"),
        ("good", {"valid_seconds": 2400}, "Tue 10 Mar 10:15–11:00: good, 40 min so far, 5 min not measured"),
        ("unknown", {}, "Tue 10 Mar 10:15–11:00: unknown, 10 of 45 min measured so far"),
        ("unknown", {"closed_seconds": 0, "valid_seconds": 0}, "Tue 10 Mar 10:15–11:00: unknown, nothing judged yet"),
    ],
)
def test_each_lesson_of_a_strip_says_how_it_went(quality: LessonQuality, seconds: dict[str, int], said: str) -> None:
    district = a_district(a_site(a_room(strip=(a_cell(quality, a_lesson(), **seconds),))))

    strip = rows(read(district_page(district, now=NOW)))["101"].one("svg", class_="strip")
    assert [one.text for one in strip.all("title")] == [said]


@pytest.mark.parametrize(
    ("bad_seconds", "said"),
    [
        (0, "bad, 0.46 Mbit/s arrived down; needs 1 Mbit/s so far"),
        (1500, "bad, 25 of 45 min, 0.46 Mbit/s arrived down; needs 1 Mbit/s so far"),
    ],
)
def test_a_lesson_that_was_short_of_throughput_says_so(bad_seconds: int, said: str) -> None:
    short = shortfall([a_test(sustained=False, received_bps=460_000)], default_profiles().in_force(), NOW)
    room = a_room(strip=(a_cell("bad", a_lesson(), bad_seconds=bad_seconds, short=short),))
    district = a_district(a_site(room))

    strip = rows(read(district_page(district, now=NOW)))["101"].one("svg", class_="strip")
    assert next(strip.all("title")).text == f"Tue 10 Mar 10:15–11:00: {said}"
    cell = read(room_page(district, room, now=NOW)).one(class_="week").one("li")
    assert cell.one(class_="bins-bad").text == ("25/45" if bad_seconds else "rate")


def test_lessons_differ_in_how_much_is_filled_and_unknown_is_hollow() -> None:
    page = read(
        district_page(a_district(a_site(a_room(strip=a_strip(["bad", "degraded", "good", "unknown"])))), now=NOW)
    )

    boxes = list(rows(page)["101"].one("svg", class_="strip").all("rect"))
    fills = [one.attributes.get("fill") for one in boxes]
    assert fills == ["url(#lesson-bad)", "url(#lesson-degraded)", "url(#lesson-good)", None]
    assert boxes[3].attributes["class"] == "hollow"
    offsets = {one.attributes["id"]: next(one.all("stop")).attributes["offset"] for one in page.all("lineargradient")}
    assert len(set(offsets.values())) == 3


def test_a_strip_is_heard_as_one_sentence() -> None:
    district = a_district(a_site(a_room(strip=a_strip(["good", "good", "bad", "unknown"]))))

    strip = rows(read(district_page(district, now=NOW)))["101"].one("svg", class_="strip")
    assert strip.attributes["aria-label"] == "Last 4 lessons: 1 bad, 1 unknown, 2 good. Bad: Tue 09:40–10:10."


def test_days_are_separated_and_a_lesson_has_the_same_place_in_every_row() -> None:
    long, short = a_room("101", strip=a_strip(["good"] * 6)), a_room("102", strip=a_strip(["good"] * 2))
    page = read(district_page(a_district(a_site(long, short)), now=NOW))

    strips = {name: row.one("svg", class_="strip") for name, row in rows(page).items()}
    last = {name: list(strip.all("rect"))[-1].attributes["x"] for name, strip in strips.items()}
    assert last["101"] == last["102"]
    assert len(list(strips["101"].all("path", class_="day"))) == 1


def test_a_strip_of_two_weeks_still_fits_a_telephone() -> None:
    page = read(district_page(a_district(a_site(a_room(strip=a_strip(["good"] * 70)))), now=NOW))

    assert float(page.one("svg", class_="axis").attributes["width"]) <= 300
