"""STAMP session-sender (RFC 8762, unauthenticated): round trips over one UDP socket."""

import asyncio
import errno
import socket
import struct
import sys
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field

from agent.clock import NS_PER_MS, Clock
from agent.place import NoPlace, Place
from agent.sample import Sample
from wire.reports import Failure, ReceiveTimestamps
from wire.stamp import (
    ERROR_SYNCHRONISED,
    ERROR_UNSYNCHRONISED,
    ReflectorPacket,
    SenderPacket,
    ntp_from_unix_ns,
)

STALE_AFTER = 10
"""So many unanswered requests in a row make a new socket: addresses and routes change under us."""

REMEMBERED = 256
"""Requests remembered after their end, to tell a duplicate from a foreign packet."""

STEP_NS = NS_PER_MS
"""Wall and elapsed time that disagree by more over one round trip: the wall clock was stepped."""

SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module does not name it
_TIMESPEC = struct.Struct("@ll")
_MOST_PER_WAKE = 64


@dataclass(slots=True)
class _Request:
    """One packet under way."""

    timestamp: int
    boot_ns: int
    precise_ns: int
    wall_ns: int
    answer: "asyncio.Future[_Answer | Failure]" = field(repr=False)
    answered: bool = False


@dataclass(frozen=True, slots=True)
class _Answer:
    rtt_ns: int
    timestamps: ReceiveTimestamps
    reordered: bool


class StampSession:
    """One target's session: `probe` sends one packet and waits for its answer.

    Probes may overlap. Answers are matched by sequence number and echoed T1, so that nothing
    foreign is taken for one. The socket lives as long as the session, except that errors and
    `STALE_AFTER` silent requests open a new one, with the name looked up again.
    """

    def __init__(self, place: Place, *, timeout_ms: int, clock: Clock) -> None:
        self._place = place
        self._timeout_s = timeout_ms / 1000
        self._clock = clock
        self._socket: socket.socket | None = None
        self._requests: OrderedDict[int, _Request] = OrderedDict()
        self._error_estimate = ERROR_UNSYNCHRONISED
        self._sequence = 0
        self._expected = 0
        self._duplicates = 0
        self._silent = 0
        self._opened = 0

    async def probe(self) -> Sample:
        """Send one packet; its round trip, or why there is none."""
        boot_ns = self._clock.boot_ns()
        try:
            link = self._socket or await self._open()
        except NoPlace as error:
            return Sample(sent_ns=boot_ns, method="stamp", failure=error.failure)
        request = self._send(link)
        outcome: _Answer | Failure
        try:
            async with asyncio.timeout(self._timeout_s):
                outcome = await request.answer
        except TimeoutError:
            outcome = "no_answer"
        if isinstance(outcome, _Answer) and outcome.rtt_ns > self._timeout_s * 1e9:
            outcome = "no_answer"  # RFC 7680: past the waiting time is lost, however busy we were
        duplicates, self._duplicates = self._duplicates, 0
        if isinstance(outcome, _Answer):
            self._silent = 0
            return Sample(
                sent_ns=request.boot_ns,
                method="stamp",
                rtt_ns=outcome.rtt_ns,
                timestamps=outcome.timestamps,
                reordered=outcome.reordered,
                duplicates=duplicates,
            )
        self._silent += 1
        if self._silent % STALE_AFTER == 0:
            self.close()
        return Sample(sent_ns=request.boot_ns, method="stamp", failure=outcome, duplicates=duplicates)

    def close(self) -> None:
        """Give the socket back; the next probe opens another and looks the name up again."""
        self._place.forget()
        if self._socket is not None:
            with suppress(ValueError, RuntimeError):
                asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    async def _open(self) -> socket.socket:
        """A connected socket. After each reopening another address has its turn. Raises `NoPlace`."""
        addresses = await self._place.addresses(self._timeout_s)
        if self._socket is not None:  # another probe was faster
            return self._socket
        turn = self._opened % len(addresses)
        self._opened += 1
        for family, address in addresses[turn:] + addresses[:turn]:
            try:
                link = _connected(family, address)
            except OSError:
                continue
            self._socket = link
            self._error_estimate = ERROR_SYNCHRONISED if self._clock.synchronised() else ERROR_UNSYNCHRONISED
            asyncio.get_running_loop().add_reader(link, self._readable, link)
            return link
        self._place.forget()
        raise NoPlace("unreachable")

    def _send(self, link: socket.socket) -> _Request:
        sequence = self._sequence
        self._sequence = (sequence + 1) % 2**32
        wall_ns = self._clock.wall_ns()
        request = _Request(
            timestamp=ntp_from_unix_ns(wall_ns),
            boot_ns=self._clock.boot_ns(),
            precise_ns=self._clock.precise_ns(),
            wall_ns=wall_ns,
            answer=asyncio.get_running_loop().create_future(),
        )
        self._requests[sequence] = request
        while len(self._requests) > REMEMBERED and next(iter(self._requests.values())).answer.done():
            self._requests.popitem(last=False)
        packet = SenderPacket(sequence=sequence, timestamp=request.timestamp, error_estimate=self._error_estimate)
        failure = _sent(link, packet.encode())
        if failure is not None:
            request.answer.set_result(failure)
            self.close()
        return request

    def _readable(self, link: socket.socket) -> None:
        for _ in range(_MOST_PER_WAKE):
            try:
                packet, kernel_ns = _received(link)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error for something sent before
                for request in self._requests.values():
                    if not request.answer.done():
                        request.answer.set_result("unreachable")
                return
            self._take(packet, kernel_ns)

    def _take(self, packet: bytes, kernel_ns: int | None) -> None:
        precise_ns, wall_ns = self._clock.precise_ns(), self._clock.wall_ns()
        answer = ReflectorPacket.decode(packet)
        request = self._requests.get(answer.sender_sequence) if answer else None
        if answer is None or request is None or answer.sender_timestamp != request.timestamp:
            return
        if request.answered:
            self._duplicates += 1
            return
        if request.answer.done():  # late: lost already
            return
        request.answered = True
        elapsed_ns = precise_ns - request.precise_ns
        timestamps: ReceiveTimestamps = "user"
        if kernel_ns is not None and abs(wall_ns - request.wall_ns - elapsed_ns) < STEP_NS:
            waited_ns = wall_ns - kernel_ns  # in the socket's queue, until we got to it
            if 0 <= waited_ns <= elapsed_ns:
                elapsed_ns -= waited_ns
                timestamps = "kernel"
        residence_ns = answer.residence_ns
        if 0 <= residence_ns <= elapsed_ns:
            elapsed_ns -= residence_ns
        reordered = answer.sender_sequence < self._expected
        if not reordered:
            self._expected = answer.sender_sequence + 1
        request.answer.set_result(_Answer(max(elapsed_ns, 0), timestamps, reordered))


def _connected(family: int, address: tuple[str, int]) -> socket.socket:
    """A non-blocking UDP socket for one peer, its kernel noting when packets arrive where it can."""
    link = socket.socket(family, socket.SOCK_DGRAM)
    try:
        link.setblocking(False)
        with suppress(OSError):  # RFC 8762, section 4.1: sent with the highest TTL
            if family == socket.AF_INET6:
                link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
            else:
                link.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
        if sys.platform == "linux":
            with suppress(OSError):
                link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        link.connect(address)
    except OSError:
        link.close()
        raise
    return link


def _sent(link: socket.socket, packet: bytes) -> Failure | None:
    """Send `packet`, or say why not."""
    for _ in range(2):
        try:
            link.send(packet)
        except (ConnectionRefusedError, ConnectionResetError):
            continue  # the ICMP answer to an earlier packet; this one was not sent yet
        except (PermissionError, BlockingIOError):
            return "refused_to_send"
        except OSError as error:
            return "refused_to_send" if error.errno == errno.ENOBUFS else "unreachable"
        return None
    return "unreachable"


def _received(link: socket.socket) -> tuple[bytes, int | None]:
    """One packet, and when the kernel got it (Unix time in ns) where it says. Raises `OSError`."""
    if sys.platform != "linux":
        return link.recv(2048), None
    packet, notes, _, _ = link.recvmsg(2048, 64)
    for level, kind, data in notes:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return packet, seconds * 1_000_000_000 + nanoseconds
    return packet, None
