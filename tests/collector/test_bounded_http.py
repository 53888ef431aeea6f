"""Strangers who never finish a request are not waited for, and fill no memory."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from collector.api import bounded_http
from tests.collector.live import Live, live_collector


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path) as running:
        yield running


def cut_off(live: Live) -> dict[str, int]:
    """How many connections were ended at the door, by reason."""
    name = "bandroom_connections_cut_off_total"
    return {key.split('"')[1]: int(value) for key, value in live.metrics().items() if key.startswith(name)}


def test_a_head_that_never_ends_is_cut_off(live: Live) -> None:
    sent = 0
    with socket.create_connection((live.host, live.port), timeout=30) as endless, suppress(ConnectionError):
        endless.sendall(b"GET / HTTP/1.1\r\n")
        while sent < 100_000_000:
            sent += endless.send(b"X-More: " + b"x" * 8000 + b"\r\n")

    assert sent < 200 * bounded_http.MAX_HEAD_BYTES
    assert cut_off(live) == {"head_too_large": 1}
    assert live.ask("GET", "/healthz").status == 200


def test_a_large_body_behind_a_small_head_is_not_a_large_head(live: Live) -> None:
    assert live.ask("POST", "/v1/reports", b"x" * 500_000).body["error"] == "no_token"
    assert cut_off(live) == {}


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"\x16\x03\x01 TLS to a collector without\r\n\r\n", "not_http"),
        (b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n" * 2, "second_request"),
    ],
)
def test_who_speaks_otherwise_than_a_request_at_a_time_is_counted(live: Live, sent: bytes, reason: str) -> None:
    with socket.create_connection((live.host, live.port), timeout=30) as rude, suppress(ConnectionError):
        rude.sendall(sent)
        while rude.recv(1000):
            pass

    assert cut_off(live) == {reason: 1}


def test_a_body_that_was_answered_before_it_was_whole_is_no_head_either(live: Live) -> None:
    with socket.create_connection((live.host, live.port), timeout=30) as kept:
        answers = kept.makefile("rb")
        kept.sendall(b"POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n")
        assert answers.readline() == b"HTTP/1.1 401 Unauthorized\r\n"
        kept.sendall(b"x" * 500_000)
        for _ in range(5):  # meanwhile the body arrives
            live.ask("GET", "/healthz")
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

        assert any(b"HTTP/1.1 200 OK" in line for line in answers)


def test_many_requests_on_one_connection_are_each_bounded(live: Live) -> None:
    with socket.create_connection((live.host, live.port), timeout=30) as kept:
        answers = kept.makefile("rb")
        for _ in range(200):
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Pad: " + b"p" * 1000 + b"\r\n\r\n")
            assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
            while answers.readline() not in (b"\r\n", b""):
                pass
            answers.read(len('{"status":"ok"}'))
