"""A client's call at an ndt7 server in one direction, without a socket: `wire.ndt7.talk.Side`.

The receiver's count is the truth: downwards ours, upwards the last that the server told. Both are the mean over the
whole test, its slow beginning included, as M-Lab's clients report it.
"""

import base64
import os
from collections import deque
from collections.abc import Callable
from urllib.parse import urlencode

from wire import websocket
from wire.ndt7.protocol import (
    HANDSHAKE_S,
    LONGEST_S,
    PATHS,
    SUBPROTOCOL,
    TEST_S,
    TOKEN,
    Load,
    Measurement,
    goodput_bps,
    read_text,
)
from wire.report_words import Direction
from wire.reports import EndedBy
from wire.upgrade import BadUpgrade, Head, read_answer, request_head
from wire.version import VERSION
from wire.websocket import BadFrame, Close, FrameReader, Ping, Text

WHOLE_S = 0.95 * TEST_S
"""A server that ends a test after so long has ended it for time: its clock began a round trip before ours."""

LATE_NS = 1_000_000_000
"""Downwards the server ends a test; what waited in queues until then may still arrive."""

MOST_ASIDE_BYTES = 1 << 20
"""The most that a server may say in a test upwards."""

_NS = 1_000_000_000
_LITTLE = 1 << 14
_MUCH = 1 << 18
_SAID: dict[bytes, EndedBy] = {b"bytes": "bytes", b"lease_over": "lease", b"time": "time"}


class Call:
    """One test in one direction. `stop` says every few milliseconds whether it must end now, and why.

    `most_bytes` is checked before anything is sent and after anything was received. `refusal` is the machine word why
    the test never began, `ended_by` what ended it, `used_bytes` what it carried, frames and all; `elapsed_us` how long
    it has been, 0 before it began. `measured` is the last that the server told of what arrived.
    """

    def __init__(
        self,
        direction: Direction,
        *,
        host: str,
        prefix: str = "",
        token: str | None,
        most_bytes: int,
        longest_s: float = TEST_S,
        now_ns: int,
        stop: Callable[[], EndedBy | None] = lambda: None,
    ) -> None:
        self.direction: Direction = direction
        self._most_bytes = most_bytes
        self._longest_ns = int(min(longest_s, TEST_S) * _NS)
        self._stop = stop
        self._key = base64.b64encode(os.urandom(16)).decode("ascii")
        path = next(path for path, one in PATHS.items() if one == direction)
        query = {} if token is None else {TOKEN: token}
        query |= {"client_name": "bandroom-agent", "client_version": VERSION}
        question = request_head(
            host=host,
            target=f"{prefix}{path}?{urlencode(query)}",
            key=self._key,
            protocol=SUBPROTOCOL,
            headers={"User-Agent": f"bandroom-agent/{VERSION}"},
        )
        self._out: deque[memoryview] = deque([memoryview(question)])
        self._head = Head()
        self._space = memoryview(bytearray(_MUCH if direction == "down" else _LITTLE))
        self._reader = FrameReader(from_client=False, keep_text=True)
        self._load: Load | None = None
        self._pong: bytes | None = None
        self._zero_ns: int | None = None
        self._last_ns = 0
        self._ends_ns = now_ns + int(HANDSHAKE_S * _NS)
        self._said_goodbye = False
        self._sent_bytes = 0
        self._arrived_bytes = 0
        self.measured: Measurement | None = None
        self.refusal: str | None = None
        self.ended_by: EndedBy | None = None
        self.end: str | None = None

    @property
    def used_bytes(self) -> int:
        """What the test has carried, frames and all."""
        return self._arrived_bytes if self.direction == "down" else self._sent_bytes

    @property
    def has_begun(self) -> bool:
        """Whether the server accepted."""
        return self._zero_ns is not None

    @property
    def elapsed_us(self) -> int:
        """From the end of the handshake to the last that was sent or received."""
        return 0 if self._zero_ns is None else max(0, self._last_ns - self._zero_ns) // 1_000

    @property
    def received_bps(self) -> int | None:
        """The result, in bits per second; ``None`` when nobody knows."""
        if self.direction == "up":
            return self.measured.received_bps if self.measured is not None else None
        return goodput_bps(self._reader.binary_bytes, self.elapsed_us) if self.elapsed_us else None

    def look(self, now_ns: int) -> None:
        """End what is over."""
        if self.end is not None:
            return
        stopped = self._stop()
        if stopped is not None or now_ns >= self._ends_ns:
            if self._zero_ns is None:
                self._refused("no_answer")
            else:
                self._ended(self.ended_by or stopped or "time")
        elif self._zero_ns is not None and self.direction == "up" and now_ns - self._zero_ns >= self._longest_ns:
            self._say_goodbye("time")

    def outgoing(self, _now_ns: int) -> memoryview | None:
        """What is to be sent now."""
        if not self._out and self._zero_ns is not None:
            if self._pong is not None:
                self._out.append(memoryview(self._pong))
                self._pong = None
            elif self.direction == "up" and not self._said_goodbye:
                self._next_message()
        return self._out[0] if self._out else None

    def sent(self, size: int, now_ns: int) -> None:
        """So much of it was handed to the system."""
        if self._zero_ns is not None:
            self._sent_bytes += size
            if self.direction == "up":
                self._last_ns = now_ns
        self._out[0] = self._out[0][size:]
        if not self._out[0]:
            self._out.popleft()
            if self._load is not None:
                self._load.finish()

    def buffer(self) -> memoryview:
        """Where to put what arrives."""
        return self._space

    def arrived(self, size: int, now_ns: int) -> None:
        """So much is there now."""
        data = self._space[:size]
        if self._zero_ns is None:
            try:
                head = self._head.take(data)
                if head is None:
                    return
                read_answer(head, key=self._key, protocol=SUBPROTOCOL)
            except BadUpgrade as error:
                self._refused(error.word)
                return
            self._zero_ns = self._last_ns = now_ns
            self._ends_ns = now_ns + int(LONGEST_S * _NS)
            if self.direction == "down":
                self._ends_ns = now_ns + self._longest_ns + LATE_NS
            data = memoryview(self._head.rest)
        if data:
            self._read(data, now_ns)

    def hung_up(self) -> None:
        """The connection is gone."""
        if self.end is not None:
            return
        if self._zero_ns is None:
            self._refused("no_answer")
        else:
            self._ended(self.ended_by or self._by_clock())

    def _read(self, data: memoryview, now_ns: int) -> None:
        self._arrived_bytes += len(data)
        if self.direction == "down":
            self._last_ns = now_ns
        try:
            events = self._reader.take(data)
        except BadFrame:
            self._ended("peer")
            return
        for event in events:
            if isinstance(event, Text):
                said = read_text(event.data)
                if said is not None and said.received_bps is not None:
                    self.measured = said
            elif isinstance(event, Ping):
                self._pong = websocket.frame(websocket.PONG, event.data, mask=os.urandom(4))
            elif isinstance(event, Close):
                self._ended(self.ended_by or _SAID.get(event.reason) or self._by_clock())
                return
        if self.direction == "down":
            if self._arrived_bytes >= self._most_bytes:
                self._ended("bytes")
        elif self._reader.binary_bytes or self._arrived_bytes > MOST_ASIDE_BYTES:
            self._ended("peer")

    def _next_message(self) -> None:
        if self._load is None:
            self._load = Load(from_client=True)
        if self._sent_bytes + self._load.next_bytes > self._most_bytes:
            self._say_goodbye("bytes")
        else:
            self._out.append(self._load.next())

    def _say_goodbye(self, why: EndedBy) -> None:
        """Send no more, and wait for what the server says of it."""
        if not self._said_goodbye:
            self._said_goodbye = True
            self.ended_by = why
            self._out.append(memoryview(websocket.close_frame(websocket.NORMAL, why, mask=os.urandom(4))))

    def _by_clock(self) -> EndedBy:
        """What ended a test that the server ended without saying why."""
        return "time" if self.elapsed_us >= WHOLE_S * 1_000_000 else "peer"

    def _refused(self, word: str) -> None:
        self.refusal = word
        self.end = "refused"

    def _ended(self, by: EndedBy) -> None:
        self.ended_by = by
        self.end = by
