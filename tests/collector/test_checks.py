"""A browser, or whoever says so, at the endpoints of a check: over real HTTP."""

import json
import re
import secrets
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.checks import limits
from collector.checks.running import MOST_PINGS, MOST_POST_BYTES, POST_BYTES, POSTS_AT_ONCE
from collector.district.assessments import Assessment
from collector.throughput.leases import LEASE_NS
from tests.collector.live import MONDAY_10, TOKEN, Answered, Live, a_district, live_collector
from tests.collector.stream_client import StreamClient, a_lease, faults
from tests.end_to_end.waiting import eventually
from wire.sufficiency import most_bytes

JSON = {"Content-Type": "application/json"}
READER = {"Authorization": "Basic " + b64encode(b"anyone:open sesame").decode()}
LEASE_S = LEASE_NS / 1e9
HOUR = timedelta(hours=1)
DOWN_BYTES, UP_BYTES = most_bytes(1_000_000), most_bytes(500_000)
OPEN = ("/check", "/check.js", "/style.css", "/v1/checks/places")
BOARD = ("/", "/renew.js", "/sites/oak-hill", "/rooms/oak-hill/204")
CLOSED = (*BOARD, "/v1/rooms", "/v1/sites", "/v1/profiles", "/metrics")
"""What `check_open` opens, and what it does not."""
NOTHING = {"idle_rtt_us": [], "before_up": 0, "down": None, "up": None}


@pytest.fixture(autouse=True)
def _nothing_is_logged_as_a_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert faults([*caplog.get_records("setup"), *caplog.get_records("call")]) == []


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path) as running:
        eventually("the first round has ended", lambda: running.services.engine.now)
        yield running


def post(live: Live, path: str, value: object) -> Answered:
    return live.ask("POST", path, json.dumps(value).encode(), JSON)


def ask(live: Live, room: str = "204", request: str | None = None, site: str = "oak-hill") -> Answered:
    return post(live, "/v1/checks", {"site": site, "room": room, "request": request or secrets.token_hex(8)})


def begin(live: Live, room: str = "204") -> str:
    """The address of a check that began."""
    answer = ask(live, room)
    assert answer.status == 200, answer
    return f"/v1/checks/{answer.body['check']}"


def end(live: Live, check: str, **told: Any) -> Answered:
    return post(live, f"{check}/end", NOTHING | told)


def send_up(live: Live, check: str, size: int = POST_BYTES) -> Answered:
    return live.ask("POST", f"{check}/up", bytes(size))


def direction(**told: Any) -> dict[str, Any]:
    return {"ended_by": "time", "lasted_ms": 5_000, "stalled_ms": 0, "trips": []} | told


@contextmanager
def downloading(live: Live, check: str) -> Iterator[StreamClient]:
    """A connection on which the download has begun."""
    with StreamClient(live) as client:
        client.link.sendall(f"GET {check}/down HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        yield client


def test_a_check_is_given_a_plan_and_kept_with_the_room_when_it_ends(live: Live) -> None:
    began = ask(live).body
    check = f"/v1/checks/{began['check']}"

    assert re.fullmatch(r"[0-9a-f]{32}", began["check"])
    assert (began["down"]["required_bps"], began["up"]["required_bps"]) == (1_000_000, 500_000)
    assert (began["down"]["most_bytes"], began["up"]["most_bytes"]) == (DOWN_BYTES, UP_BYTES)
    assert live.ask("GET", f"{check}/ping").status == 204
    with downloading(live, check) as client:
        assert client.status() == 200
        received = len(client.link.recv(1_000))
    assert send_up(live, check).body == {"decided": False}

    found = end(
        live,
        check,
        idle_rtt_us=[12_000] * 40,
        before_up=4,
        down=direction(arrivals=[[5, received]], trips=[[0, 12_000]]),
        up=direction(trips=[[0, 12_000], [100, None]]),
    )
    assert found.status == 200, found
    assert [one["profile"] for one in found.body["profiles"]] == ["video_lesson", "cloud_docs_lms"]
    assert (found.body["answer"], found.body["why"]) == ("cannot", "down")
    kept = live.ask("GET", "/v1/rooms/oak-hill/204").body["check"]
    assert kept == {name: value for name, value in found.body.items() if name != "profiles"}
    assert live.metrics()['bandroom_room_checks_total{answer="cannot"}'] == 1


def test_a_page_elsewhere_cannot_make_a_readers_browser_begin_one(live: Live) -> None:
    asked = json.dumps({"site": "oak-hill", "room": "204", "request": "1" * 16}).encode()
    for kind in ({}, {"Content-Type": "text/plain"}):
        answer = live.ask("POST", "/v1/checks", asked, kind)
        assert (answer.status, answer.body["error"]) == (415, "not_json")


def test_the_same_request_gets_the_same_check_and_the_same_end(live: Live) -> None:
    request = secrets.token_hex(8)
    first, again = ask(live, request=request), ask(live, request=request)
    assert first.body == again.body

    check = f"/v1/checks/{first.body['check']}"
    assert end(live, check).body == end(live, check, idle_rtt_us=[1_000] * 40).body
    assert ask(live, request=request).body["error"] == "lease_over"


def test_what_could_not_be_measured_is_said_to_be_so(live: Live) -> None:
    found = end(live, begin(live)).body
    assert (found["answer"], found["why"]) == ("unknown", "broken")


def test_one_test_at_a_time_whoever_asks(live: Live) -> None:
    check = begin(live)
    assert ask(live, "205").body["error"] == "lease_taken"
    assert live.ask("DELETE", check).status == 204
    assert live.ask("GET", f"{check}/ping").status == 404
    assert live.ask("GET", "/v1/rooms/oak-hill/204").body["check"] is None, "nothing is kept"

    lease = a_lease(live)
    assert ask(live, "205").body["error"] == "lease_taken"
    agent = {"Authorization": f"Bearer {TOKEN}"} | JSON
    live.ask("POST", f"/v1/leases/{lease}/end", b'{"version": 2, "used_bytes": 0}', agent)
    assert ask(live, "205").status == 200


def test_a_room_is_checked_out_of_lessons_too(tmp_path: Path) -> None:
    district = a_district()
    quiet = replace(district, calendar=replace(district.calendar, lessons_by_weekday={}))
    with live_collector(tmp_path, district=quiet) as live:
        assert ask(live).status == 200


def test_while_an_exam_is_written_no_room_of_that_school_is_checked(tmp_path: Path) -> None:
    exam = Assessment(name="State test", started_at=MONDAY_10 - HOUR, ended_at=MONDAY_10 + HOUR)
    with live_collector(tmp_path, district=replace(a_district(), assessments=(exam,))) as live:
        assert ask(live).body["error"] == "assessment"
        live.clock.move(2 * HOUR)
        assert ask(live).status == 200


def test_where_throughput_is_not_tested_no_room_is_checked(tmp_path: Path) -> None:
    with live_collector(tmp_path, throughput=False) as live:
        answer = ask(live)
        assert (answer.status, answer.body["error"]) == (403, "throughput_off")


def test_who_checked_asks_for_help_once_the_check_is_kept(live: Live) -> None:
    check = begin(live)
    assert live.ask("POST", f"{check}/tell").status == 404
    end(live, check)
    assert live.ask("POST", f"{check}/tell").status == 204
    assert live.ask("GET", "/v1/rooms/oak-hill/204").body["check"]["told"] is True
    assert "asked for help" in live.ask("GET", "/rooms/oak-hill/204").body


@pytest.mark.parametrize(("site", "room"), [("oak-hill", "999"), ("nowhere", "204"), ("", ""), ("oak-hill/204", "")])
def test_a_room_that_is_not_there_is_not_checked(live: Live, site: str, room: str) -> None:
    assert ask(live, room, site=site).body["error"] == "unknown_room"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"site": "oak-hill", "room": "204"}',
        b'{"site": "oak-hill", "room": "204", "request": "0"}',
        b'{"site": "oak-hill", "room": "204", "request": "0123456789abcdef", "name": "Jo"}',
        b"x" * 2_000,
    ],
)
def test_a_wish_of_another_form_is_refused(live: Live, body: bytes) -> None:
    assert live.ask("POST", "/v1/checks", body, JSON).status in (413, 422)


@pytest.mark.parametrize(
    "told",
    [
        {"down": direction(arrivals=[[5, 10]])},
        {"down": direction(arrivals=[[5, 10], [4, 20]])},
        {"down": direction(arrivals=[[5, 10], [6, 9]])},
        {"down": direction(arrivals=[[1, 1]] * 2_000)},
        {"down": direction()},
        {"up": direction(ended_by="lease")},
        {"up": direction(lasted_ms=-1)},
        {"up": direction(trips=[["a", 1]])},
        {"idle_rtt_us": [1] * 2_000},
        {"idle_rtt_us": [-1]},
        {"name": "Jo"},
    ],
)
def test_what_cannot_be_is_not_believed(live: Live, told: dict[str, Any]) -> None:
    assert end(live, begin(live), **told).status == 422
    assert live.ask("GET", "/v1/rooms/oak-hill/204").body["check"] is None


def test_an_id_that_was_guessed_opens_nothing_and_is_counted(live: Live) -> None:
    check = begin(live)
    guesses = ["0" * 32, "", "a", check.rpartition("/")[2][:-1] + "x", a_known_lease(live)]
    for guess in guesses:
        for method, what in (("GET", "ping"), ("GET", "down"), ("POST", "up"), ("POST", "end"), ("POST", "tell")):
            assert live.ask(method, f"/v1/checks/{guess}/{what}", b"" if method == "POST" else None).status == 404
        assert live.ask("DELETE", f"/v1/checks/{guess}").status == 404
    assert live.metrics()['bandroom_requests_refused_total{reason="unknown_check"}'] >= 5 * 4
    assert live.ask("GET", f"{check}/ping").status == 204, "the real one goes on"


def a_known_lease(live: Live) -> str:
    """The name of the lease behind the check under way, which is not its id."""
    (running,) = live.services.checks._known.values()
    return running.lease.lease


def test_an_agent_cannot_use_a_check_s_lease(live: Live) -> None:
    begin(live)
    agent = {"Authorization": f"Bearer {TOKEN}"}
    assert live.ask("GET", f"/v1/leases/{a_known_lease(live)}/down", headers=agent).body["error"] == "lease_over"


def test_there_is_one_stream_down(live: Live) -> None:
    check = begin(live)
    with downloading(live, check) as client:
        assert client.status() == 200
        assert live.ask("GET", f"{check}/down").body["error"] == "stream_used"
    assert live.ask("GET", f"{check}/down").body["error"] == "stream_used"


@pytest.mark.slow
def test_a_stream_that_nobody_reads_is_cut_off(live: Live) -> None:
    check = begin(live)
    with StreamClient(live, receive_buffer=4096) as client:
        client.link.sendall(f"GET {check}/down HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert client.ended_within(30)
    assert live.metric("bandroom_throughput_bytes_total") < DOWN_BYTES / 10, "what is not read is not made"


def test_no_more_comes_up_than_a_check_may_send(live: Live) -> None:
    check = begin(live)
    answers = [send_up(live, check, MOST_POST_BYTES) for _ in range(UP_BYTES // MOST_POST_BYTES + 2)]
    assert answers[-1].status == 413
    assert any(one.status == 200 and one.body["decided"] for one in answers)
    (running,) = live.services.checks._known.values()
    assert running.held.up.total_bytes < UP_BYTES + MOST_POST_BYTES


def test_a_piece_that_is_too_large_is_not_read_to_its_end(live: Live) -> None:
    check = begin(live)
    with StreamClient(live) as client:
        client.link.sendall(f"POST {check}/up HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n".encode())
        client.send_until_answered(bytes(100_000))
        assert client.status() == 413
    (running,) = live.services.checks._known.values()
    assert running.held.up.total_bytes < 2_000_000


def test_no_more_pieces_come_up_at_once_than_a_browser_needs(live: Live) -> None:
    check = begin(live)
    waiting = [StreamClient(live) for _ in range(POSTS_AT_ONCE)]
    for one in waiting:
        one.link.sendall(f"POST {check}/up HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx".encode())
    eventually("they are under way", lambda: send_up(live, check).status == 429)
    for one in waiting:
        one.link.close()
    eventually("they are over", lambda: send_up(live, check).status == 200)


def test_round_trips_are_bounded(live: Live) -> None:
    check = begin(live)
    statuses = [live.ask("GET", f"{check}/ping").status for _ in range(MOST_PINGS + 1)]
    assert statuses == [204] * MOST_PINGS + [429]


@pytest.mark.parametrize("others_ask", [True, False])
def test_a_check_that_ran_out_gives_no_more_and_still_has_an_answer(live: Live, others_ask: bool) -> None:
    check = begin(live)
    assert live.ask("GET", f"{check}/ping").status == 204
    live.timer.move(LEASE_S)
    if others_ask:
        assert ask(live, "205").status == 200
    for method, what in (("GET", "ping"), ("POST", "up"), ("GET", "down")):
        assert live.ask(method, f"{check}/{what}", b"x" if method == "POST" else None).status == 403
    assert end(live, check).body["answer"] == "unknown"


def test_one_place_cannot_check_again_and_again(live: Live) -> None:
    for number in range(limits.CHECKS):
        end(live, begin(live, ("204", "205")[number % 2]))
        live.timer.move(20)
    assert ask(live).body["error"] == "too_many_checks"
    live.timer.move(limits.CHECKS_S)
    assert ask(live).status == 200


def test_nor_can_all_places_together() -> None:
    rates = limits.Limits()
    for number in range(limits.CHECKS_IN_SUM):
        assert rates.may_ask(f"10.0.0.{number}", number)
        rates.begun(f"10.0.0.{number}", number)
    assert not rates.may_ask("10.0.1.1", 60.0)
    assert not rates.may_ask(None, 60.0)
    assert rates.may_ask(None, limits.CHECKS_IN_SUM_S + 60)


def test_nor_may_one_place_ask_without_end() -> None:
    rates = limits.Limits()
    assert all(rates.may_ask("10.0.0.1", 0.0) for _ in range(limits.ASKS))
    assert not rates.may_ask("10.0.0.1", 0.0)
    assert rates.may_ask("10.0.0.2", 0.0)
    assert rates.may_ask("10.0.0.1", limits.ASKS_S)


def test_places_that_asked_are_not_remembered_by_address_nor_without_end() -> None:
    rates = limits.Limits()
    for number in range(limits.MOST_SOURCES + 10):
        rates.may_ask(f"10.{number >> 8 & 255}.{number & 255}.1", 0.0)
    assert len(rates._by_source) == limits.MOST_SOURCES
    assert not [one for one in rates._by_source if one.startswith(b"10.")]
    rates.may_ask("10.0.0.1", limits.CHECKS_S + 1)
    assert len(rates._by_source) == 1


def test_the_page_asks_for_the_reader_password(tmp_path: Path) -> None:
    with live_collector(tmp_path, reader_password="open sesame") as live:
        for path in OPEN:
            assert live.ask("GET", path).status == 401, path
            assert live.ask("GET", path, headers=READER).status == 200, path
        assert ask(live).status == 401


def test_open_checks_let_everybody_check_and_see_nothing_else(tmp_path: Path) -> None:
    with live_collector(tmp_path, reader_password="open sesame", check_open=True) as live:
        eventually("the first round has ended", lambda: live.services.engine.now)
        for path in OPEN:
            assert live.ask("GET", path).status == 200, path
        for path in CLOSED:
            assert live.ask("GET", path).status == 401, path
        seen = "".join(str(live.ask("GET", path).body) for path in OPEN)
        assert "Maple Valley" not in seen, "the district's name"
        places = live.ask("GET", "/v1/checks/places").body
        rooms = [{"room": "204", "name": "204"}, {"room": "205", "name": "205"}]
        assert places == {"sites": [{"site": "oak-hill", "name": "Oak Hill", "rooms": rooms}]}
        assert end(live, begin(live)).status == 200


def test_no_answer_sets_a_cookie(tmp_path: Path) -> None:
    with live_collector(tmp_path, check_open=True) as live:
        for path in OPEN:
            assert "set-cookie" not in live.ask("GET", path).headers
