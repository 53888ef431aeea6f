"""One direction of a test over a real connection, to servers that each do one thing."""

import asyncio
import socket
import ssl
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Literal

import pytest

from agent.background import background
from agent.connection import TcpConnection
from agent.http import Collector, Unanswered
from agent.stream import Stream
from tests.agent.fakes import TOKEN, hang, tcp_server
from wire.lease import Lease
from wire.pace import BLOCK_BYTES
from wire.sufficiency import most_bytes, offered_bps
from wire.version import WIRE_VERSION

BPS = 400_000
LEASE = Lease(
    version=WIRE_VERSION,
    lease="9b05688c2b3e6c1f",
    valid_ms=20_000,
    down_bps=BPS,
    up_bps=BPS,
    down_bytes=most_bytes(BPS),
    up_bytes=most_bytes(BPS),
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LEASE.down_bytes
ENOUGH = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
Serve = Callable[[socket.socket], None]


@dataclass
class Ended:
    """What a stream came to: what ended it, or the word why it never began; what it moved; how long it took."""

    by: str
    stream: Stream
    seconds: float


def stream(
    serve: Serve,
    direction: Literal["receive", "send"],
    *,
    lease: Lease = LEASE,
    cut_after_s: float | None = None,
    certificate: Path | None = None,
) -> Ended:
    with tcp_server(serve) as port:
        url = f"https://localhost:{port}" if certificate else f"http://127.0.0.1:{port}"
        collector = Collector(url, ca_file=str(certificate) if certificate else None)
        tcp = TcpConnection(10, reset_at_end=True)
        made = Stream(collector, tcp, lease, token=TOKEN)

        async def work() -> str:
            if cut_after_s is not None:
                asyncio.get_running_loop().call_later(cut_after_s, tcp.cut)
            try:
                return await background(getattr(made, direction))
            except Unanswered as error:
                return error.word
            finally:
                tcp.cut()

        began = time.monotonic()
        by = asyncio.run(work())
        return Ended(by, made, time.monotonic() - began)


def head_of(link: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += link.recv(1)
    return head


def sends(*parts: bytes, every_s: float = 0.0, before: bytes = OK) -> Serve:
    """Answers with `before`, then `parts` one after the other, and hangs up."""

    def serve(link: socket.socket) -> None:
        head_of(link)
        link.sendall(before)
        for part in parts:
            link.sendall(part)
            time.sleep(every_s)

    return serve


def resets(link: socket.socket) -> None:
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


# -- down -------------------------------------------------------------------------------------------------------------


def test_a_stream_that_brings_enough_after_the_first_second_is_decided() -> None:
    blocks = [bytes(5_000)] * 40  # twice the rate

    ended = stream(sends(*blocks, every_s=0.05), "receive", lease=_slower())

    assert ended.by == "decided"
    assert ended.stream.arrivals.decided(_slower().down_bps, ended.stream.elapsed_ms()) is True


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


def test_a_stream_that_is_cut_from_outside_ends_then() -> None:
    for direction, serve in (("receive", sends(before=OK, every_s=4)), ("send", hang)):
        ended = stream(serve, direction, cut_after_s=0.2)  # type: ignore[arg-type]  # a loop forgets the literals
        assert ended.by in ("peer", "broken_answer", "timeout")
        assert ended.seconds < 3


# -- up ---------------------------------------------------------------------------------------------------------------


@dataclass
class Uploads:
    """Takes what comes up until `until_bytes` of it, then sends `answer`."""

    answer: bytes = ENOUGH
    until_bytes: int = 30_000
    head: bytes = b""
    got: int = 0
    tls: ssl.SSLContext | None = None

    def __call__(self, link: socket.socket) -> None:
        if self.tls is not None:
            link = self.tls.wrap_socket(link, server_side=True)
        with link:
            self.head = head_of(link)
            while self.got < self.until_bytes and (data := link.recv(65_536)):
                self.got += len(data)
            with suppress(OSError):
                link.sendall(self.answer)
                while link.recv(65_536):
                    pass


def test_the_collectors_answer_says_that_enough_has_arrived() -> None:
    uploads = Uploads()

    ended = stream(uploads, "send")

    assert ended.by == "decided"
    assert ended.stream.sent_bytes >= uploads.until_bytes
    assert uploads.head.startswith(b"POST /v1/leases/9b05688c2b3e6c1f/up HTTP/1.1\r\n")
    assert b"Content-Length: %d\r\n" % LEASE.up_bytes in uploads.head


def test_it_is_sent_at_the_pace_of_the_lease() -> None:
    ended = stream(Uploads(), "send")

    # what the system took, and the first block at once
    most = offered_bps(BPS) / 8 * (ended.seconds + 0.025) + BLOCK_BYTES
    assert ended.stream.sent_bytes <= most


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"HTTP/1.1 409 Conflict\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b""]
)
def test_any_other_answer_in_mid_stream_is_the_peers_end(answer: bytes) -> None:
    def serve(link: socket.socket) -> None:
        head_of(link)
        link.sendall(answer)

    assert stream(serve, "send").by == "peer"


def test_an_old_proxys_answer_is_an_answer() -> None:
    assert stream(Uploads(answer=ENOUGH.replace(b"HTTP/1.1", b"HTTP/1.0")), "send").by == "decided"


def test_all_that_a_lease_allows_is_sent_and_no_more() -> None:
    lease = _slower(up_bytes=20_000)
    uploads = Uploads(until_bytes=10**9)

    ended = stream(uploads, "send", lease=lease)

    assert (ended.by, ended.stream.sent_bytes) == ("bytes", 20_000)


def test_session_tickets_are_no_answer(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.num_tickets = 8
    uploads = Uploads(tls=context, until_bytes=20_000)

    ended = stream(uploads, "send", certificate=certificate)

    assert ended.by == "decided"
    assert uploads.got >= uploads.until_bytes
    assert ended.stream.sent_bytes <= offered_bps(BPS) / 8 * (ended.seconds + 0.025) + BLOCK_BYTES


# -- the longest time -------------------------------------------------------------------------------------------------


def test_no_stream_takes_longer_than_its_time() -> None:
    """A collector that sends nothing, one that takes nothing, one that takes too little: all three side by side."""
    gone = Event()

    def takes_nothing(link: socket.socket) -> None:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        head_of(link)
        gone.wait(8)

    def takes_little(link: socket.socket) -> None:
        head_of(link)
        while link.recv(500):
            time.sleep(0.05)

    def sends_nothing(link: socket.socket) -> None:
        link.sendall(OK)
        gone.wait(8)

    found: dict[str, Ended] = {}
    cases: Sequence[tuple[str, Serve, Literal["receive", "send"]]] = [
        ("nothing came", sends_nothing, "receive"),
        ("nothing went", takes_nothing, "send"),
        ("little went", takes_little, "send"),
    ]
    threads = [
        Thread(target=lambda case=case: found.update({case[0]: stream(case[1], case[2], lease=_faster())}))
        for case in cases
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(15)
    gone.set()

    assert {name: ended.by for name, ended in found.items()} == dict.fromkeys((case[0] for case in cases), "time")
    assert all(ended.stream.stalled_ns < 0.2e9 for ended in found.values()), "a path that takes nothing is no stall"


def _slower(**other: int) -> Lease:
    return _lease(200_000, **other)


def _faster() -> Lease:
    return _lease(50_000_000)


def _lease(bps: int, **other: int) -> Lease:
    most = {"down_bytes": most_bytes(bps), "up_bytes": most_bytes(bps)}
    return Lease(version=WIRE_VERSION, lease=LEASE.lease, valid_ms=20_000, down_bps=bps, up_bps=bps, **most | other)
