"""Requests to one target over one socket, and the answers that belong to them; the same for each kind of packet."""

import asyncio
import errno
import socket
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from agent.arrival import Moment, elapsed, moment, note_arrivals, receive
from agent.clock import Clock
from agent.place import Address, NoPlace, Place
from agent.sample import Sample
from wire.report_words import Failure
from wire.reports import LatencyMethod, ReceiveTimestamps

STALE_AFTER = 10
"""So many unanswered requests in a row make a new socket: addresses and routes change under us."""

REMEMBERED = 256
"""Requests remembered after their end, to tell a duplicate from a foreign packet."""

_MOST_PER_WAKE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a packet says that may answer one of ours: to which request, by what it shows to have seen it, and how long
    the other side held that, as it says."""

    sequence: int
    proof: bytes
    residence_ns: int = 0


class Packets(Protocol):
    """Requests and answers of one method. `sequence` counts requests from 0 and is below 2**32."""

    @property
    def method(self) -> LatencyMethod:
        """As it is reported."""

    def open(self, to: Address) -> socket.socket:
        """A socket for this method, not connected yet. Raises `OSError`."""

    def request(self, sequence: int, wall_ns: int) -> tuple[bytes, bytes]:
        """The packet that is sent at `wall_ns`, and the proof that an answer to it carries."""

    def answer(self, packet: bytes) -> Answer | None:
        """What `packet`, whoever sent it, says; ``None`` when it answers nothing."""


@dataclass(slots=True)
class _Request:
    """One packet under way."""

    proof: bytes
    boot_ns: int
    sent: Moment
    outcome: "asyncio.Future[_Arrived | Failure]" = field(repr=False)
    answered: bool = False


@dataclass(frozen=True, slots=True)
class _Arrived:
    rtt_ns: int
    timestamps: ReceiveTimestamps
    reordered: bool


class Session:
    """One target's session: `probe` sends one packet and waits for its answer.

    Probes may overlap. Answers are matched by sequence number and proof, so that nothing foreign is taken for one. The
    socket lives as long as the session, except that errors and `STALE_AFTER` silent requests open a new one, with the
    name looked up again. `foreign` counts packets that answered none of its requests.
    """

    def __init__(self, packets: Packets, place: Place, *, timeout_ms: int, clock: Clock) -> None:
        self.foreign = 0
        self._packets = packets
        self._place = place
        self._timeout_s = timeout_ms / 1000
        self._clock = clock
        self._socket: socket.socket | None = None
        self._requests: OrderedDict[int, _Request] = OrderedDict()
        self._sequence = 0
        self._expected = 0
        self._duplicates = 0
        self._silent = 0
        self._opened = 0

    async def probe(self) -> Sample:
        """Send one packet; its round trip, or why there is none."""
        boot_ns = self._clock.boot_ns()
        method = self._packets.method
        try:
            link = self._socket or await self._open()
        except NoPlace as error:
            return Sample(sent_ns=boot_ns, method=method, failure=error.failure)
        request = self._send(link)
        outcome: _Arrived | Failure
        try:
            async with asyncio.timeout(self._timeout_s):
                outcome = await request.outcome
        except TimeoutError:
            outcome = "no_answer"
        if isinstance(outcome, _Arrived) and outcome.rtt_ns > self._timeout_s * 1e9:
            outcome = "no_answer"  # RFC 7680: past the waiting time is lost, however busy we were
        duplicates, self._duplicates = self._duplicates, 0
        if isinstance(outcome, _Arrived):
            self._silent = 0
            return Sample(
                sent_ns=request.boot_ns,
                method=method,
                rtt_ns=outcome.rtt_ns,
                timestamps=outcome.timestamps,
                reordered=outcome.reordered,
                duplicates=duplicates,
            )
        self._silent += 1
        if self._silent % STALE_AFTER == 0:
            self.close()
        return Sample(sent_ns=request.boot_ns, method=method, failure=outcome, duplicates=duplicates)

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
        failure: Failure = "unreachable"
        for to in addresses[turn:] + addresses[:turn]:
            try:
                link = self._connected(to)
            except PermissionError:
                failure = "refused_to_send"
                continue
            except OSError:
                continue
            self._socket = link
            asyncio.get_running_loop().add_reader(link, self._readable, link)
            return link
        self._place.forget()
        raise NoPlace(failure)

    def _connected(self, to: Address) -> socket.socket:
        """A non-blocking socket for one peer, its kernel noting when packets arrive where it can."""
        link = self._packets.open(to)
        try:
            link.setblocking(False)
            with suppress(OSError):  # RFC 8762, section 4.1: sent with the highest TTL
                if to.family == socket.AF_INET6:
                    link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 255)
                else:
                    link.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
            note_arrivals(link)
            link.connect(to.address)
        except OSError:
            link.close()
            raise
        return link

    def _send(self, link: socket.socket) -> _Request:
        sequence = self._sequence
        self._sequence = (sequence + 1) % 2**32
        packet, proof = self._packets.request(sequence, self._clock.wall_ns())
        boot_ns = self._clock.boot_ns()
        sent = moment(self._clock)
        failure = _sent(link, packet)  # nothing between: it would count as time under way
        request = _Request(proof=proof, boot_ns=boot_ns, sent=sent, outcome=asyncio.get_running_loop().create_future())
        self._requests[sequence] = request
        while len(self._requests) > REMEMBERED and next(iter(self._requests.values())).outcome.done():
            self._requests.popitem(last=False)
        if failure is not None:
            request.outcome.set_result(failure)
            self.close()
        return request

    def _readable(self, link: socket.socket) -> None:
        for _ in range(_MOST_PER_WAKE):
            try:
                packet, kernel_ns = receive(link)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error for something sent before
                for request in self._requests.values():
                    if not request.outcome.done():
                        request.outcome.set_result("unreachable")
                return
            self._take(packet, kernel_ns)

    def _take(self, packet: bytes, kernel_ns: int | None) -> None:
        got = moment(self._clock)
        answer = self._packets.answer(packet)
        request = self._requests.get(answer.sequence) if answer else None
        if answer is None or request is None or answer.proof != request.proof:
            self.foreign += 1
            return
        if request.answered:
            self._duplicates += 1
            return
        if request.outcome.done():  # late: lost already
            return
        request.answered = True
        rtt_ns, timestamps = elapsed(request.sent, got, kernel_ns)
        if 0 <= answer.residence_ns <= rtt_ns:
            rtt_ns -= answer.residence_ns
        reordered = answer.sequence < self._expected
        if not reordered:
            self._expected = answer.sequence + 1
        request.outcome.set_result(_Arrived(max(rtt_ns, 0), timestamps, reordered))


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
