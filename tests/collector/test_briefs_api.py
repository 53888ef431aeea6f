"""The weekly page over HTTP: as JSON, as files, and a clear no for a week that has none."""

import csv
import http.client
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from collector.verdict.days import TestCount as Counted
from tests.collector.board.districts import a_district, a_room, a_site
from tests.collector.board.shown import Shown, shown
from tests.collector.week_builders import MONDAY, a_week

FORMULA = "=HYPERLINK(1)"
NAMED = "the newest week that was judged is 2026-W10"


@pytest.fixture(scope="module")
def board() -> Iterator[Shown]:
    district = a_district(
        a_site(a_room("204"), a_room("205", name="音楽室"), a_room("206", name=FORMULA), name="North School"),
        a_site(a_room("1", site="south"), site="south", name="South School"),
        a_site(site="closed", name="Closed School"),
    )
    weeks = (
        a_week("204", previous="restricted", entered_by=None),
        a_week("205", "ok", previous="at_risk"),
        a_week("206", "unknown"),
        a_week("1", "restricted", site="south", tests={"down": Counted(passed=30, told=35)}),
        a_week("204", week=MONDAY - timedelta(weeks=1), entered_by=None),
        a_week("204", week=MONDAY - timedelta(weeks=3)),
    )
    with shown(district, weeks=weeks) as one:
        yield one


def get(board: Shown, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def ask(board: Shown, path: str) -> tuple[int, dict[str, Any]]:
    status, _, body = get(board, path)
    return status, json.loads(body)


def test_a_page_is_an_answer_with_its_numbers(board: Shown) -> None:
    status, found = ask(board, "/v1/briefs/2026-W10")

    assert status == 200
    assert found["headline"] == "The network restricted lessons in 2 of 4 rooms"
    assert found["verdicts"] == {"restricted": 2, "at_risk": 0, "unknown": 1, "ok": 1}
    assert {(one["room"], one["since"]) for one in found["rooms"]} == {("204", "2026-02-09"), ("1", "2026-03-02")}
    assert len(found["to_do"]) == 3
    assert found["files"]["pdf"] == "/brief/2026-W10.pdf"


def test_newest_is_the_newest_page_and_asking_again_finds_the_same(board: Shown) -> None:
    assert ask(board, "/v1/briefs/newest") == ask(board, "/v1/briefs/2026-W10")


def test_a_site_has_a_page_of_its_own(board: Shown) -> None:
    _, found = ask(board, "/v1/briefs/newest?site=south")

    assert (found["site"], found["site_name"]) == ("south", "South School")
    assert found["headline"] == "The network restricted lessons in the one room"
    assert found["files"]["zip"] == "/brief/2026-W10.zip?site=south"


def test_the_page_is_a_file_in_each_of_its_forms(board: Shown) -> None:
    for ending, media_type, begins in (
        ("", "text/html; charset=utf-8", b"<!DOCTYPE"),
        (".html", "text/html; charset=utf-8", b"<!DOCTYPE"),
        (".txt", "text/plain; charset=utf-8", b""),
        (".pdf", "application/pdf", b"%PDF-"),
        (".zip", "application/zip", b"PK"),
    ):
        status, headers, body = get(board, f"/brief/newest{ending}?site=south")
        assert (status, headers["content-type"]) == (200, media_type)
        assert body[:9].upper().startswith(begins)
        assert f'filename="bandroom-brief-2026-W10-south{ending or ".html"}"' in headers["content-disposition"]
        assert "script-src" not in headers["content-security-policy"]


def test_the_csv_has_every_room_and_runs_no_formula(board: Shown) -> None:
    _, _, body = get(board, "/brief/newest.zip")
    with zipfile.ZipFile(io.BytesIO(body)) as files:
        assert set(files.namelist()) == {"page.csv", "rooms.csv", "uplinks.csv", "uplink-weeks.csv", "capacity.csv"}
        text = files.read("rooms.csv").decode("utf-8-sig")
    rows = {one["room"]: one for one in csv.DictReader(io.StringIO(text, newline=""))}

    assert set(rows) == {"204", "205", "206", "1"}
    assert (rows["206"]["room_name"], rows["206"]["bad_share"]) == (f"'{FORMULA}", "")
    assert (rows["204"]["verdict"], rows["204"]["bad_minutes"], rows["204"]["restricted_since"]) == (
        "restricted", "600", "2026-02-09",
    )  # fmt: skip
    assert rows["1"]["tests_down"] == "35"


@pytest.mark.parametrize(
    ("path", "status", "word", "says"),
    [
        ("2026-47", 422, "bad_week", '"2026-47" is no week'),
        ("2026-W11", 404, "week_to_come", f"2026-W11 has not been judged yet; {NAMED}"),
        ("2026-W01", 404, "no_such_week", f"nothing was judged in 2026-W01; {NAMED}"),
        ("newest?site=nowhere", 404, "unknown_site", "no such site; /v1/sites lists them"),
        ("newest?site=closed", 404, "no_such_week", f"nothing was judged in 2026-W10; {NAMED}"),
    ],
)
def test_a_week_without_a_page_gets_a_clear_no(board: Shown, path: str, status: int, word: str, says: str) -> None:
    got, problem = ask(board, f"/v1/briefs/{path}")

    assert (got, problem["error"]) == (status, word)
    assert says in problem["detail"]


def test_a_browser_is_led_to_the_newest_week_instead(board: Shown) -> None:
    status, _, body = get(board, "/brief/2026-W11.html")

    assert status == 404
    assert b"2026-W11 has not been judged yet" in body
    assert b'href="/week/2026-W10"' in body


def test_the_board_leads_to_the_page(board: Shown) -> None:
    _, _, body = get(board, "/week?site=south")

    for ending in ("html", "pdf", "zip"):
        assert f'href="/brief/2026-W10.{ending}?site=south"' in body.decode()


def test_before_the_first_week_that_is_said() -> None:
    with shown(a_district(a_site(a_room("204")))) as board:
        status, problem = ask(board, "/v1/briefs/newest")

    assert (status, problem["error"]) == (404, "no_such_week")


@pytest.mark.parametrize("week", ["0001-W01", "9999-W52", "2026-W53"])
def test_no_week_is_too_far_away_for_a_clear_no(board: Shown, week: str) -> None:
    status, found = ask(board, f"/v1/briefs/{week}")

    assert (status, found["error"]) in {(404, "no_lessons"), (404, "week_to_come"), (404, "no_such_week")}
    assert get(board, f"/brief/{week}.pdf")[0] == 404
    assert get(board, f"/v1/weeks/{week}")[0] == 404
    assert get(board, f"/week?week={week}")[0] in {200, 404}
