"""A stream down: what comes, and what ends it."""

import socket
import time

import pytest

from tests.agent.streams import BPS, LEASE, OK, head_of, resets, sends, slower, stream


def test_a_stream_that_brings_enough_after_the_first_second_is_decided() -> None:
    blocks = [bytes(5_000)] * 40  # twice the rate

    ended = stream(sends(*blocks, every_s=0.05), "receive", lease=slower())

    assert ended.by == "decided"
    assert ended.stream.arrivals.decided(slower().down_bps, ended.stream.elapsed_ms()) is True


def test_a_stream_that_brings_too_little_is_decided_before_its_time() -> None:
    ended = stream(sends(*[bytes(1_000)] * 60, every_s=0.1), "receive")

    assert ended.by == "decided"
    assert ended.stream.arrivals.decided(BPS, ended.stream.elapsed_ms()) is False
    assert ended.stream.elapsed_ms() < 4_000


def test_a_stream_that_is_whole_ended_by_its_bytes() -> None:
    ended = stream(sends(bytes(LEASE.down_bytes)), "receive")

    assert ended.by == "bytes"
    assert ended.stream.arrivals.total_bytes == LEASE.down_bytes


@pytest.mark.parametrize("after", [b"", bytes(3_000)])
def test_a_collector_that_hangs_up_is_the_peers_end(after: bytes) -> None:
    ended = stream(sends(after), "receive")

    assert (ended.by, ended.stream.arrivals.total_bytes) == ("peer", len(after))


def test_a_reset_in_mid_stream_is_told_apart_from_one_before_it_began() -> None:
    def midway(link: socket.socket) -> None:
        head_of(link)
        link.sendall(OK + bytes(3_000))
        time.sleep(0.1)
        resets(link)

    def at_once(link: socket.socket) -> None:
        head_of(link)
        resets(link)

    in_mid_stream, before = stream(midway, "receive"), stream(at_once, "receive")

    assert (in_mid_stream.by, before.by) == ("broken_answer", "broken_answer")
    assert in_mid_stream.stream.began_ns is not None
    assert before.stream.began_ns is None


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
)
def test_a_refusal_is_no_stream(answer: bytes) -> None:
    ended = stream(sends(before=answer), "receive")

    assert ended.by == f"http_{answer[9:12].decode()}"
    assert ended.stream.began_ns is None
