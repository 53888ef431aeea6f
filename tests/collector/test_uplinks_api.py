"""Uplinks over HTTP: every week as numbers, what is said of them, and the forecast or why there is none."""

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from collector.verdict.uplinks.load import DISTRICT
from tests.collector.board.districts import a_district, a_room, a_site
from tests.collector.board.shown import Shown, shown
from tests.collector.uplink_weeks import a_week, monday
from tests.collector.week_builders import MONDAY

FIRST = monday(-39, MONDAY)
DISTRICT_NOW = a_district(
    a_site(a_room("204"), name="North School", simulated=True),
    a_site(a_room("1", site="south"), site="south", name="S"),
)


@pytest.fixture(scope="module")
def board() -> Iterator[Shown]:
    growing = [a_week(0.4 + 0.006 * at, monday(at, FIRST), uplink=DISTRICT) for at in range(40)]
    few = [a_week(0.5, monday(at, FIRST), uplink="site:north") for at in range(36, 40)]
    one_week = [a_week(0.5, MONDAY, uplink="site:south")]
    with shown(DISTRICT_NOW, uplinks=[*growing, *few, *one_week]) as one:
        yield one


def ask(board: Shown, path: str = "/v1/uplinks") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def found(board: Shown) -> dict[str, Any]:
    status, text = ask(board)
    assert status == 200
    answer: dict[str, Any] = json.loads(text)
    return answer


def test_every_uplink_has_its_weeks_and_a_forecast_or_its_refusal(board: Shown) -> None:
    answer = found(board)

    assert (answer["week"], answer["first_day"]) == ("2026-W10", MONDAY.isoformat())
    district, north, south = answer["uplinks"]
    assert (district["uplink"], district["site"], district["name"]) == (DISTRICT, None, "The district's way out")
    assert (north["uplink"], north["site"], north["name"]) == ("site:north", "north", "North School")
    assert (district["simulated"], north["simulated"], south["simulated"]) == (True, True, False)
    assert len(district["weeks"]) == 40
    week = district["weeks"][-1]
    assert (week["week"], week["method"], week["capacity_mbps"]) == ("2026-W10", "snmp", 1000)
    assert week["loads"]["down"]["busy_share"] == pytest.approx(0.4 + 0.006 * 39)
    assert week["loads"]["down"]["busy_bps"] == pytest.approx(1e9 * (0.4 + 0.006 * 39))
    assert district["horizon_weeks"] == len(district["path"]) == 12
    assert district["path"][-1]["low"] == district["forecast"]["low"]
    assert district["slope"] == pytest.approx(0.006)
    assert district["since"] == FIRST.isoformat()
    assert (north["forecast"], north["no_forecast"]["reason"]) == (None, "too_few_weeks")
    assert (north["no_forecast"]["known_weeks"], north["no_forecast"]["needed_weeks"]) == (4, 13)


def test_the_page_says_the_same_sentences(board: Shown) -> None:
    status, page = ask(board, "/uplinks")

    assert status == 200
    words = " ".join(page.replace("\N{NO-BREAK SPACE}", " ").replace("&#39;", "'").split())
    for one in found(board)["uplinks"]:
        for sentence in (one["name"], one["says"], one["ahead"], *(told["says"] for told in one["scenarios"])):
            assert sentence in words


def test_before_anything_is_counted_that_is_said() -> None:
    with shown(DISTRICT_NOW) as board:
        answer = found(board)
        _, page = ask(board, "/uplinks")

    assert (answer["week"], answer["uplinks"]) == (None, [])
    assert "No week of an uplink is known yet" in page
