"""A client's visit to an ndt7 server, from its first byte to its last, without a socket: `wire.ndt7.talk.Side`.

Everything a stranger can make of it is bounded: the head in bytes and seconds, a test in bytes and seconds, texts and
small frames in number. Nothing of what a client says is kept, and no answer is larger than its question before a token
was right.
"""

import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from wire import websocket
from wire.ndt7.protocol import (
    EARLY_EXIT,
    EARLY_EXIT_MB,
    HANDSHAKE_S,
    LAST_MESSAGE_BYTES,
    LEAST_MESSAGE_BYTES,
    LONGEST_S,
    MEASURE_EVERY_S,
    PATHS,
    SUBPROTOCOL,
    TEST_S,
    TOKEN,
    Load,
    Measurement,
    server_text,
)
from wire.report_words import Direction
from wire.tcp_info import TcpInfo
from wire.upgrade import BadUpgrade, Head, UpgradeRequest, accepting_head, read_request, refusing_head
from wire.websocket import BadFrame, Close, FrameReader, Ping

FEW_FRAMES = 2_000
"""So many frames may be smaller than a message has to be. Each costs us as much as a large one."""

MOST_ASIDE_BYTES = 1 << 20
"""The most that a client may say in a test downwards, where it has next to nothing to say."""

_NS = 1_000_000_000
_LITTLE = 4_096
_MUCH = 1 << 18


class Grant(Protocol):
    """Permission for one test in one direction. `done` is told once what the test cost."""

    @property
    def most_bytes(self) -> int:
        """The most that it may carry."""

    def is_over(self) -> bool:
        """Whether the test is to end at once."""

    def done(self, used_bytes: int) -> None:
        """The test has ended."""


Allow = Callable[[str | None, Direction], Grant]
"""Asks whether the bearer of a token may test in a direction; ``None``: no token was shown. May block for some seconds.
Raises `BadUpgrade` 403, 409 or 503 with the machine word why not."""


class Visit:
    """One connection. `tcp_info` asks its kernel, which may not know, `utc_now` tells when a test began.

    `direction` is there once a test was granted, `used_bytes` is what it has carried. `end` is the machine word for how
    it ended, `must_reset` whether something that nobody wants any more may still be on its way out.
    """

    def __init__(
        self, allow: Allow, *, now_ns: int, utc_now: Callable[[], datetime], tcp_info: Callable[[], TcpInfo | None]
    ) -> None:
        self._allow = allow
        self._utc_now = utc_now
        self._tcp_info = tcp_info
        self._head = Head()
        self._space = memoryview(bytearray(_LITTLE))
        self._out: deque[memoryview] = deque()
        self._load: Load | None = None
        self._pong: bytes | None = None
        self._reader = FrameReader(from_client=True, keep_text=False)
        self._grant: Grant | None = None
        self._most_bytes = 0
        self._early_exit_bytes: int | None = None
        self._zero_ns: int | None = None
        self._measured_ns = 0
        self._closing: str | None = None
        self._ends_when_sent = False
        self._ends_ns = now_ns + int(HANDSHAKE_S * _NS)
        self._arrived_bytes = 0
        self._sent_bytes = 0
        self._test = secrets.token_hex(8)
        self._started_at = ""
        self.direction: Direction | None = None
        self.end: str | None = None
        self.must_reset = False

    @property
    def used_bytes(self) -> int:
        """What the test has carried, frames and all."""
        return self._sent_bytes if self.direction == "down" else self._arrived_bytes

    def look(self, now_ns: int) -> None:
        """End what is over."""
        if self.end is not None:
            return
        if self._grant is not None and self._grant.is_over():
            self._end("lease_over", reset=True)
        elif now_ns >= self._ends_ns:
            self._end(self._closing or ("too_slow" if self._zero_ns is None else "time"), reset=True)
        elif self._zero_ns is not None and self._closing is None:
            if now_ns - self._zero_ns >= TEST_S * _NS:
                self._close("time", now_ns)
            elif now_ns - self._measured_ns >= MEASURE_EVERY_S * _NS and len(self._out) <= 1:  # no other text waits
                self._measure(now_ns)

    def outgoing(self, now_ns: int) -> memoryview | None:
        """What is to be sent now."""
        if not self._out and self._zero_ns is not None:
            if self._pong is not None:
                self._out.append(memoryview(self._pong))
                self._pong = None
            elif self._load is not None and self._closing is None:
                if self._sent_bytes + self._load.next_bytes > self._most_bytes:
                    self._close("bytes", now_ns)
                else:
                    self._out.append(self._load.next())
        return self._out[0] if self._out else None

    def sent(self, size: int, now_ns: int) -> None:
        """So much of it was handed to the system."""
        if self._zero_ns is not None:
            self._sent_bytes += size
        self._out[0] = self._out[0][size:]
        if self._out[0]:
            return
        self._out.popleft()
        if self._load is not None:
            # A message is only begun when nothing else waits: this was it, or none is under way.
            self._load.finish()
        if self._out:
            return
        if self._ends_when_sent:
            self._end(self._closing or "broken")
        elif self._grant is not None and self._zero_ns is None:
            self._zero_ns = self._measured_ns = now_ns
            self._ends_ns = now_ns + int(LONGEST_S * _NS)
            self._started_at = self._utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def buffer(self) -> memoryview:
        """Where to put what arrives."""
        return self._space

    def arrived(self, size: int, now_ns: int) -> None:
        """So much is there now."""
        if self._grant is not None:
            self._arrived_bytes += size
        if self._ends_when_sent:
            return
        if self._grant is None:
            self._read_head(self._space[:size])
        else:
            self._read(self._space[:size], now_ns)

    def hung_up(self) -> None:
        """The connection is gone."""
        if self.end is None:
            self._end(self._closing or ("hung_up" if self._grant is not None else "no_question"), reset=True)

    def leave(self) -> None:
        """Whatever happened, this visit is over: tell what it cost."""
        self.end = self.end or "broken"
        if self._grant is not None:
            grant, self._grant = self._grant, None
            grant.done(self.used_bytes)

    def _read_head(self, data: memoryview) -> None:
        try:
            head = self._head.take(data)
            if head is not None:
                self._accept(read_request(head))
        except BadUpgrade as error:
            answer = refusing_head(error.status, error.word)
            self._closing = error.word
            if len(answer) > len(self._head):
                self._end(error.word)
                return
            self._out.append(memoryview(answer))
            self._ends_when_sent = True

    def _accept(self, asked: UpgradeRequest) -> None:
        direction = PATHS.get(asked.path)
        if direction is None:
            raise BadUpgrade(404, "not_found")
        if SUBPROTOCOL not in asked.protocols:
            raise BadUpgrade(400, "no_subprotocol")
        wished = asked.query.get(EARLY_EXIT)
        if wished not in (None, EARLY_EXIT_MB):
            raise BadUpgrade(400, "bad_early_exit")
        if self._head.rest:
            raise BadUpgrade(400, "too_early")
        self._grant = self._allow(asked.query.get(TOKEN), direction)
        self._most_bytes = self._grant.most_bytes
        self.direction = direction
        if direction == "down":
            self._load = Load(from_client=False)
            self._early_exit_bytes = None if wished is None else int(wished) * 1_000_000
        else:
            self._space = memoryview(bytearray(_MUCH))
        self._out.append(memoryview(accepting_head(asked.key, SUBPROTOCOL)))

    def _read(self, data: memoryview, now_ns: int) -> None:
        try:
            events = self._reader.take(data)
        except BadFrame as error:
            self._fail(error.word, error.code, now_ns)
            return
        for event in events:
            if isinstance(event, Ping):  # of several only the newest wants an answer (RFC 6455, section 5.5.3)
                self._pong = websocket.frame(websocket.PONG, event.data)
            elif isinstance(event, Close):
                self._client_closed(now_ns)
                return
        if self._reader.frames > FEW_FRAMES + self._arrived_bytes // LEAST_MESSAGE_BYTES:
            self._fail("flood", websocket.POLICY, now_ns)
        elif self.direction == "down":
            if self._reader.binary_bytes:
                self._fail("unexpected_binary", websocket.UNACCEPTABLE, now_ns)
            elif self._arrived_bytes > MOST_ASIDE_BYTES:
                self._fail("flood", websocket.POLICY, now_ns)
        elif self._arrived_bytes > self._most_bytes:
            if self._closing is None:
                self._close("bytes", now_ns)
            if self._arrived_bytes > self._most_bytes + LAST_MESSAGE_BYTES:
                self._end("bytes", reset=True)

    def _client_closed(self, now_ns: int) -> None:
        """The client's part of a close: either the answer to ours, or the first."""
        if self._closing is None:
            self._close("client_closed", now_ns)
        if self._out:
            self._ends_when_sent = True
        else:
            self._end(self._closing or "client_closed")

    def _measure(self, now_ns: int) -> None:
        assert self._zero_ns is not None
        assert self.direction is not None
        self._measured_ns = now_ns
        elapsed_us = (now_ns - self._zero_ns) // 1_000
        tcp = self._tcp_info()
        payload = self._load.payload_bytes if self._load is not None else self._reader.binary_bytes
        measured = Measurement(
            elapsed_us=elapsed_us,
            payload_bytes=payload,
            tcp=tcp,
            tcp_elapsed_us=elapsed_us if tcp is not None else None,
        )
        text = server_text(measured, direction=self.direction, test=self._test, started_at=self._started_at)
        self._out.append(memoryview(websocket.frame(websocket.TEXT, text)))
        if self._early_exit_bytes is not None and self._closing is None:
            acked = tcp.bytes_acked if tcp is not None and tcp.bytes_acked is not None else payload
            if acked >= self._early_exit_bytes:
                self._close("early_exit", now_ns)

    def _close(self, word: str, now_ns: int) -> None:
        """Begin the end: tell how it stands, say goodbye, and wait for the client's."""
        self._closing = word
        if self._zero_ns is not None:
            self._measure(now_ns)
        self._out.append(memoryview(websocket.close_frame(websocket.NORMAL, word)))

    def _fail(self, word: str, code: int, now_ns: int) -> None:
        """The client broke the protocol: say so if it listens, and end."""
        self._closing = word
        self._ends_ns = min(self._ends_ns, now_ns + _NS)
        self._ends_when_sent = self.must_reset = True
        self._out.append(memoryview(websocket.close_frame(code, word)))

    def _end(self, word: str, *, reset: bool = False) -> None:
        self.end = word
        self.must_reset = self.must_reset or reset
