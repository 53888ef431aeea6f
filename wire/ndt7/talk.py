"""What moves the bytes of an ndt7 test between a connection and one side of the protocol, whichever it is.

The protocol keeps no connection and the connection knows no protocol: whoever has a socket lends it. One thread talks,
sends whatever may be sent, and looks at least every `LOOK_S` at whether the test is over, so that it stops that soon.
"""

import selectors
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

LOOK_S = 0.05
UNSENT_BYTES = 1 << 18
"""What waits unsent is late when a test ends, and a text behind it when it is sent."""


class Link(Protocol):
    """A connection whose calls raise `TimeoutError` after `LOOK_S`, and `OSError` when it is broken."""

    def fileno(self) -> int:
        """By which the system knows it."""

    def send(self, data: memoryview, /) -> int:
        """Hand over some of `data`; how much."""

    def recv_into(self, buffer: memoryview, /) -> int:
        """Receive some; how much, and 0 at the end."""


class Side(Protocol):
    """One side of a test. `end` is the machine word for how it ended, ``None`` before."""

    end: str | None

    def look(self, now_ns: int) -> None:
        """Notice what time it is."""

    def outgoing(self, now_ns: int) -> memoryview | None:
        """What is to be sent now; ``None`` for nothing. The same until it was sent."""

    def sent(self, size: int, now_ns: int) -> None:
        """So much of it was handed over."""

    def buffer(self) -> memoryview:
        """Where to put what arrives."""

    def arrived(self, size: int, now_ns: int) -> None:
        """So much is there now."""

    def hung_up(self) -> None:
        """The connection is gone."""


def prepare(connection: socket.socket) -> None:
    """Make a connection a `Link`. Raises `OSError` where it is broken."""
    connection.settimeout(LOOK_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if sys.platform == "linux":
        with suppress(OSError):  # a kernel without it
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        with suppress(OSError):
            # What most machines of pupils send with, whatever this one prefers: what a test finds must not depend on
            # who makes it, or to whom.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")


def talk(side: Side, link: Link, *, now_ns: Callable[[], int]) -> None:
    """Talk until `side` has ended."""
    pending: Callable[[], int] = getattr(link, "pending", lambda: 0)  # what TLS has taken from the system already
    with selectors.DefaultSelector() as selector:
        selector.register(link.fileno(), selectors.EVENT_READ)
        while True:
            side.look(now_ns())
            if side.end is not None:
                return
            try:
                going = side.outgoing(now_ns())
                if going is not None:
                    _send(side, link, going, now_ns)
                if side.end is None and (pending() or selector.select(0.0 if going is not None else LOOK_S)):
                    _receive(side, link, now_ns)
            except OSError:
                side.hung_up()


def _send(side: Side, link: Link, going: memoryview, now_ns: Callable[[], int]) -> None:
    with suppress(TimeoutError):
        side.sent(link.send(going), now_ns())


def _receive(side: Side, link: Link, now_ns: Callable[[], int]) -> None:
    with suppress(TimeoutError):
        if size := link.recv_into(side.buffer()):
            side.arrived(size, now_ns())
        else:
            side.hung_up()
