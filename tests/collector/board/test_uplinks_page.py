"""The page of the uplinks and its drawing: values in, HTML and SVG out."""

import re
from xml.etree import ElementTree

import pytest

from collector.board.pages import district_page
from collector.board.uplink_chart import NARROW, WIDE, chart_summary, uplink_chart
from collector.board.uplinks_page import MOST_CHARTS, uplink_line, uplinks_page
from collector.verdict.uplinks.load import DISTRICT
from collector.verdict.uplinks.look_ahead import outlook
from collector.verdict.uplinks.outlook import Forecast, Outlook
from tests.collector.board.districts import NOW, a_district, a_room, a_site
from tests.collector.board.reader import read
from tests.collector.uplink_weeks import a_week, looked_at, monday, weeks_of

GROWING = looked_at(weeks_of([0.3 + 0.006 * at for at in range(40)]))
DISTRICT_NOW = a_district(a_site(a_room("204", site="oak-hill"), site="oak-hill", name="Oak Hill"))


def page_of(*found: Outlook) -> str:
    return uplinks_page(DISTRICT_NOW, found, through=monday(39), now=NOW)


def svg(one: Outlook, width: float = WIDE) -> ElementTree.Element:
    return ElementTree.fromstring(uplink_chart(one, width=width))


def texts(one: Outlook, width: float = WIDE) -> list[str]:
    return [text.text or "" for text in svg(one, width).iter("text")]


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_drawing_names_its_limit_its_capacity_what_is_and_what_will_be(width: float) -> None:
    said = texts(GROWING, width)

    assert isinstance(GROWING.forecast, Forecast)
    low, high = round(100 * GROWING.forecast.low), round(100 * GROWING.forecast.high)
    assert {"80 %", "100 %", "all of 1,000 Mbit/s", "53 %", f"{low} to {high} %"} <= set(said)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_nothing_is_drawn_outside(width: float) -> None:
    drawn = svg(GROWING, width)

    height = float(drawn.attrib["height"])
    for path in drawn.iter("path"):
        for x, y in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path.attrib["d"]):
            assert 0 <= float(x) <= width
            assert 0 <= float(y) <= height


def test_a_drawing_has_no_colours_of_its_own_and_fetches_nothing() -> None:
    assert "#" not in uplink_chart(GROWING)
    assert "//" not in uplink_chart(GROWING)


def test_a_drawing_is_told_in_words() -> None:
    assert svg(GROWING).attrib["aria-label"] == chart_summary(GROWING)
    assert chart_summary(GROWING).startswith(
        "Share of the capacity in the busiest hour of each week, 1 September 2025 to 1 June 2026: 30 % at first, "
        "53 % last, 53 % at most. Forecast for the week of 24 August 2026: "
    )


def test_missing_weeks_are_gaps_and_a_change_of_the_capacity_is_marked() -> None:
    weeks = [*weeks_of([0.5, 0.5, None, 0.5]), *(a_week(0.2, monday(4 + at), capacity=4000) for at in range(3))]
    drawn = uplink_chart(looked_at(weeks))

    assert "1,000 to 4,000 Mbit/s" in drawn
    line = next(path for path in re.findall(r'd="([^"]+)"', drawn) if path.count("L") > 2)
    assert line.count("M") == 2


@pytest.mark.parametrize("shares", [[], [0.4], [None, None, 0.4]])
def test_with_fewer_than_two_weeks_nothing_is_drawn(shares: list[float | None]) -> None:
    found = looked_at(weeks_of(shares)) if shares else outlook(DISTRICT, [], school_weeks=[], through=monday(0))

    assert uplink_chart(found) == chart_summary(found) == ""


def test_the_most_urgent_uplink_stands_first_and_in_the_headline() -> None:
    district = outlook(
        DISTRICT,
        [a_week(0.85, monday(at), uplink=DISTRICT) for at in range(4)],
        school_weeks=[],
        through=monday(3),
    )
    page = read(page_of(GROWING, district))

    assert page.one("h1").text.endswith("The district's way out: at its limit")
    assert next(page.all("h2")).text.strip().startswith("The district's way out")
    assert [one.text for one in page.all("span", class_="word") if one.text in {"act now", "fine"}] == [
        "act now",
        "fine",
        "act now",
        "fine",
    ]


def test_the_first_page_tells_of_what_is_to_be_done_and_of_no_other() -> None:
    full = looked_at(weeks_of([0.85] * 4))

    told = read(district_page(DISTRICT_NOW, now=NOW, outlooks=(GROWING, full)))
    calm = read(district_page(DISTRICT_NOW, now=NOW, outlooks=(GROWING,)))

    (line,) = told.all("p", class_="week-line")
    assert line.text.replace("\xa0", " ").strip() == (
        "The uplink of Oak Hill is 85 % full in its busiest hour: act now. The uplinks"
    )
    assert not list(calm.all("p", class_="week-line"))


def test_several_that_are_full_stand_in_one_line() -> None:
    full = [
        outlook(key, weeks_of([0.85 + 0.01 * at] * 4), school_weeks=[], through=monday(3))
        for at, key in enumerate(("site:oak-hill", DISTRICT))
    ]

    line = uplink_line(DISTRICT_NOW, full)

    assert line is not None
    assert line.says == (
        "2 uplinks (Oak Hill and The district's way out) are up to 86 % full in their busiest hour: act now"
    )


def test_scenarios_are_called_assumptions_and_stand_apart_from_the_forecast() -> None:
    page = read(page_of(GROWING))

    assert page.one("p", class_="what-if").text == "What if; assumptions, no forecasts:"
    assert len(list(page.one("ul", class_="scenarios").all("li"))) == 3
    assert "If it" not in page.one("p", class_="ahead").text


def test_the_newest_weeks_stand_as_numbers() -> None:
    page = read(page_of(GROWING))

    rows = list(page.one("table").one("tbody").all("tr"))
    assert len(rows) == 8
    assert rows[0].one("th").text == "2026-W23"
    cells = [cell.text.replace("\xa0", " ") for cell in rows[0].all("td")]
    assert cells == ["53 %", "534 Mbit/s down", "10:00", "587 Mbit/s", "5 of 5 days, 100 % of the time"]


def test_of_very_many_uplinks_the_most_urgent_are_drawn_and_all_are_told() -> None:
    many = [
        outlook(f"site:s{number}", weeks_of([0.3, 0.3, 0.3, 0.3]), school_weeks=[], through=monday(3))
        for number in range(MOST_CHARTS + 10)
    ]
    page = read(page_of(*many))

    assert len(list(page.all("h2"))) == MOST_CHARTS + 10
    assert len(list(page.all("figure"))) == MOST_CHARTS
