"""The two streams of a test: each once, and over with its client, its lease or its collector."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.collector.builders import health
from tests.collector.live import Live, live_collector
from tests.collector.stream_client import StreamClient, a_lease, end_lease, faults, spent, stream_ends
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.waiting import eventually
from wire.lease import LeaseRequest
from wire.sufficiency import most_bytes

DOWN_BYTES, UP_BYTES = most_bytes(1_000_000), most_bytes(500_000)
BROKEN_OFF = "timeout graceful shutdown exceeded"
"""What uvicorn says when it has waited long enough for what runs."""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path) as running:
        yield running


@pytest.fixture(autouse=True)
def _nothing_is_logged_as_a_fault(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert faults([*caplog.get_records("setup"), *caplog.get_records("call")]) == []


@pytest.mark.parametrize("by_reset", [True, False])
def test_a_client_may_hang_up_at_any_point(live: Live, by_reset: bool) -> None:
    uploads = ("Content-Length: 100000",)
    for begun in range(8):
        lease = a_lease(live)
        for direction, more in (("down", ()), ("up", uploads)):
            client = StreamClient(live).begin(lease, direction, *more)
            if begun % 2:  # by then it runs
                client.link.sendall(bytes(1400) if direction == "up" else b"")
                if direction == "down":
                    assert client.status() == 200
                    client.link.recv(begun)
            client.hang_up(by_reset=by_reset)
        end_lease(live, lease)
    assert live.ask("GET", "/healthz").status == 200
    ends = stream_ends(live)
    assert set(ends) <= {"down_reset", "up_reset", "down_cut_off", "up_cut_off"}
    downs, ups = (sum(count for end, count in ends.items() if end.startswith(one)) for one in ("down", "up"))
    assert 4 <= downs <= 8, "each that was answered, and no other twice"
    assert ups <= 8


def test_both_streams_may_run_at_once_and_each_only_once(live: Live) -> None:
    lease = a_lease(live)
    with (
        StreamClient(live).begin(lease, "down") as down,
        StreamClient(live).begin(lease, "up", "Content-Length: 1000000") as up,
    ):
        assert down.status() == 200
        up.send_until_answered(bytes(1400), every_s=0.001)
        assert up.status() == 204
        for direction in ("down", "up"):
            with StreamClient(live).begin(lease, direction, "Content-Length: 0") as again:
                assert again.status() == 409
        assert live.metrics()['bandroom_requests_refused_total{reason="stream_used"}'] == 2
        assert down.link.recv(1) == b"\0"
    account = end_lease(live, lease).body
    assert account["down_bytes"] > 0
    assert account["up"][-1]["total_bytes"] >= UP_BYTES


def test_an_answer_in_mid_upload_is_not_overtaken_by_a_reset(live: Live) -> None:
    with StreamClient(live).begin(a_lease(live), "up", "Content-Length: 1000000") as client:
        client.send_until_answered(bytes(1400), every_s=0.0001)
        assert client.status() == 204
        for _ in range(10):
            client.link.sendall(bytes(1400))
        assert client.rest() == (0, "close")


def test_a_stream_ends_with_its_lease(live: Live) -> None:
    lease = a_lease(live)
    live.timer.move(19.5)
    with StreamClient(live).begin(lease, "down") as client:
        assert client.status() == 200
        size, ended = client.rest()
    assert (ended, stream_ends(live)) == ("reset", {"down_cut_off": 1})
    assert size < DOWN_BYTES / 2


def test_a_lease_that_is_given_back_takes_its_streams_along_and_they_are_paid_for(live: Live) -> None:
    lease = a_lease(live)
    with (
        StreamClient(live).begin(lease, "down") as down,
        StreamClient(live).begin(lease, "up", f"Content-Length: {UP_BYTES}") as up,
    ):
        assert down.status() == 200
        up.link.sendall(bytes(28_000))
        down.link.recv(1)
        account = end_lease(live, lease, used_bytes=0).body
        received, ended = down.rest()
        assert (ended, up.rest()[1]) == ("reset", "reset")
    cost = spent(live)
    assert received < account["down_bytes"] <= cost
    assert (
        cost
        == live.metric("bandroom_throughput_bytes_total")
        == account["down_bytes"] + account["up"][-1]["total_bytes"]
    )


def test_a_second_request_before_the_answer_ends_the_connection(live: Live) -> None:
    lease = a_lease(live)
    with StreamClient(live).begin(lease, "down") as client:
        assert client.status() == 200
        client.link.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.rest()[0] < DOWN_BYTES / 2
    assert end_lease(live, lease).status == 200
    assert stream_ends(live) == {"down_reset": 1}


@pytest.mark.parametrize("direction", ["down", "up"])
def test_http_1_0_gets_its_streams_too(live: Live, direction: str) -> None:
    with StreamClient(live).begin(a_lease(live), direction, "Content-Length: 0", version="1.0") as client:
        assert client.status() == (200 if direction == "down" else 204)


def test_the_connection_ends_after_a_whole_upload(live: Live) -> None:
    with StreamClient(live).begin(a_lease(live), "up", "Content-Length: 5") as client:
        client.link.sendall(b"12345")
        assert client.status() == 204
        assert client.rest() == (0, "close")


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_begin_no_stream(live: Live, method: str) -> None:
    lease = a_lease(live)
    for direction in ("down", "up"):
        with StreamClient(live) as client:
            head = f"{method} /v1/leases/{lease}/{direction} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
            client.link.sendall(head.encode())
            assert client.status() == 405
    assert stream_ends(live) == {}


def test_a_collector_that_stops_does_not_wait_for_streams_nor_for_bodies(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with live_collector(tmp_path) as live:
        lease = a_lease(live)
        down = StreamClient(live).begin(lease, "down")
        up = StreamClient(live).begin(lease, "up", "Content-Length: 100000")
        body = StreamClient(live)
        body.link.sendall(b"POST /v1/enrol HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert down.status() == 200
        agent = next(iter(live.services.registry.agents()))
        eventually("both streams have begun", lambda: len(live.services.leases.held(agent, lease).begun) == 2)
    assert BROKEN_OFF not in caplog.text
    assert (down.rest()[1], up.rest()[1], body.rest()[0]) == ("reset", "reset", 0)
    assert stream_ends(live) == {"down_cut_off": 1, "up_cut_off": 1}
    for one in (down, up, body):
        one.link.close()


def test_over_tls_the_end_is_no_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate = make_certificate(tmp_path / "here.pem")
    trust = ssl.create_default_context(cafile=str(certificate))
    with ExitStack() as stack:
        with live_collector(tmp_path, tls_certificate=certificate, tls_key=certificate) as live:
            desk = live.services.leases
            agent = next(iter(live.services.registry.agents()))
            name = asyncio.run(desk.ask(agent, LeaseRequest(version=3, request="0123456789abcdef"))).lease
            for client in (stream := StreamClient(live), idle := StreamClient(live)):
                stack.enter_context(client)
                client.link = trust.wrap_socket(client.link, server_hostname="localhost")
            assert stream.begin(name, "down").status() == 200
        assert BROKEN_OFF not in caplog.text
        assert stream.rest()[0] < DOWN_BYTES / 2
        assert idle.rest()[0] == 0
    assert stream_ends(live) == {"down_cut_off": 1}


def test_a_crowd_at_the_endpoints_does_not_keep_reports_out(live: Live) -> None:

    crowd = [StreamClient(live) for _ in range(300)]
    try:
        for number, one in enumerate(crowd):
            direction = "down" if number % 3 else "up"
            one.begin(f"{number:016}", direction, "Content-Length: 100000")
            one.link.sendall(b"x" * (number % 50))
        reporting = [threading.Thread(target=live.report, args=(health(seq),)) for seq in range(1, 51)]
        for thread in reporting:
            thread.start()
        for thread in reporting:
            thread.join(30)
        assert live.metric("bandroom_reports_stored_total") == 50
        assert [one.status() for one in crowd] == [403] * 300
    finally:
        for one in crowd:
            one.link.close()
