"""Which rooms a page lists: a small district all of them, a large one the worst of each site."""

import pytest

from collector.board.pages import district_page, site_page
from collector.now import DistrictNow
from collector.verdict.room_state import State
from tests.collector.board.districts import IN_THE_EVENING, NOW, a_district, a_room, a_site, a_strip
from tests.collector.board.reader import read, rows


def many(*, ok: int = 0, unknown: int = 0, bad: int = 0) -> list[State]:
    counts: list[tuple[State, int]] = [("ok", ok), ("unknown", unknown), ("bad", bad)]
    return [state for state, count in counts for _ in range(count)]


def a_district_of(sites: int, states: list[State]) -> DistrictNow:
    return a_district(
        *(
            a_site(
                *(a_room(f"{site}-{number}", state, f"s{site}") for number, state in enumerate(states)),
                site=f"s{site}",
                name=f"School {site}",
            )
            for site in range(sites)
        )
    )


def test_a_small_district_shows_every_room_and_no_line_for_a_rest() -> None:
    page = read(district_page(a_district_of(4, many(ok=36)), now=NOW))

    assert len(rows(page)) == 144
    assert not list(page.all("tr", class_="more"))


def test_a_large_site_shows_its_worst_rooms_and_one_line_for_the_rest() -> None:
    page = read(district_page(a_district_of(75, many(ok=40, unknown=3, bad=2)), now=NOW))

    assert [name for name in rows(page) if name.startswith("7-")] == ["7-43", "7-44"]
    rest = page.one("tbody", id="site:s7").one("tr", class_="more")
    assert rest.text == "43 more rooms at School 7 : 3 unknown, 40 can teach"
    assert rest.one("a").attributes["href"] == "/sites/s7"


@pytest.mark.parametrize("sites", [1, 30, 100, 400])
def test_no_district_makes_more_than_about_three_hundred_lines(sites: int) -> None:
    half = 2500 // sites
    page = read(district_page(a_district_of(sites, many(bad=half, ok=half)), now=NOW))

    assert len(list(page.all("tr"))) <= 310
    assert len(list(page.one(class_="troubles").all("li"))) == 12
    assert page.one(class_="more-troubles").text.startswith(f"and {half * sites - 12} more")


def test_sites_beyond_the_hundredth_are_named_with_their_counts_and_lead_to_their_pages() -> None:
    page = read(district_page(a_district_of(130, many(bad=1, ok=2)), now=NOW))

    further = page.one("section", class_="further")
    assert further.one("h2").text == "30 further sites"
    assert next(further.all("li")).text == "School 100 1 bad 2 ok"
    assert len(list(further.all("a"))) == 30


def test_the_rooms_that_are_named_are_of_as_many_sites_as_there_are() -> None:
    page = read(district_page(a_district_of(5, many(bad=20)), now=NOW))

    named = [one.text.split("-")[0] for one in page.one(class_="troubles").all("a")]
    assert named == ["0"] * 3 + ["1"] * 3 + ["2"] * 2 + ["3"] * 2 + ["4"] * 2


def test_outside_lessons_the_rest_is_told_by_the_last_lesson() -> None:
    rooms = [a_room(str(number), "no_lesson", strip=a_strip(["good"], IN_THE_EVENING)) for number in range(200)]
    page = read(district_page(a_district(a_site(*rooms), now=IN_THE_EVENING), now=IN_THE_EVENING))

    assert page.one("tr", class_="more").text == "50 more rooms at North School : 50 could teach"


def test_a_sites_page_answers_for_the_site_and_shows_all_its_rooms() -> None:
    district = a_district_of(100, many(ok=49, bad=1))
    page = read(site_page(district, district.sites[3], now=NOW))

    assert page.one("h1").text == "School 3 1 of 50 rooms cannot teach right now"
    assert len(rows(page)) == 50
    assert next(iter(rows(page))) == "3-49"
    assert [one.text for one in page.one("nav").all("li")] == ["Lakeside Schools", "School 3"]
    assert page.one("nav").one("a").attributes["href"] == "/"


def test_a_site_without_rooms_has_a_page() -> None:
    district = a_district(a_site())

    assert read(site_page(district, district.sites[0], now=NOW)).one("h1").text == "North School No rooms yet"
