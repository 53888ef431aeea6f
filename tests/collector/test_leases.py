"""Who may test: one agent at a time, in lessons, within its bytes of the day, and nobody by a trick."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from collector.district.calendar import Calendar, LessonTime
from collector.throughput.leases import WATCH_BYTES
from tests.collector.live import TOKEN, Live, a_district, live_collector
from tests.collector.stream_client import (
    StreamClient,
    a_lease,
    another_agent,
    ask_for_lease,
    end_lease,
    faults,
    post,
    spent,
    stream_ends,
)
from tests.end_to_end.waiting import eventually
from wire.sufficiency import most_bytes
from wire.version import WIRE_VERSION

A_TEST = most_bytes(1_000_000) + most_bytes(500_000) + WATCH_BYTES
REQUEST = "0123456789abcdef"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One for all tests that leave no lease behind."""
    with live_collector(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_is_logged_as_a_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert faults([*caplog.get_records("setup"), *caplog.get_records("call")]) == []


def upload(live: Live, lease: str, size: int, token: str = TOKEN) -> int:
    """The status of a stream of so many bytes up."""
    with StreamClient(live).begin(lease, "up", f"Content-Length: {size}", token=token) as client:
        client.link.sendall(bytes(size))
        return client.status()


def test_the_same_request_gets_the_same_lease_while_it_holds_and_none_afterwards(live: Live) -> None:
    first = ask_for_lease(live, request=REQUEST)
    assert first.body == ask_for_lease(live, request=REQUEST).body
    assert spent(live) == A_TEST
    end_lease(live, first.body["lease"])
    again = ask_for_lease(live, request=REQUEST)
    assert (again.status, again.body["error"]) == (409, "lease_over")


def test_one_agent_at_a_time(live: Live) -> None:
    other = another_agent(live)
    lease = a_lease(live)
    for token in (other, TOKEN):
        refused = ask_for_lease(live, token)
        assert (refused.status, refused.body["error"]) == (409, "lease_taken")
    end_lease(live, lease)
    assert ask_for_lease(live, other).status == 200


def test_a_lease_that_nobody_gives_back_runs_out(live: Live) -> None:
    lease = a_lease(live)
    live.timer.move(20)
    assert ask_for_lease(live, another_agent(live)).status == 200
    assert end_lease(live, lease).body["error"] == "lease_over"


@pytest.mark.parametrize("path", ["down", "up", "end"])
def test_a_lease_serves_only_the_agent_that_has_it(live: Live, path: str) -> None:
    lease, other = a_lease(live), another_agent(live)
    method, body = ("GET", None) if path == "down" else ("POST", b'{"version": 2, "used_bytes": 0}')
    for name, token in ((lease, other), ("f" * 16, TOKEN)):
        answer = live.ask(method, f"/v1/leases/{name}/{path}", body, {"Authorization": f"Bearer {token}"})
        assert (answer.status, answer.body["error"]) == (403, "lease_over")
    answer = live.ask(method, f"/v1/leases/{lease}/{path}", body)
    assert (answer.status, answer.body["error"]) == (401, "no_token")
    assert stream_ends(live) == {}


@pytest.mark.parametrize("name", ["x", "\0", "a/b", "..", "é", "\U0001f600", "%", "z" * 5000, "\r\nX: y", "' OR 1=1"])
def test_a_lease_of_any_name_is_over_or_not_there(shared: Live, name: str) -> None:
    for ending in ("down", "up", "end"):
        method, body = ("GET", None) if ending == "down" else ("POST", b'{"version": 2, "used_bytes": 0}')
        path = f"/v1/leases/{quote(name, safe='')}/{ending}"
        answer = shared.ask(method, path, body, {"Authorization": f"Bearer {TOKEN}"})
        assert (answer.status, answer.body["error"]) in {(403, "lease_over"), (404, "not_found")}


def test_a_path_that_is_no_text_is_refused(shared: Live) -> None:
    for path in (b"/v1/leases/\xff\xfe/down", b"/v1/leases/%ff/down", b"//", b"/v1/leases//down"):
        with StreamClient(shared) as client:
            client.link.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TOKEN.encode())
            client.link.sendall(b"\r\n\r\n")
            assert client.status() in {400, 403, 404}


NONSENSE = [b"", b"[]", b"{", b"null", b"\xff", b'{"version": 2}', b"[" * 2000, b'{"version": 2, "version": 2}']


@pytest.mark.parametrize(
    "body",
    [
        *NONSENSE,
        b'{"version": 2, "request": "0123456789ABCDEF"}',
        b'{"version": 2, "request": 12}',
        b'{"version": 2, "request": null}',
        b'{"version": 3, "request": "0123456789abcdef", "down_bps": 1}',
        b'{"version": 3, "request": "0123456789abcdef", "kind": "flood"}',
        b'{"version": "2", "request": "0123456789abcdef"}',
        b'{"version": 2.5, "request": "0123456789abcdef"}',
        b'{"version": true, "request": "0123456789abcdef"}',
    ],
)
def test_a_malformed_request_gets_no_lease(shared: Live, body: bytes) -> None:
    before = spent(shared)
    answer = post(shared, "/v1/leases", body)
    assert (answer.status, answer.body["error"]) in {(422, "bad_request"), (422, "bad_id")}
    assert spent(shared) == before


@pytest.mark.parametrize(
    "body",
    [
        *NONSENSE,
        b'{"version": 2, "used_bytes": -1}',
        b'{"version": 2, "used_bytes": 1e3}',
        b'{"version": 2, "used_bytes": NaN}',
        b'{"version": 2, "used_bytes": 99999999999999999999999999}',
        b'{"version": 2, "used_bytes": 0, "more": 0}',
    ],
)
def test_a_malformed_end_leaves_the_lease_as_it_is(shared: Live, body: bytes) -> None:
    lease = a_lease(shared)
    answer = post(shared, f"/v1/leases/{lease}/end", body)
    assert end_lease(shared, lease).status == 200
    assert (answer.status, answer.body["error"]) in {
        (422, word) for word in ("bad_request", "negative_value", "out_of_range")
    }


def test_a_version_to_come_is_unsupported_and_asked_again_later(live: Live) -> None:
    lease = a_lease(live)
    asked = post(live, "/v1/leases", {"version": WIRE_VERSION + 1, "request": REQUEST})
    ended = post(live, f"/v1/leases/{lease}/end", {"version": WIRE_VERSION + 1, "used_bytes": 0})
    assert {(one.status, one.body["error"]) for one in (asked, ended)} == {(415, "unsupported_version")}


def test_a_body_larger_than_a_request_is_not_read(live: Live) -> None:
    big = json.dumps({"version": 2, "request": REQUEST, "x": "y" * 5000}).encode()
    for path in ("/v1/leases", f"/v1/leases/{a_lease(live)}/end"):
        answer = post(live, path, big)
        assert (answer.status, answer.body["error"]) == (413, "too_large")


def test_outside_lessons_nothing_is_tested(tmp_path: Path) -> None:
    eight = (LessonTime(start=time(8), end=time(9)),)
    timetable = Calendar(time_zone=ZoneInfo("UTC"), lessons_by_weekday=dict.fromkeys(range(7), eight))
    with live_collector(tmp_path, district=replace(a_district(), calendar=timetable)) as live:
        refused = ask_for_lease(live)
        assert (refused.status, refused.body["error"]) == (403, "no_lesson")
        live.clock.move(timedelta(hours=22, minutes=30))
        assert ask_for_lease(live).status == 200


def test_where_the_settings_say_so_nothing_is_tested(tmp_path: Path) -> None:
    with live_collector(tmp_path, throughput=False) as live:
        refused = ask_for_lease(live)
        assert (refused.status, refused.body["error"]) == (403, "throughput_off")
        assert "throughput = false" in refused.body["detail"]
        eventually("the first round has ended", lambda: live.services.engine.now)
        board = live.ask("GET", "/")
        ready = live.ask("GET", "/readyz")
        assert "Throughput tests are off: throughput = false" in board.body
        assert (ready.status, ready.body) == (200, {"status": "ready", "notice": refused.body["detail"]})


def test_the_bytes_of_a_day_are_spent_once_and_each_agent_has_its_own(tmp_path: Path) -> None:
    with live_collector(tmp_path, throughput_bytes_a_day=A_TEST + 40_000) as live:
        other = another_agent(live)
        end_lease(live, a_lease(live), used_bytes=20_000)
        end_lease(live, a_lease(live), used_bytes=20_001)
        assert spent(live) == 40_001
        refused = ask_for_lease(live)
        assert (refused.status, refused.body["error"]) == (403, "budget_spent")
        assert ask_for_lease(live, other).status == 200, "a refusal does not hold the lease"
        live.timer.move(20)
        live.clock.move(timedelta(days=1))
        assert ask_for_lease(live).status == 200


def test_a_lease_that_is_never_given_back_stays_paid_for_even_after_a_restart(tmp_path: Path) -> None:
    with live_collector(tmp_path, throughput_bytes_a_day=2 * A_TEST - 1) as live:
        a_lease(live)
        live.timer.move(20)
        assert ask_for_lease(live).body["error"] == "budget_spent"
        clock = live.clock
    with live_collector(tmp_path, clock=clock, throughput_bytes_a_day=2 * A_TEST - 1) as live:
        assert spent(live) == A_TEST
        assert ask_for_lease(live).body["error"] == "budget_spent"


@pytest.mark.parametrize(("said", "cost"), [(0, 30_000), (29_999, 30_000), (40_000, 40_000), (10**12, A_TEST)])
def test_an_agent_pays_what_it_says_but_never_less_than_was_seen_nor_more_than_was_set_aside(
    live: Live, said: int, cost: int
) -> None:
    lease = a_lease(live)
    assert upload(live, lease, 30_000) == 204
    assert end_lease(live, lease, used_bytes=said).status == 200
    assert spent(live) == cost


def test_an_agent_that_only_asks_and_gives_back_is_stopped_by_its_budget(tmp_path: Path) -> None:
    with live_collector(tmp_path, throughput_bytes_a_day=A_TEST + 2 * WATCH_BYTES) as live:
        for _ in range(3):
            end_lease(live, a_lease(live), used_bytes=0)
        assert ask_for_lease(live).body["error"] == "budget_spent"


def test_a_test_is_paid_on_the_day_on_which_it_began(live: Live) -> None:
    lease = a_lease(live)
    live.clock.move(timedelta(days=1))
    end_lease(live, lease, used_bytes=70_000)
    assert (spent(live), spent(live, "2026-11-17")) == (70_000, 0)


def test_what_is_counted_adds_up(live: Live) -> None:
    other = another_agent(live)
    for size in (20_100, 30_000):
        lease = a_lease(live)
        assert upload(live, lease, size) == 204
        assert upload(live, lease, size) == 409
        assert ask_for_lease(live, other).status == 409
        end_lease(live, lease)
    counted = live.metrics()
    assert {name: value for name, value in counted.items() if "leases_total" in name} == {
        'bandroom_leases_total{answer="given"}': 2,
        'bandroom_leases_total{answer="lease_taken"}': 2,
    }
    assert stream_ends(live) == {"up_whole": 2}
    assert counted['bandroom_throughput_bytes_total{direction="up"}'] == 50_100 == spent(live)
