"""The collector's ndt7 server and who may test against it. Down and up carry different amounts."""

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.http import Unanswered
from agent.ndt7_client import Ndt7Client, Ndt7Place
from collector.district.district import Site
from tests.agent.ndt7_served import rest_of
from tests.collector.live import TOKEN, Live, a_district, live_collector
from tests.collector.stream_client import end_lease
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.collector_process import free_port
from tests.end_to_end.waiting import eventually
from wire.enrolment import EnrolmentRequest
from wire.ndt7.call import Call
from wire.report_words import Direction

CAPACITY_BYTES = 4_000_000
MUCH = 10**12


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path, ndt7_port=free_port(), capacity_bytes=CAPACITY_BYTES, capacity="asked") as running:
        yield running


def capacity_lease(live: Live) -> dict[str, Any]:
    """One that an admin wants."""
    live.services.leases.turns.want(live.agent)
    body = json.dumps({"version": 3, "request": "9" * 16, "kind": "capacity"}).encode()
    answer = live.ask(
        "POST", "/v1/leases", body, {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    )
    assert answer.status == 200, answer.body
    lease: dict[str, Any] = answer.body
    return lease


def client(
    live: Live, direction: Direction, token: str | None, *, most_bytes: int = MUCH, certificate: Path | None = None
) -> Ndt7Client:
    place = Ndt7Place(
        host="localhost" if certificate else live.host,
        port=live.services.settings.ndt7_port,
        tls=certificate is not None,
        token=token,
        ca_file=str(certificate) if certificate else None,
    )
    return Ndt7Client(place, direction, most_bytes=most_bytes)


def run(live: Live, direction: Direction, token: str | None, **other: Any) -> Call:
    return client(live, direction, token, **other).run()


def refusal(live: Live, direction: Direction, token: str | None) -> str:
    with pytest.raises(Unanswered) as raised:
        run(live, direction, token)
    return raised.value.word


def visits(live: Live) -> dict[str, float]:
    name = "bandroom_ndt7_visits_total"
    return {key[len(name) + 6 : -2]: value for key, value in live.metrics().items() if key.startswith(name)}


def test_a_lease_is_good_for_each_direction_once_and_its_account_has_both(live: Live) -> None:
    lease = capacity_lease(live)
    assert (lease["port"], lease["tls"], lease["host"]) == (live.services.settings.ndt7_port, False, None)
    down = run(live, "down", lease["token"])
    up = run(live, "up", lease["token"], most_bytes=CAPACITY_BYTES // 2)

    assert (down.ended_by, up.ended_by) == ("bytes", "bytes")
    assert 0.9 * CAPACITY_BYTES < down.used_bytes <= CAPACITY_BYTES
    assert refusal(live, "down", lease["token"]) == "stream_used"
    account = end_lease(live, lease["lease"]).body
    assert account["down_bytes"] == pytest.approx(down.used_bytes, rel=0.001)
    assert account["up"][-1]["total_bytes"] == pytest.approx(up.used_bytes, rel=0.001)
    assert refusal(live, "up", lease["token"]) == "lease_over"
    metrics = live.metrics()
    assert metrics['bandroom_ndt7_bytes_total{direction="down"}'] == account["down_bytes"]
    assert metrics['bandroom_ndt7_bytes_total{direction="up"}'] == account["up"][-1]["total_bytes"]
    assert (visits(live)["stream_used"], visits(live)["lease_over"]) == (1, 1)


@pytest.mark.parametrize(("token", "word"), [(None, "no_token"), ("0" * 16, "lease_over"), ("%00", "lease_over")])
def test_without_a_lease_nobody_tests(live: Live, token: str | None, word: str) -> None:
    assert refusal(live, "down", token) == word
    assert visits(live) == {word: 1}


def test_a_lease_for_another_kind_of_test_is_none(live: Live) -> None:
    body = json.dumps({"version": 3, "request": "8" * 16}).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    lease = live.ask("POST", "/v1/leases", body, headers).body["lease"]

    assert refusal(live, "up", lease) == "lease_over"


@pytest.mark.parametrize("how", ["given back", "run out"])
def test_a_lease_that_ends_stops_its_test(live: Live, how: str) -> None:
    lease = capacity_lease(live)
    found: list[Call] = []
    ours = client(live, "up", lease["token"])
    thread = threading.Thread(target=lambda: found.append(ours.run()))
    thread.start()
    eventually("it tests", lambda: ours.call is not None and ours.call.has_begun)
    if how == "given back":
        end_lease(live, lease["lease"])
    else:
        live.timer.move(60)
    thread.join(20)

    assert found[0].ended_by in {"peer", "bytes"}
    eventually("it is counted", lambda: sum(visits(live).values()) == 1)


def test_with_a_certificate_it_is_tls_and_nothing_else(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "one.pem")
    port = free_port()
    with live_collector(
        tmp_path, ndt7_port=port, ndt7_open=True, tls_certificate=certificate, tls_key=certificate
    ) as live:
        call = run(live, "down", None, most_bytes=2_000_000, certificate=certificate)
        assert call.ended_by == "bytes"
        call = run(live, "up", None, most_bytes=1_000_000, certificate=certificate)
        assert call.ended_by == "bytes"
        with socket.create_connection((live.host, port), timeout=20) as link:
            link.sendall(b"GET /ndt/v7/download HTTP/1.1\r\n\r\n")
            assert b"HTTP" not in rest_of(link), "TLS says what it thinks of that, at the most"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Live]:
    with live_collector(
        tmp_path, ndt7_port=free_port(), capacity="off", ndt7_open=True, ndt7_open_bytes_a_day=5_000_000
    ) as running:
        yield running


def test_where_it_is_open_anybody_tests_within_the_bytes_of_the_day(opened: Live) -> None:
    up = run(opened, "up", None, most_bytes=3_000_000)
    assert up.ended_by == "bytes"
    down = run(opened, "down", None)
    assert 1_000_000 < down.used_bytes < 5_000_000 - up.used_bytes + 1_000
    assert refusal(opened, "up", None) == "budget_spent"
    opened.clock.move(timedelta(days=1))
    assert run(opened, "down", None, most_bytes=2_000_000).ended_by == "bytes"


def test_where_it_is_open_one_tests_at_a_time(opened: Live) -> None:
    with socket.create_connection((opened.host, opened.services.settings.ndt7_port), timeout=20) as link:
        link.sendall(
            b"GET /ndt/v7/upload HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: net.measurementlab.ndt.v7\r\n\r\n"
        )
        assert link.recv(4096).startswith(b"HTTP/1.1 101 ")
        assert refusal(opened, "down", None) == "busy"
    assert run(opened, "down", None, most_bytes=1_000_000).ended_by == "bytes"


def test_where_it_is_open_a_token_must_still_be_right(opened: Live) -> None:
    assert refusal(opened, "down", "0" * 16) == "lease_over"


def test_where_nobody_may_test_the_port_is_closed(tmp_path: Path) -> None:
    port = free_port()
    with live_collector(tmp_path, ndt7_port=port, capacity="off"), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_collector_that_stops_ends_a_test(tmp_path: Path) -> None:
    with live_collector(tmp_path, ndt7_port=free_port(), ndt7_open=True) as live:
        ours = client(live, "down", None)
        thread = threading.Thread(target=ours.run)
        thread.start()
        eventually("it tests", lambda: ours.call is not None and ours.call.has_begun)
    thread.join(20)

    assert ours.call is not None
    assert ours.call.ended_by == "peer"


def a_reference(live: Live, site: str) -> str:
    """The token of another agent, a reference."""
    registry, token, now_ms = live.services.registry, site.ljust(43, "r"), int(live.clock().timestamp() * 1000)
    code = registry.make_code(site=site, room="closet", role="reference", uses=1, expires_ms=now_ms + 1000)
    digest = hashlib.sha256(token.encode()).hexdigest()
    registry.enrol(EnrolmentRequest(version=1, code=code, token_sha256=digest), now_ms=now_ms)
    return token


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Live]:
    """A collector in whose one site a reference serves ndt7."""
    school = replace(a_district(), sites=(Site(site="oak-hill", name="Oak Hill", reflector="reference.invalid"),))
    with live_collector(
        tmp_path / "serving",
        district=school,
        ndt7_port=free_port(),
        reference_ndt7_port=8631,
        capacity_bytes=CAPACITY_BYTES,
        capacity="asked",
    ) as running:
        yield running


def test_a_lease_is_good_for_one_server_alone(live: Live, serving: Live) -> None:
    outside, inside = capacity_lease(live), capacity_lease(serving)
    asked = [
        one.ask("GET", f"/v1/ndt7/{token}", headers={"Authorization": f"Bearer {a_reference(one, 'oak-hill')}"}).status
        for one, token in ((live, outside["token"]), (serving, inside["token"]))
    ]

    assert (outside["host"], inside["host"]) == (None, "reference.invalid")
    assert asked == [403, 200]
    assert refusal(serving, "down", inside["token"]) == "lease_over"
    assert run(live, "down", outside["token"], most_bytes=CAPACITY_BYTES // 2).ended_by == "bytes"


def test_a_reference_is_told_what_a_token_of_its_site_allows_and_nobody_else_is(serving: Live) -> None:
    live = serving
    lease = capacity_lease(live)
    tokens = {name: a_reference(live, name) for name in ("oak-hill", "elm-street")} | {"room": TOKEN}
    said = {
        name: live.ask("GET", f"/v1/ndt7/{lease['token']}", headers={"Authorization": f"Bearer {token}"})
        for name, token in tokens.items()
    }

    assert said["oak-hill"].status == 200
    told = said["oak-hill"].body
    assert 30_000 < told.pop("valid_ms") <= 40_000
    assert told == {"version": 4, "down_bytes": CAPACITY_BYTES, "up_bytes": CAPACITY_BYTES}
    assert [(said[name].status, said[name].body["error"]) for name in ("elm-street", "room")] == [
        (403, "lease_over")
    ] * 2
    assert live.ask("GET", f"/v1/ndt7/{lease['token']}").status == 401
    end_lease(live, lease["lease"])
    again = live.ask("GET", f"/v1/ndt7/{lease['token']}", headers={"Authorization": f"Bearer {tokens['oak-hill']}"})
    assert (again.status, again.body["error"]) == (403, "lease_over")


def test_only_references_are_to_serve_and_only_where_the_settings_say_so(tmp_path: Path) -> None:
    with live_collector(tmp_path, reference_ndt7_port=8631) as live:
        tokens = {"reference": a_reference(live, "oak-hill"), "room": TOKEN}
        plans = {
            role: live.ask("GET", "/v1/agent/config?version=3", headers={"Authorization": f"Bearer {token}"}).body[
                "ndt7"
            ]
            for role, token in tokens.items()
        }

    assert plans == {"reference": {"port": 8631}, "room": None}
