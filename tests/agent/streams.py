"""One direction of a test over a real connection, to servers that each do one thing."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.background import background
from agent.connection import TcpConnection
from agent.http import Collector, Unanswered
from agent.stream import Stream
from tests.agent.fakes import TOKEN, tcp_server
from wire.lease import Lease
from wire.sufficiency import most_bytes
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


def slower(**limits: int) -> Lease:
    return lease_of(200_000, **limits)


def faster() -> Lease:
    return lease_of(50_000_000)


def lease_of(bps: int, **limits: int) -> Lease:
    return Lease(
        version=WIRE_VERSION,
        lease=LEASE.lease,
        valid_ms=20_000,
        down_bps=bps,
        up_bps=bps,
        down_bytes=limits.get("down_bytes", most_bytes(bps)),
        up_bytes=limits.get("up_bytes", most_bytes(bps)),
    )
