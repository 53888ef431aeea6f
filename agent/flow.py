"""One flow: what its packets share, and which of its packets an answer speaks of.

Routers that share load send a flow by what its first bytes say: addresses, protocol and ports, or for ICMP type, code
and checksum. All packets of a trace are the same in these, as in Paris traceroute (Augustin et al., IMC 2006), so that
they take one way. What differs tells them apart: the sequence number of ICMP and of TCP, and UDP's length. Routers
quote it, because it lies in the first eight bytes behind the IP header (RFC 792).
"""

import struct
from dataclasses import dataclass
from typing import Literal

from wire.path_report import TraceMethod

Said = Literal["passed_on", "no_way", "here"]
"""A router on the way answered; one that knows no way, or bars it; the target."""

UDP_LEAST = 8
"""Payload of the first UDP packet; the next ones are a byte longer each."""

_ICMP, _TCP, _UDP, _ICMP6 = 1, 6, 17, 58
_HEADER = 40  # IPv6
_SYN_ACK, _RST = 0x12, 0x04


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answered packet `number` (for a router the address that it shows), and what it said."""

    number: int
    address: str
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """`own` is our port, and for ICMP the identifier; `port` the target's. `first` is the sequence number of the first
    TCP packet. `target` is an address in the form that the socket module prints, without an interface."""

    method: TraceMethod
    target: str
    own: int
    port: int
    first: int = 0

    def udp_payload(self, number: int) -> bytes:
        """Zeros, as many as tell `number`."""
        return bytes(UDP_LEAST + number)

    def icmp_payload(self, number: int) -> bytes:
        """The complement of the sequence number: their sum, and so the checksum, is the same for every number."""
        return struct.pack("!H", 0xFFFF - self.icmp_sequence(number)) + bytes(14)

    def icmp_sequence(self, number: int) -> int:
        """From 1 on."""
        return number + 1

    def tcp_sequence(self, number: int) -> int:
        """Modulo 2**32, as TCP counts."""
        return (self.first + number) % 2**32

    def read_icmp(self, packet: bytes, sender: str) -> Answer | None:
        """What an ICMP message says of this flow, ``None`` when it speaks of something else or is broken."""
        if len(packet) < 8:
            return None
        kind, code = packet[0], packet[1]
        if kind == 0:
            return self._echoed(packet, sender)
        if kind not in (3, 11):
            return None
        quoted = packet[8:]
        if len(quoted) < 20 or quoted[0] >> 4 != 4:
            return None
        number = self._numbered(quoted[9], quoted[(quoted[0] & 0xF) * 4 :], echo=8)
        return self._told(number, sender, expired=kind == 11, at_target=(kind, code) == (3, 3))

    def read_icmp6(self, packet: bytes, sender: str) -> Answer | None:
        """The same for ICMPv6 (RFC 4443)."""
        if len(packet) < 8:
            return None
        kind, code = packet[0], packet[1]
        if kind == 129:
            return self._echoed(packet, sender)
        if kind not in (1, 3) or len(packet) < 8 + _HEADER:
            return None
        number = self._numbered(packet[8 + 6], packet[8 + _HEADER :], echo=128)
        return self._told(number, sender, expired=kind == 3, at_target=(kind, code) == (1, 4))

    def read_tcp(self, segment: bytes, sender: str) -> Answer | None:
        """The same for a TCP segment: a SYN-ACK or a reset both say that the target is there."""
        if self.method != "tcp" or sender != self.target or len(segment) < 20:
            return None
        source, destination, _, acknowledged, flags = struct.unpack_from("!HHIIxB", segment)
        if (source, destination) != (self.port, self.own) or not (flags & _SYN_ACK == _SYN_ACK or flags & _RST):
            return None
        return Answer((acknowledged - 1 - self.first) % 2**32, sender, "here")

    def _echoed(self, packet: bytes, sender: str) -> Answer | None:
        identifier, sequence = struct.unpack_from("!HH", packet, 4)
        if self.method != "icmp" or identifier != self.own or sender != self.target:
            return None
        return Answer(sequence - 1, sender, "here")

    def _numbered(self, protocol: int, quoted: bytes, *, echo: int) -> int | None:
        """Which packet of ours is quoted from its transport header on."""
        if len(quoted) < 8:
            return None
        if self.method == "icmp" and protocol in (_ICMP, _ICMP6):
            kind, identifier, sequence = struct.unpack_from("!B3xHH", quoted)
            return sequence - 1 if (kind, identifier) == (echo, self.own) else None
        source, destination, length = struct.unpack_from("!HHH", quoted)
        if (source, destination) != (self.own, self.port):
            return None
        if self.method == "udp" and protocol == _UDP:
            return int(length) - 8 - UDP_LEAST
        if self.method == "tcp" and protocol == _TCP:
            (sequence,) = struct.unpack_from("!I", quoted, 4)
            return int(sequence - self.first) % 2**32
        return None

    def _told(self, number: int | None, sender: str, *, expired: bool, at_target: bool) -> Answer | None:
        if number is None:
            return None
        if expired:
            return Answer(number, sender, "passed_on")
        if self.method == "udp" and at_target and sender == self.target:
            return Answer(number, sender, "here")
        return Answer(number, sender, "no_way")
