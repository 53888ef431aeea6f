"""What somebody else in a room feels: a ping 50 times a second, answered by the other end's kernel. Needs root.

Neither end's program can make it look slower than it was: the kernel notes when an answer comes.
"""

import math
import secrets
import select
import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.end_to_end.school import Room

SO_TIMESTAMPNS = 35
ECHO_REQUEST, ECHO_REPLY = 8, 0
LAST_ANSWER_S = 2.0
"""How long an answer is waited for after the last ping."""

MOST_PINGS = 30_000
"""Ten minutes of them; the sequence number would do for twice as many."""

_HEADER = struct.Struct("!BBHHH")
_TIMESPEC = struct.Struct("@ll")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """One ping: when it was sent (Unix time), and its round trip; ``None`` when nothing came back."""

    sent_at: float
    rtt_ms: float | None


def percentile_ms(pings: Sequence[Ping], percentile: float) -> float:
    """The nearest rank of the round trips; one that never came back took for ever."""
    assert pings, "no ping was sent in that time"
    ranked = sorted(math.inf if one.rtt_ms is None else one.rtt_ms for one in pings)
    return ranked[max(0, math.ceil(len(ranked) * percentile / 100) - 1)]


class Bystander:
    """Pings `towards` from `room` within its block."""

    def __init__(self, room: Room, towards: str, *, per_second: int = 50) -> None:
        self._towards = towards
        self._interval_s = 1 / per_second
        self._identifier = secrets.randbelow(2**16)
        self._sent_ns: list[int] = []
        self._rtt_ns: dict[int, int] = {}
        self._leaving = threading.Event()
        self._socket = room.namespace.open_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._thread = threading.Thread(target=self._run, name=f"bystander in {room.name}")

    def __enter__(self) -> "Bystander":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._thread.join()
        self._socket.close()

    def pings(self, since: float = 0, until: float = math.inf) -> list[Ping]:
        """Those that were sent in this time (Unix), also while it goes on: the latest may still be answered."""
        return [
            Ping(sent_at=sent / 1e9, rtt_ms=rtt / 1e6 if (rtt := self._rtt_ns.get(number)) is not None else None)
            for number, sent in enumerate(self._sent_ns[:])
            if since <= sent / 1e9 < until
        ]

    def _run(self) -> None:
        due = time.monotonic()
        while not self._leaving.is_set() and len(self._sent_ns) < MOST_PINGS:
            self._take_answers(until=due)
            self._send()
            due = max(due + self._interval_s, time.monotonic() - self._interval_s)  # nothing is made up for
        self._take_answers(until=time.monotonic() + LAST_ANSWER_S)

    def _send(self) -> None:
        number = len(self._sent_ns)
        packet = _HEADER.pack(ECHO_REQUEST, 0, 0, self._identifier, number)
        packet = _HEADER.pack(ECHO_REQUEST, 0, _checksum(packet), self._identifier, number)
        self._sent_ns.append(time.time_ns())
        self._socket.sendto(packet, (self._towards, 0))

    def _take_answers(self, until: float) -> None:
        while (wait_s := until - time.monotonic()) > 0 and len(self._rtt_ns) < len(self._sent_ns):
            if select.select([self._socket], [], [], wait_s)[0]:
                self._take_answer()
        if (wait_s := until - time.monotonic()) > 0 and not self._leaving.is_set():
            time.sleep(wait_s)

    def _take_answer(self) -> None:
        packet, notes, _, _ = self._socket.recvmsg(2048, socket.CMSG_SPACE(_TIMESPEC.size))
        kind, _, _, identifier, number = _HEADER.unpack_from(packet, (packet[0] & 0xF) * 4)
        if (kind, identifier) != (ECHO_REPLY, self._identifier) or number >= len(self._sent_ns):
            return
        (received_ns,) = (
            seconds * 10**9 + ns
            for level, note, data in notes
            if (level, note) == (socket.SOL_SOCKET, SO_TIMESTAMPNS)
            for seconds, ns in [_TIMESPEC.unpack(data)]
        )
        self._rtt_ns.setdefault(number, received_ns - self._sent_ns[number])


def _checksum(packet: bytes) -> int:
    """RFC 1071, of an even number of octets."""
    total: int = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
