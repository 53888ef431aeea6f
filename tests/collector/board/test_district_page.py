"""What the page at / answers."""

from datetime import timedelta

import pytest

from collector.board.pages import district_page, room_page
from collector.now import LessonQuality
from collector.verdict.room_state import State
from tests.collector.board.districts import (
    IN_THE_EVENING,
    NOW,
    a_district,
    a_mixed_district,
    a_room,
    a_site,
    a_strip,
)
from tests.collector.board.reader import read, rows


def test_the_headline_counts_the_rooms_that_cannot_teach_and_lists_them_with_their_evidence() -> None:
    rooms = [a_room("101", "bad"), a_room("102", "degraded"), a_room("103"), a_room("104", "unknown")]
    page = read(district_page(a_district(a_site(*rooms)), now=NOW))

    assert page.one("h1").text == "1 of 4 rooms cannot teach right now"
    trouble = page.one("ul", class_="troubles").one("li")
    assert trouble.one("a").attributes["href"] == "/rooms/north/101"
    assert "1 in 20 packets took longer than 412 ms; limit 200 ms." in trouble.text
    assert "Cause not determined yet." in trouble.text


@pytest.mark.parametrize(
    ("states", "headline"),
    [
        (["ok", "ok"], "All 2 rooms can teach right now"),
        (["ok", "unknown"], "1 of 2 rooms can teach right now; 1 unknown"),
        (["unknown", "unknown"], "Nothing is known right now about 2 rooms"),
        (["degraded", "ok"], "1 of 2 rooms struggles right now; none fails"),
        (["degraded", "unknown"], "1 of 2 rooms struggles right now; none is known to fail"),
    ],
)
def test_without_a_bad_room_the_headline_claims_no_more_than_is_known(states: list[State], headline: str) -> None:
    rooms = [a_room(str(number), state) for number, state in enumerate(states)]

    assert read(district_page(a_district(a_site(*rooms)), now=NOW)).one("h1").text == headline


def test_the_counts_name_every_state_and_add_up_to_the_rooms() -> None:
    page = read(district_page(a_mixed_district(), now=NOW))

    counts = {one.one(class_="word").text: int(one.one("b").text) for one in page.one(class_="counts").all("li")}
    assert counts == {"bad": 2, "degraded": 2, "unknown": 2, "ok": 3}


def test_an_unknown_room_is_never_green() -> None:
    district = a_district(a_site(a_room("101", "unknown", strip=a_strip(["unknown"] * 3))))

    row = rows(read(district_page(district, now=NOW)))["101"]
    assert not list(row.all(class_="is-ok"))
    assert not [one for one in row.all("rect") if "good" in one.attributes.get("fill", "")]
    room = read(room_page(district, next(district.rooms()), now=NOW)).one(class_="room-answer")
    assert not list(room.all(class_="is-ok"))


def test_measured_sites_come_first_then_those_with_trouble() -> None:
    calm = a_site(a_room("1", site="a", simulated=True), site="a", name="A", simulated=True)
    troubled = a_site(a_room("2", "bad", "b", simulated=True), site="b", name="B", simulated=True)
    measured = a_site(a_room("3", site="c"), site="c", name="C")
    page = read(district_page(a_district(calm, troubled, measured), now=NOW))

    assert [heading.text.split()[0] for heading in page.all("h2")] == ["C", "B", "A"]


def test_rooms_are_sorted_worst_first_and_then_as_people_count() -> None:
    names: list[tuple[str, State]] = [("10", "ok"), ("9", "ok"), ("8", "unknown"), ("7", "degraded"), ("11", "bad")]
    page = read(district_page(a_district(a_site(*(a_room(name, state) for name, state in names))), now=NOW))

    assert list(rows(page)) == ["11", "7", "8", "9", "10"]


def test_simulated_is_said_at_every_simulated_site_and_room_and_at_no_other() -> None:
    district = a_mixed_district()
    page = read(district_page(district, now=NOW))

    for section in page.all("tbody", class_="site"):
        heading = section.one("h2").text
        assert ("SIMULATED" in heading) is (heading != "This network")
    for room in district.rooms():
        assert ("SIMULATED" in rows(page)[room.room].text) is room.simulated
        own = read(room_page(district, room, now=NOW))
        assert ("SIMULATED" in own.one("h1").text) is room.simulated
    assert all("SIMULATED" in one.text for one in page.one(class_="troubles").all("li"))


def test_a_banner_says_which_sites_are_simulated_and_what_is_real() -> None:
    banner = read(district_page(a_mixed_district(), now=NOW)).one(class_="notice").text

    assert banner == "SIMULATED 2 sites are simulated for this demo; This network is measured for real."


def test_a_district_without_simulation_never_says_simulated() -> None:
    assert "simulated" not in read(district_page(a_district(a_site(a_room())), now=NOW)).text.lower()


def test_the_age_of_the_newest_data_is_in_the_header_and_in_every_row() -> None:
    district = a_district(a_site(a_room("101"), a_room("102", newest_report_at=None)))
    page = read(district_page(district, now=NOW))

    assert "Newest data 4 s old" in page.one("header", class_="top").text
    assert rows(page)["101"].one(class_="age").text == "data 4 s"
    assert rows(page)["102"].one(class_="age").text == "data never"


def test_what_keeps_the_collector_from_judging_stands_above_the_rooms() -> None:
    page = read(district_page(a_district(a_site(a_room())), now=NOW, trouble="the store did not answer"))

    assert page.one("p", class_="notice").text == (
        "The collector itself is in trouble, so what follows may be out of date: the store did not answer."
    )


def test_why_no_throughput_is_tested_stands_in_a_line_of_its_own() -> None:
    district = a_district(a_site(a_room()))
    why = "throughput tests are off: throughput = false in the collector's settings"
    page = read(district_page(district, now=NOW, throughput_off=why))

    assert (
        page.one("p", class_="notice").text
        == "Throughput tests are off: throughput = false in the collector's settings."
    )
    assert not list(read(district_page(district, now=NOW)).all("p", class_="notice"))


def test_old_data_is_warned_of_and_the_headline_stops_saying_now() -> None:
    page = read(district_page(a_district(a_site(a_room("101", "bad"))), now=NOW + timedelta(minutes=5)))

    assert page.one("p", class_="is-old").text == ("No new data since 10:31:03 , 5 min ago: the states below are old.")
    assert page.one("h1").text == "1 of 1 room could not teach at 10:31"


def test_fresh_simulated_data_does_not_hide_that_measuring_has_stopped() -> None:
    stopped = a_site(a_room(site="here", newest_report_at=NOW - timedelta(hours=1)), site="here", name="Here")
    simulated = a_site(a_room("s", site="s", simulated=True), site="s", name="S", simulated=True)
    page = read(district_page(a_district(stopped, simulated), now=NOW))

    assert "Newest measured data 60 min old" in page.one("header", class_="top").text
    assert "the states of the measured rooms below are old" in page.one("p", class_="is-old").text


def test_a_district_whose_agents_never_reported_says_so() -> None:
    page = read(district_page(a_district(a_site(a_room(state="unknown", newest_report_at=None))), now=NOW))

    assert page.one("p", class_="is-old").text == "No data yet. No agent has reported."


def test_the_header_names_the_local_time_and_the_lesson() -> None:
    header = read(district_page(a_district(a_site()), now=NOW)).one("header", class_="top").text

    assert "Tue 10 Mar, 10:31" in header
    assert "Lesson 10:15–11:00" in header


def test_outside_lessons_the_page_names_the_last_lesson_and_how_rooms_did_in_it() -> None:
    strips: dict[str, LessonQuality] = {"101": "bad", "102": "good", "103": "unknown"}
    rooms = [
        a_room(name, "no_lesson", strip=a_strip(["good", quality], IN_THE_EVENING), newest_report_at=IN_THE_EVENING)
        for name, quality in strips.items()
    ]
    page = read(district_page(a_district(a_site(*rooms), now=IN_THE_EVENING), now=IN_THE_EVENING))

    assert page.one("h1").text == "1 of 3 rooms could not teach in the last lesson"
    assert page.one(class_="lede").text == (
        "No lesson now. The last one was Tuesday 10 March, 13:30–14:15. "
        "The next begins Wednesday 11 March, 08:00–08:45."
    )
    assert "13:30–14:15: bad, 25 of 45 min." in page.one(class_="troubles").text.replace("\N{NO-BREAK SPACE}", " ")
    assert list(rows(page)) == ["101", "103", "102"]
    assert rows(page)["101"].one(class_="evidence").text == "Last lesson: bad, 25 of 45 min."


def test_a_timetable_without_lessons_is_no_error() -> None:
    district = a_district(a_site(a_room(state="no_lesson", strip=())), lesson=None, last_lesson=None, next_lesson=None)

    assert read(district_page(district, now=NOW)).one("h1").text == "No lesson now"
    assert "No lesson yet." in room_page(district, next(district.rooms()), now=NOW)


def test_a_district_without_sites_or_rooms_or_data_has_a_page() -> None:
    assert read(district_page(a_district(), now=NOW)).one("h1").text == "No rooms yet"
    assert "No rooms at this site yet." in district_page(a_district(a_site()), now=NOW)
