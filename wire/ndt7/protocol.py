"""ndt7, what both sides must agree on: addresses, sizes, times and measurements.

After M-Lab's specification of ndt7, version 0.11.0. One TCP connection carries one direction: the sender fills it with
binary messages of random bytes for ten seconds, and texts tell of the state. Goodput is the mean over the whole test,
its slow beginning included: ``8e6 * NumBytes / ElapsedTime`` bits per second.
"""

import json
import os
from dataclasses import dataclass

from wire import websocket
from wire.fields import MAX_BYTES
from wire.report_words import Direction
from wire.tcp_info import TcpInfo

PATHS: dict[str, Direction] = {"/ndt/v7/download": "down", "/ndt/v7/upload": "up"}
SUBPROTOCOL = "net.measurementlab.ndt.v7"
TOKEN = "access_token"  # noqa: S105 - the name of the key in the query, as M-Lab's locate service gives it
EARLY_EXIT = "early_exit"
EARLY_EXIT_MB = "250"
"""The one limit that a client may wish for, in millions of bytes, downwards only."""

HANDSHAKE_S = 5.0
TEST_S = 10.0
LONGEST_S = 13.0
"""After which either side ends the connection, whatever the other does."""

MEASURE_EVERY_S = 0.25
"""Specified are at most ten texts a second."""

FIRST_MESSAGE_BYTES = 1 << 13
LAST_MESSAGE_BYTES = 1 << 20
SCALING = 16
LEAST_MESSAGE_BYTES = 1 << 10
_MOST_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A text of either side. `elapsed_us` counts from the end of the handshake, `payload_bytes` is what had arrived, or
    had been handed to the system, by then."""

    elapsed_us: int | None = None
    payload_bytes: int | None = None
    tcp: TcpInfo | None = None
    tcp_elapsed_us: int | None = None

    @property
    def received_bps(self) -> int | None:
        """The mean rate at which this receiver got data, in bits per second: by the count of its payload, else, as of
        M-Lab's server, by its kernel's count, which has the headers of the WebSocket in it."""
        size, elapsed_us = self.payload_bytes, self.elapsed_us
        if size is None or not elapsed_us:
            size, elapsed_us = self.tcp.bytes_received if self.tcp else None, self.tcp_elapsed_us
        return None if size is None or not elapsed_us else goodput_bps(size, elapsed_us)


def goodput_bps(payload_bytes: int, elapsed_us: int) -> int:
    """ndt7's result, in bits per second."""
    return round(8e6 * payload_bytes / elapsed_us)


def next_message_bytes(message_bytes: int, total_bytes: int) -> int:
    """How large the next message is when `total_bytes` have gone in messages that are now of `message_bytes`: doubled
    once that is no more than a sixteenth of them, up to a megabyte (appendix of the specification)."""
    if message_bytes >= LAST_MESSAGE_BYTES or message_bytes > total_bytes // SCALING:
        return message_bytes
    return message_bytes * 2


class Load:
    """Binary messages to send: one block of random bytes, which each message begins anew.

    Random, so that nothing between can compress it, and drawn once, because drawing a gigabyte would be the limit of
    what is tested. Of a client's frames each has a mask of its own that nobody can foresee (RFC 6455, section 5.3), but
    no byte is masked: random bytes with a mask over them are random bytes, so these may as well be the masked ones.
    What the mask protects from, data that somebody else chose and that a proxy takes for HTTP, is not there.

    `payload_bytes` is what went in messages before the one under way.
    """

    def __init__(self, *, from_client: bool) -> None:
        self._from_client = from_client
        self._space = memoryview(bytearray(websocket.MOST_HEADER_BYTES) + os.urandom(LAST_MESSAGE_BYTES))
        self._size = FIRST_MESSAGE_BYTES
        self._under_way = 0
        self.payload_bytes = 0

    @property
    def next_bytes(self) -> int:
        """The most that the next message has, header and all."""
        total = self.payload_bytes + self._under_way
        return next_message_bytes(self._size, total) + websocket.MOST_HEADER_BYTES

    def next(self) -> memoryview:
        """The next message, header and all. The one before has gone: its bytes are used again."""
        self.finish()
        self._size = next_message_bytes(self._size, self.payload_bytes)
        self._under_way = self._size
        mask = os.urandom(4) if self._from_client else None
        head = websocket.header(websocket.BINARY, self._size, mask=mask)
        begin = websocket.MOST_HEADER_BYTES - len(head)
        self._space[begin : websocket.MOST_HEADER_BYTES] = head
        return self._space[begin : websocket.MOST_HEADER_BYTES + self._size]

    def finish(self) -> None:
        """The message under way has gone."""
        self.payload_bytes += self._under_way
        self._under_way = 0


def server_text(measured: Measurement, *, direction: Direction, test: str, started_at: str) -> bytes:
    """A server's measurement. `test` is a random name of this test, `started_at` its beginning as RFC 3339 has it.

    The specification wants the endpoints of the connection told in ``ConnectionInfo``. We keep no addresses and tell
    none: they stand there empty, and M-Lab's clients show an empty one.
    """
    connection = {"Client": "", "Server": "", "UUID": test, "StartTime": started_at}
    return _text(measured, origin="server", direction=direction, other={"ConnectionInfo": connection})


def read_text(data: bytes) -> Measurement | None:
    """The measurement in a text; ``None`` for anything else, which is no fault (ndt7 lets texts be ignored). Numbers
    that cannot be are taken for absent."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    app, tcp = _object(said, "AppInfo"), _object(said, "TCPInfo")
    found = {ours: _whole(tcp, theirs, limit) for ours, (theirs, limit) in _TCP_NAMES.items()}
    return Measurement(
        elapsed_us=_whole(app, "ElapsedTime", _MOST_US),
        payload_bytes=_whole(app, "NumBytes", MAX_BYTES),
        tcp=TcpInfo(**found) if tcp else None,
        tcp_elapsed_us=_whole(tcp, "ElapsedTime", _MOST_US),
    )


_TCP_NAMES = {
    "rtt_us": ("RTT", _MOST_US),
    "rtt_variance_us": ("RTTVar", _MOST_US),
    "min_rtt_us": ("MinRTT", _MOST_US),
    "bytes_acked": ("BytesAcked", MAX_BYTES),
    "bytes_received": ("BytesReceived", MAX_BYTES),
    "bytes_sent": ("BytesSent", MAX_BYTES),
    "bytes_retransmitted": ("BytesRetrans", MAX_BYTES),
    "busy_us": ("BusyTime", _MOST_US),
    "receiver_limited_us": ("RWndLimited", _MOST_US),
    "sender_limited_us": ("SndBufLimited", _MOST_US),
}


def _text(measured: Measurement, *, origin: str, direction: Direction, other: dict[str, object]) -> bytes:
    said: dict[str, object] = {}
    if measured.elapsed_us is not None and measured.payload_bytes is not None:
        said["AppInfo"] = {"ElapsedTime": measured.elapsed_us, "NumBytes": measured.payload_bytes}
    said |= other
    said["Origin"] = origin
    said["Test"] = {"down": "download", "up": "upload"}[direction]
    if measured.tcp is not None:
        tcp = {theirs: getattr(measured.tcp, ours) for ours, (theirs, _) in _TCP_NAMES.items()}
        tcp["ElapsedTime"] = measured.tcp_elapsed_us
        said["TCPInfo"] = {name: value for name, value in tcp.items() if value is not None}
    return json.dumps(said, separators=(",", ":")).encode()


def _object(said: dict[str, object], name: str) -> dict[str, object]:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _whole(said: dict[str, object], name: str, limit: int) -> int | None:
    value = said.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limit else None
