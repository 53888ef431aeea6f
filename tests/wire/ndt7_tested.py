"""One side of ndt7 at a time, talked to by hand, on a clock that is moved by hand."""

import json
from datetime import UTC, datetime
from threading import Event
from typing import Any

from wire import websocket
from wire.ndt7.call import Call
from wire.ndt7.protocol import SUBPROTOCOL
from wire.ndt7.visit import Visit
from wire.report_words import Direction
from wire.tcp_info import TcpInfo
from wire.upgrade import END_OF_HEAD, BadUpgrade, request_head

NS = 1_000_000_000
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = bytes.fromhex("37fa213d")
BEGAN_AT = datetime(2026, 11, 25, 9, 0, 0, 250_000, UTC)
RIGHT, USED = "0123456789abcdef", "fedcba9876543210"
PATHS = {"down": "/ndt/v7/download", "up": "/ndt/v7/upload"}
MOST_DOWN, MOST_UP = 3_000_000, 2_000_000

Side = Visit | Call


class Permit:
    """A grant of so many bytes, until `over` is set; `cost` is what it was told in the end."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.over = Event()
        self.cost: list[int] = []

    def is_over(self) -> bool:
        return self.over.is_set()

    def done(self, used_bytes: int) -> None:
        self.cost.append(used_bytes)


class Desk:
    """Allows the right token, each direction with its own bytes."""

    def __init__(self, *, down_bytes: int = MOST_DOWN, up_bytes: int = MOST_UP) -> None:
        self.permits = {"down": Permit(down_bytes), "up": Permit(up_bytes)}
        self.asked: list[tuple[str | None, Direction]] = []

    def allow(self, token: str | None, direction: Direction) -> Permit:
        self.asked.append((token, direction))
        if token == USED:
            raise BadUpgrade(409, "token_used")
        if token != RIGHT:
            raise BadUpgrade(403, "wrong_token")
        return self.permits[direction]


class Hand:
    """Holds one side: says things to it, takes what it sends, moves its clock. `acked` is what its kernel says."""

    def __init__(self) -> None:
        self.now_ns = 5 * NS
        self.acked: int | None = None
        self.received = bytearray()

    def tcp_info(self) -> TcpInfo | None:
        return None if self.acked is None else TcpInfo(bytes_acked=self.acked, min_rtt_us=77)

    def say(self, side: Side, data: bytes) -> None:
        at = 0
        while at < len(data) and side.end is None:
            space = side.buffer()
            size = min(len(space), len(data) - at)
            space[:size] = data[at : at + size]
            side.arrived(size, self.now_ns)
            at += size

    def take(self, side: Side, most_bytes: int = 1 << 30) -> bytes:
        """What it sends now, so many bytes of it at the most."""
        got = bytearray()
        while side.end is None and len(got) < most_bytes and (going := side.outgoing(self.now_ns)) is not None:
            size = min(len(going), most_bytes - len(got), 300_000)
            got += going[:size]
            side.sent(size, self.now_ns)
        self.received += got
        return bytes(got)

    def wait(self, side: Side, seconds: float) -> None:
        self.now_ns += int(seconds * NS)
        side.look(self.now_ns)


def question(direction: Direction, token: str | None = RIGHT, **query: str) -> bytes:
    query = ({} if token is None else {"access_token": token}) | query
    target = PATHS[direction] + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    return request_head(host="localhost", target=target, key=KEY, protocol=SUBPROTOCOL, headers={})


def visit(hand: Hand, desk: Desk | None = None) -> Visit:
    return Visit((desk or Desk()).allow, now_ns=hand.now_ns, utc_now=lambda: BEGAN_AT, tcp_info=hand.tcp_info)


def begun(hand: Hand, direction: Direction, desk: Desk | None = None, **query: str) -> Visit:
    """A visit whose test has begun, its 101 taken."""
    made = visit(hand, desk)
    hand.say(made, question(direction, **query))
    head = bytearray()
    while END_OF_HEAD not in head:
        head += hand.take(made, 1)
    assert head.startswith(b"HTTP/1.1 101 ")
    hand.received.clear()
    return made


def binary(size: int) -> bytes:
    return websocket.header(websocket.BINARY, size, mask=MASK) + bytes(size)


def client_close() -> bytes:
    return websocket.close_frame(websocket.NORMAL, "", mask=MASK)


def heard(data: bytes) -> tuple[int, list[dict[str, Any]], list[websocket.Close]]:
    """What a server's bytes say: payload of binary messages, measurements, closes."""
    reader = websocket.FrameReader(from_client=False, keep_text=True)
    events = reader.take(memoryview(data))
    texts = [json.loads(one.data) for one in events if isinstance(one, websocket.Text)]
    return reader.binary_bytes, texts, [one for one in events if isinstance(one, websocket.Close)]
