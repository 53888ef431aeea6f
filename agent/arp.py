"""ARP round trip (RFC 826): what even a gateway answers that ignores everything else.

On Linux alone, over IPv4 alone (IPv6 has neighbour solicitations instead, which are not sent), and only with
CAP_NET_RAW. A reply does not say which question it answers. So there is one question at a time, on a socket of its own,
and the reply to one that the kernel asks within the same round trip is taken for ours. The first question goes to
everyone on the network, as the kernel's own does, the next ones to who answered (RFC 1122, section 2.3.2.1), so that
nobody else is woken. Addresses stay in this file.
"""

import errno
import socket
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass

from agent.arrival import elapsed, moment, note_arrivals, receive
from agent.background import background
from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.link import read_link
from agent.sample import Sample
from wire.report_words import Failure
from wire.reports import ReceiveTimestamps

EVERYONE = b"\xff" * 6
NOBODY = b"\0" * 6
REQUEST = 1
REPLY = 2
_ETHERNET = 1
_ETHERTYPE_IPV4 = 0x0800
_ETHERTYPE_ARP = 0x0806
_PACKET = struct.Struct("!HHBBH6s4s6s4s")
_NO_MATTER = 9
"""A port, where one has to stand: nothing is sent to it."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One side: its hardware address and its IPv4 address."""

    hardware: bytes
    address: bytes


@dataclass(frozen=True, slots=True)
class _Answered:
    rtt_ns: int
    timestamps: ReceiveTimestamps
    by: bytes


class Arp:
    """ARP questions to the gateway that `find` names, which may block: `probe` asks one."""

    def __init__(self, find: Callable[[], str | None], *, timeout_ms: int, clock: Clock) -> None:
        self._find = find
        self._timeout_ns = timeout_ms * NS_PER_MS
        self._clock = clock
        self._to = EVERYONE

    async def probe(self) -> Sample:
        """Ask who has the gateway's address; the round trip, or why there is none."""
        sent_ns = self._clock.boot_ns()
        outcome = await background(self._ask)
        if isinstance(outcome, _Answered):
            self._to = outcome.by
            return Sample(sent_ns=sent_ns, method="arp", rtt_ns=outcome.rtt_ns, timestamps=outcome.timestamps)
        self._to = EVERYONE  # it may have another card now
        return Sample(sent_ns=sent_ns, method="arp", failure=outcome)

    def close(self) -> None:
        """Nothing is held between probes."""

    def _ask(self) -> _Answered | Failure:
        gateway = self._find()
        if gateway is None:
            return "no_gateway"
        try:
            return self._round_trip(gateway, socket.inet_aton(gateway))
        except PermissionError:
            return "refused_to_send"
        except OSError as error:  # a sandbox may deny the address family instead of the right
            return "refused_to_send" if error.errno == errno.EAFNOSUPPORT else "unreachable"

    if sys.platform == "linux":

        def _round_trip(self, gateway: str, address: bytes) -> _Answered | Failure:
            """Ask and wait. Blocks. Raises `OSError`, also where the gateway has no such address."""
            link = read_link(gateway, _NO_MATTER)
            if link is None:
                return "unreachable"
            with (
                socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as wire,
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route,
            ):
                route.connect((gateway, _NO_MATTER))  # chooses a route and sends nothing
                note_arrivals(wire)
                wire.bind((link.name, _ETHERTYPE_ARP))
                _, _, _, kind, hardware = wire.getsockname()
                if kind != _ETHERNET:
                    return "unreachable"
                us = Neighbour(hardware, socket.inet_aton(route.getsockname()[0]))
                sent = moment(self._clock)
                wire.sendto(question(us, address), (link.name, _ETHERTYPE_ARP, 0, 0, self._to))
                while (left_ns := self._timeout_ns - (self._clock.precise_ns() - sent.precise_ns)) > 0:
                    wire.settimeout(left_ns / NS_PER_S)
                    try:
                        packet, kernel_ns = receive(wire)
                    except TimeoutError:
                        break
                    rtt_ns, timestamps = elapsed(sent, moment(self._clock), kernel_ns)
                    by = answered_by(packet, us, address)
                    if by is not None and rtt_ns <= self._timeout_ns:
                        return _Answered(rtt_ns, timestamps, by)
            return "no_answer"

    else:

        def _round_trip(self, gateway: str, address: bytes) -> _Answered | Failure:  # noqa: ARG002
            """This system lets nobody send one without a driver of its own."""
            return "refused_to_send"


def question(us: Neighbour, address: bytes) -> bytes:
    """Who has `address`? Without the Ethernet header."""
    return _PACKET.pack(_ETHERNET, _ETHERTYPE_IPV4, 6, 4, REQUEST, us.hardware, us.address, NOBODY, address)


def answered_by(packet: bytes, us: Neighbour, address: bytes) -> bytes | None:
    """The hardware address in a reply to us of whoever has `address`; ``None`` for any other packet."""
    if len(packet) < _PACKET.size:
        return None
    hardware, protocol, hardware_size, protocol_size, kind, theirs, their_address, to, to_address = _PACKET.unpack_from(
        packet
    )
    if (hardware, protocol, hardware_size, protocol_size, kind) != (_ETHERNET, _ETHERTYPE_IPV4, 6, 4, REPLY):
        return None
    if (their_address, Neighbour(to, to_address)) != (address, us):
        return None
    return bytes(theirs)
