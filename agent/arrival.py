"""When a packet arrived: by the kernel where it says, else when we got to it."""

import socket
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from agent.clock import NS_PER_MS, NS_PER_S, Clock
from wire.reports import ReceiveTimestamps

STEP_NS = NS_PER_MS
"""Wall and elapsed time that disagree by more over one round trip: the wall clock was stepped."""

_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module does not name it
_TIMESPEC = struct.Struct("@ll")
_MOST_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on the two clocks that time a round trip."""

    precise_ns: int
    wall_ns: int


def moment(clock: Clock) -> Moment:
    """Now."""
    return Moment(precise_ns=clock.precise_ns(), wall_ns=clock.wall_ns())


def note_arrivals(link: socket.socket) -> None:
    """Let the kernel note when packets arrive at `link`, where it can."""
    if sys.platform == "linux":
        with suppress(OSError):
            link.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def receive(link: socket.socket) -> tuple[bytes, int | None]:
    """One packet, and when the kernel got it (Unix time in ns) where it says. Raises `OSError`."""
    if sys.platform != "linux":
        return link.recv(_MOST_BYTES), None
    packet, notes, _, _ = link.recvmsg(_MOST_BYTES, 64)
    return packet, kernel_ns_of(notes)


def kernel_ns_of(notes: Iterable[tuple[int, int, bytes]]) -> int | None:
    """When the kernel got a packet, in Unix time, by the notes (``cmsg``) that came with it; ``None`` without it."""
    for level, kind, data in notes:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds) * NS_PER_S + int(nanoseconds)
    return None


def elapsed(sent: Moment, got: Moment, kernel_ns: int | None) -> tuple[int, ReceiveTimestamps]:
    """Nanoseconds from `sent` to the arrival of a packet that we got to at `got`, and whose word that is. The time that
    it lay in the socket's queue is not part of it where the kernel noted the arrival."""
    elapsed_ns = got.precise_ns - sent.precise_ns
    if kernel_ns is not None and abs(got.wall_ns - sent.wall_ns - elapsed_ns) < STEP_NS:
        waited_ns = got.wall_ns - kernel_ns
        if 0 <= waited_ns <= elapsed_ns:
            return elapsed_ns - waited_ns, "kernel"
    return elapsed_ns, "user"
