"""The charts of a room: what is drawn, where, and what is said instead."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from collector.board.pages import room_page
from collector.board.phrases import FAILURE_WORDS, METHOD_WORDS
from collector.board.scale import latency_scale
from collector.board.throughput_words import ENDED_WORDS, value
from collector.now import RoomNow
from collector.verdict.profiles import default_profiles
from collector.verdict.room_state import RoomState
from collector.verdict.throughput import ThroughputTest, shortfall, speaking_tests
from tests.collector.board.districts import NOW, a_bin, a_cell, a_district, a_lesson, a_room, a_site, a_test
from tests.collector.board.reader import Element, read
from wire.report_words import Direction, Failure
from wire.reports import EndedBy, LatencyMethod

START = a_lesson().started_at


def page_of(room: RoomNow) -> Element:
    return read(room_page(a_district(a_site(room)), room, now=NOW))


def measured(*qualities: Any, **given: Any) -> RoomNow:
    """A room whose lesson began with bins of these qualities; ``...`` leaves one out."""
    bins = tuple(
        a_bin(quality, started_at=START + timedelta(minutes=5 * number), **given)
        for number, quality in enumerate(qualities)
        if quality is not ...
    )
    return a_room(bins=bins, strip=(a_cell(lesson=a_lesson(), closed_seconds=300 * len(qualities)),))


def a_room_with(*tests: ThroughputTest) -> RoomNow:
    return a_room(tests=tests, speaking=tuple(speaking_tests(tests, NOW)))


def drawing(page: Element, kind: str = "wide") -> Element:
    return page.one("figure", id="latency-chart").one("svg", class_=kind)


def ys(path: Element) -> set[float]:
    return {float(one) for one in re.findall(r"(?:M[\d.]+ |V)([\d.]+)", path.attributes["d"])}


def limit_y(chart: Element, text: str) -> float:
    label = next(one for one in chart.all("text", class_="limit-text") if text in one.text)
    return float(label.attributes["y"]) - 4


def test_a_limit_is_a_line_with_its_words_and_what_is_beyond_stands_above_it() -> None:
    chart = drawing(page_of(measured("good", "bad", "degraded")))

    words = [one.text for one in chart.all("text", class_="limit-text")]
    assert words == [
        "100 ms: delay is noticed",
        "200 ms: video lesson fails",
        "400 ms: cloud documents fail",
        "fails from 5 % lost",
    ]
    (beyond,) = ys(chart.one("path", class_="beyond"))
    assert beyond < limit_y(chart, "video lesson fails") < limit_y(chart, "delay is noticed")
    p95 = next(chart.all("path", class_="p95"))
    assert max(ys(p95)) > limit_y(chart, "delay is noticed")
    assert len(ys(p95)) == 3


@pytest.mark.parametrize("nothing", [None, ...])
def test_where_nothing_is_known_the_line_is_interrupted_and_the_gap_is_hatched(nothing: Any) -> None:
    chart = drawing(page_of(measured("good", nothing, "good")))

    assert next(chart.all("path", class_="p95")).attributes["d"].count("M") == 2
    (gap,) = chart.all("path", class_="gap")
    assert gap.attributes["fill"] == "url(#gap-wide)"
    assert "not enough measured" in chart.text


def test_what_is_still_to_come_is_neither_known_nor_a_gap() -> None:
    chart = drawing(page_of(measured("good", "good", "good")))

    lesson = next(chart.all("rect", class_="lesson"))
    end = float(lesson.attributes["x"]) + float(lesson.attributes["width"])
    drawn = max(float(x) for x in re.findall(r"H([\d.]+)", next(chart.all("path", class_="p95")).attributes["d"]))
    assert drawn < end - 100
    assert not list(chart.all("path", class_="gap"))


def test_bins_too_narrow_to_see_are_drawn_as_the_worst_of_them() -> None:
    bins = tuple(
        a_bin("bad" if number == 7 else "good", seconds=2, started_at=START + timedelta(seconds=2 * number))
        for number in range(450)
    )
    room = a_room(bins=bins, strip=(a_cell(lesson=a_lesson(), closed_seconds=900),))
    chart = drawing(page_of(room), "narrow")

    assert len(re.findall("H", next(chart.all("path", class_="p95")).attributes["d"])) < 160
    assert chart.one("path", class_="beyond").attributes["d"].count("M") == 1


def test_loss_has_a_line_of_its_own_with_its_limit() -> None:
    chart = drawing(page_of(measured("good", "good", received=270)))

    bars = list(chart.all("rect", class_="lost-bar"))
    assert len(bars) == 2
    assert all("beyond" in one.attributes["class"] for one in bars)


def test_a_chart_is_told_in_words_and_lessons_are_named_under_it() -> None:
    page = page_of(measured("good", "bad", None))
    chart = drawing(page)

    said = (
        "In the last 1 lesson, 1 in 20 packets took 200 ms or longer in 1 of 2 bins that could be judged. "
        "The slowest was 412 ms, Tue 10 Mar at 10:20. None lost 5 % or more."
    )
    assert said in chart.attributes["aria-label"]
    assert said in page.one("figure", id="latency-chart").one("figcaption").text.replace("\N{NO-BREAK SPACE}", " ")
    assert {"Tue 10 Mar", "10:15"} <= {one.text for one in chart.all("text")}
    assert {one.text for one in chart.all("title")} >= {"Tue 10 Mar 10:20: p50 206 ms, p95 412 ms, lost 0.3 %"}


def test_a_room_without_a_judged_bin_says_so_instead_of_an_empty_chart() -> None:
    page = page_of(measured(None))

    assert not list(page.all("figure"))
    assert "has a bin that could be judged, so there is nothing to draw" in page.text


def test_the_axis_holds_whatever_is_measured_and_does_not_end_below_the_limits() -> None:
    for lowest, highest in ((0.4, 640.0), (22.0, 640.0), (0.02, 90_000.0), (None, 640.0)):
        scale = latency_scale(lowest_ms=lowest, highest_ms=highest, top=20, length=200)
        assert scale.low <= max(lowest or 10, 0.1)
        assert scale.y(highest) >= 20
        assert scale.y(lowest or 10) <= 220
        assert 2 <= len(scale.ticks()) <= 7


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "≥ 1 Mbit/s"),
        ({"sustained": False, "received_bps": 462_000}, "0.46 Mbit/s"),
        ({"sustained": None, "received_bps": 300_000}, "could not tell"),
        ({"sustained": None, "received_bps": 300_000, "at_ceiling": True}, "≥ 0.3 Mbit/s"),
        ({"received_bps": 1_240_000, "at_ceiling": True}, "≥ 1.24 Mbit/s"),
        ({"received_bps": 312_000_000, "offered_bps": None, "at_ceiling": True}, "≥ 312 Mbit/s"),
        ({"sustained": None, "received_bps": None, "failure": "no_answer"}, "no answer"),
        ({"sustained": True, "received_bps": 312_000_000, "offered_bps": None}, "312 Mbit/s"),
    ],
)
def test_a_test_says_at_least_when_it_was_not_asked_for_more(given: dict[str, Any], said: str) -> None:
    assert value(a_test(**given)).replace("\N{NO-BREAK SPACE}", " ") == said


def test_each_test_is_a_mark_with_its_time_against_the_line_of_the_need() -> None:
    short = a_test(sustained=False, received_bps=460_000)
    unsure = a_test(sustained=None, received_bps=300_000, ended_at=NOW - timedelta(hours=1))
    page = page_of(a_room_with(unsure, short))
    chart = page.one("figure", id="throughput-down").one("svg", role="img")

    need = float(next(chart.all("path", class_="limit")).attributes["d"].split()[0].removeprefix("M"))
    marks = {one.attributes["href"]: float(one.attributes["x"]) + 7 for one in chart.all("use")}
    assert marks["#state-unknown"] < marks["#state-bad"] < need
    assert [one.text for one in chart.all("text", class_="at")] == ["10:12", "09:31"]
    assert [one.text for one in chart.all("text", class_="speaks")] == ["10:12"]
    assert "10:12: 0.46 Mbit/s, too little." in chart.attributes["aria-label"]
    assert "need: video lesson and cloud documents 1 Mbit/s" in page.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("direction", ["down", "up"])
def test_only_a_direction_that_was_tested_has_a_chart(direction: Direction) -> None:
    page = page_of(a_room_with(a_test(direction=direction)))

    assert [one.attributes["id"] for one in page.all("figure", class_="throughput")] == [f"throughput-{direction}"]


def test_tests_stand_as_numbers_with_what_they_cost_beside_the_chart() -> None:
    page = page_of(a_room_with(a_test(), a_test(direction="up", ended_by="rtt", sustained=None)))

    table = page.one("details", id="tests").one("table")
    assert "could not tell ; stopped, because latency rose" in table.text
    assert "0.7 MB" in table.text
    assert "they used 0.7 MB" in page.one("figure", id="throughput-down").text.replace("\N{NO-BREAK SPACE}", " ")


def test_each_method_each_end_of_a_test_and_each_failure_has_words() -> None:
    assert METHOD_WORDS.keys() == set(get_args(LatencyMethod))
    assert ENDED_WORDS.keys() == set(get_args(EndedBy))
    assert FAILURE_WORDS.keys() == set(get_args(Failure))


def test_tests_that_are_too_old_to_speak_say_so() -> None:
    page = page_of(a_room_with(a_test(ended_at=NOW - timedelta(hours=2))))

    assert "None that could tell is from the last 60 minutes" in page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "No throughput test of the last hour could tell" in page.text


def test_throughput_that_was_never_measured_is_said_and_not_drawn() -> None:
    page = page_of(a_room())

    assert not list(page.all("figure", class_="throughput"))
    assert "Throughput has not been measured in this room yet" in page.text


def test_a_room_that_is_short_of_throughput_says_so_beside_the_limit() -> None:
    test = a_test(sustained=False, received_bps=460_000)
    short = shortfall([test], default_profiles().in_force(), NOW)
    room = a_room(state="bad", tests=(test,), speaking=(test,))
    page = page_of(replace(room, state=RoomState(state="bad", short=short)))

    facts = {one.one("dt").text: one.one("dd").text for one in page.one(class_="facts").all("div")}
    assert facts["Worst dimension"] == "throughput"
    assert facts["Held against"] == "below profile video_lesson v1"
    row = next(row for row in page.all("tr") if row.text.startswith("throughput, down"))
    assert row.one("span", class_="is-bad").text.replace("\N{NO-BREAK SPACE}", " ") == "0.46 Mbit/s"
