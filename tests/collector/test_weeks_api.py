"""A week's verdicts over HTTP: all that they stand on as numbers, and a clear no for a week that is none."""

import http.client
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from collector.verdict.days import TestCount as Counted
from tests.collector.board.districts import a_district, a_room, a_site
from tests.collector.board.shown import Shown, shown
from tests.collector.week_builders import MONDAY, a_week

NAMED = "the newest week that was judged is 2026-W10"
LONG = "Großes Labor für Naturwissenschaften und Technik, 2. Stock, Raum 204 – Ost"


@pytest.fixture(scope="module")
def board() -> Iterator[Shown]:
    district = a_district(
        a_site(
            a_room("204", name=LONG), a_room("205", name="音楽室"), a_room("206"), simulated=True, name="North School"
        )
    )
    weeks = (
        a_week("204", previous="ok", tests={"down": Counted(passed=30, told=35)}),
        a_week("205", "ok", previous="ok"),
        a_week("206", "unknown"),
        a_week("204", "ok", week=MONDAY - timedelta(weeks=1)),
    )
    with shown(district, weeks=weeks) as one:
        yield one


def ask(board: Shown, path: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_week_has_every_room_worst_first_with_what_it_is_called(board: Shown) -> None:
    status, found = ask(board, "/v1/weeks/2026-W10")

    assert status == 200
    assert (found["week"], found["first_day"], found["newest"]) == ("2026-W10", "2026-03-02", "2026-W10")
    assert found["verdicts"] == {"restricted": 1, "unknown": 1, "ok": 1}
    assert [(one["room_name"], one["verdict"]) for one in found["rooms"]] == [
        (LONG, "restricted"),
        ("206", "unknown"),
        ("音楽室", "ok"),
    ]
    assert {(one["site_name"], one["simulated"]) for one in found["rooms"]} == {("North School", True)}


def test_newest_is_the_newest_week(board: Shown) -> None:
    assert ask(board, "/v1/weeks/newest") == ask(board, "/v1/weeks/2026-W10")


def test_a_room_has_all_its_evidence_as_numbers(board: Shown) -> None:
    one = ask(board, "/v1/weeks/2026-W10")[1]["rooms"][0]

    assert one["evidence"].startswith(f"{LONG} is restricted, because of its Wi-Fi, on 38 % of lesson time")
    bins = {name: one[f"{name}_bins"] for name in ("in_session", "awake", "valid", "bad")}
    assert bins == {"in_session": 315, "awake": 315, "valid": 315, "bad": 120}
    assert (one["bad_share"], one["lower"], one["upper"]) == (pytest.approx(120 / 315), 0.31, 0.46)
    assert (one["cause"], one["confidence"], one["budget_line"]) == ("room_access", "high", "C2")
    assert (one["bad_minutes"], one["bad_days"], one["lessons"], len(one["hit_lessons"])) == (600.0, 5, 35, 3)
    assert one["tests"] == {"down": {"passed": 30, "told": 35}}
    assert one["rule_version"] == 1
    assert one["profiles_digest"]
    assert one["marks"][0] == {
        "day": "2026-03-02",
        "bins": 63,
        "bad": 24,
        "barely_bad": 0,
        "nearly_bad": 0,
        "degraded": 0,
        "good": 39,
        "spoiled": 0,
        "too_little": 0,
        "asleep": 0,
    }
    example = one["example"]
    assert example["room"][0] == {"target": "gateway", "p95_ms": 210.0, "usual_ms": 3.0, "loss": 0.0}
    assert (example["bad_peers"], example["peers"], example["medium"], example["rule"]) == (1, 7, "wifi", "L2")
    assert example["comparison"].endswith("1 of 7 other rooms was bad")
    assert {"Cause", "What would change it"} <= {fact["name"] for fact in one["facts"]}


def test_an_unknown_room_has_no_share_and_says_why(board: Shown) -> None:
    one = ask(board, "/v1/weeks/2026-W10")[1]["rooms"][1]

    assert (one["verdict"], one["bad_share"], one["lower"], one["upper"], one["cause"]) == ("unknown", *[None] * 4)
    assert one["evidence"] == (
        "Whether room 206 is restricted is not known: no agent of the room was awake in any lesson."
    )


def test_a_rooms_own_answer_has_its_weeks_in_order(board: Shown) -> None:
    _, found = ask(board, "/v1/rooms/north/204")

    assert [(one["week"], one["verdict"]) for one in found["weeks"]] == [("2026-W09", "ok"), ("2026-W10", "restricted")]
    assert found["located"] is None


@pytest.mark.parametrize(
    ("week", "status", "word", "says"),
    [
        ("2026-47", 422, "bad_week", '"2026-47" is no week; write it as 2026-W47, weeks from W01 to W52 or W53'),
        ("2026-W99", 422, "bad_week", "is no week"),
        ("%00", 422, "bad_week", "is no week"),
        ("2026-W11", 404, "week_to_come", f"2026-W11 has not been judged yet; {NAMED}"),
        ("2026-W01", 404, "no_such_week", f"nothing was judged in 2026-W01; {NAMED}"),
    ],
)  # fmt: skip
def test_a_week_that_is_none_gets_a_clear_no(board: Shown, week: str, status: int, word: str, says: str) -> None:
    got, problem = ask(board, f"/v1/weeks/{week}")

    assert (got, problem["error"]) == (status, word)
    assert says in problem["detail"]


def test_before_the_first_week_that_is_said() -> None:
    with shown(a_district(a_site(a_room("204")))) as board:
        status, problem = ask(board, "/v1/weeks/newest")

    assert (status, problem["error"]) == (404, "no_such_week")
    assert "no week has been judged yet" in problem["detail"]
