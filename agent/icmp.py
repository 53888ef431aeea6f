"""ICMP echo (RFC 792, RFC 4443) as the packets of a session.

A datagram socket asks the kernel for echo alone, and its owner needs no right but, on Linux, a group within
``net.ipv4.ping_group_range``; macOS lets everyone have one. Where there is none, a raw socket needs CAP_NET_RAW.
"""

import secrets
import socket
import struct
from collections.abc import Callable

from agent.place import Address
from agent.session import Answer
from wire.reports import LatencyMethod

TOKEN_BYTES = 16
PAYLOAD_BYTES = 44
"""As many as a STAMP packet has, so that both take the same time on a slow line."""

ECHO_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
ECHO_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
_HEADER = struct.Struct("!BBHHH")  # type, code, checksum, identifier, sequence
_PAYLOAD = struct.Struct(f"!I{TOKEN_BYTES}s")  # the whole sequence number, the token


class IcmpPackets:
    """Requests carry a random token of their own, which only who received them can show: raw sockets see the replies to
    every program of the machine."""

    method: LatencyMethod = "icmp"

    def __init__(self, new_token: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._new_token = new_token
        self._identifier = secrets.randbits(16)
        self._family = socket.AF_INET

    def open(self, to: Address) -> socket.socket:
        """A socket that may send echo requests. Raises `OSError`, `PermissionError` where neither kind is allowed."""
        self._family = socket.AddressFamily(to.family)
        protocol = _PROTOCOL[self._family]
        try:
            return socket.socket(self._family, socket.SOCK_DGRAM, protocol)
        except OSError:
            return socket.socket(self._family, socket.SOCK_RAW, protocol)

    def request(self, sequence: int, wall_ns: int) -> tuple[bytes, bytes]:  # noqa: ARG002 - it says no time
        """An echo request. On a datagram socket the kernel puts an identifier of its own in it."""
        token = self._new_token(TOKEN_BYTES)
        return echo_request(self._family, identifier=self._identifier, sequence=sequence, token=token), token

    def answer(self, packet: bytes) -> Answer | None:
        """What an echo reply says, if it is one and as long as we ask for."""
        return read_echo_reply(self._family, packet)


def echo_request(family: int, *, identifier: int, sequence: int, token: bytes) -> bytes:
    """The packet without its IP header. Over IPv6 the kernel fills the checksum in (RFC 3542, section 3.1)."""
    payload = _PAYLOAD.pack(sequence, token).ljust(PAYLOAD_BYTES, b"\0")
    kind = ECHO_REQUEST[socket.AddressFamily(family)]
    packet = _HEADER.pack(kind, 0, 0, identifier, sequence % 2**16) + payload
    checksum = internet_checksum(packet) if family == socket.AF_INET else 0
    return _HEADER.pack(kind, 0, checksum, identifier, sequence % 2**16) + payload


def read_echo_reply(family: int, packet: bytes) -> Answer | None:
    """What `packet` answers, with its IPv4 header or without; ``None`` for anything but an echo reply to a request such
    as ours. Its checksum is not looked at: the proof shows that what matters is whole."""
    if family == socket.AF_INET and packet and packet[0] >> 4 == 4:  # no ICMP type begins so
        packet = packet[(packet[0] & 15) * 4 :]
    if len(packet) < _HEADER.size + _PAYLOAD.size:
        return None
    kind, code, _, _, low = _HEADER.unpack_from(packet)
    sequence, token = _PAYLOAD.unpack_from(packet, _HEADER.size)
    if (kind, code) != (ECHO_REPLY[socket.AddressFamily(family)], 0) or sequence % 2**16 != low:
        return None
    return Answer(sequence=sequence, proof=token)


def internet_checksum(packet: bytes) -> int:
    """RFC 1071: the ones' complement of the ones' complement sum of 16-bit words."""
    padded = packet + b"\0" * (len(packet) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
