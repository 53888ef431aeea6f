"""A machine in a namespace that answers pings as a test says, in place of its kernel. Needs root."""

import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from agent.icmp import ECHO_REPLY, ECHO_REQUEST, internet_checksum
from tests.end_to_end.namespace import Namespace

LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
_PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}

Answers = Callable[[bytes, int], list[bytes]]
"""The ICMP packets that come back for an echo request, given how many came before it."""


def silence_the_kernel(place: Namespace) -> None:
    """From now on only `echoes` answers pings there."""
    for name in ("net.ipv4.icmp_echo_ignore_all", "net.ipv6.icmp.echo_ignore_all"):
        place.run("sysctl", "-qw", f"{name}=1")


def allow_datagram_sockets(place: Namespace, *, allowed: bool) -> None:
    """Whether programs there get ICMP sockets without a right."""
    place.run("sysctl", "-qw", f"net.ipv4.ping_group_range={'0 2147483647' if allowed else '1 0'}")


def honest(request: bytes, _count: int) -> list[bytes]:
    """The reply of RFC 792 and RFC 4443."""
    return [reply_to(request)]


def reply_to(request: bytes, *, identifier: int | None = None, low: int | None = None, payload: bytes = b"") -> bytes:
    """A reply, with these changes, and a checksum that is right."""
    kind, _, _, asked_identifier, asked_low = struct.unpack_from("!BBHHH", request)
    reply_kind = 0 if kind == ECHO_REQUEST[socket.AF_INET] else ECHO_REPLY[socket.AF_INET6]
    return with_checksum(
        struct.pack(
            "!BBHHH",
            *(reply_kind, 0, 0),
            asked_identifier if identifier is None else identifier,
            asked_low if low is None else low,
        )
        + (payload or request[8:])
    )


def with_checksum(packet: bytes) -> bytes:
    """`packet` with the checksum of ICMP; over IPv6 the kernel writes its own over it."""
    return packet[:2] + internet_checksum(packet[:2] + b"\0\0" + packet[4:]).to_bytes(2, "big") + packet[4:]


@contextmanager
def echoes(place: Namespace, answers: Answers = honest, *, family: socket.AddressFamily) -> Iterator[list[bytes]]:
    """Answers so, at its loopback address; yields the requests that came."""
    with place.open_socket(family, socket.SOCK_RAW, _PROTOCOL[family]) as link:
        link.settimeout(0.05)
        came: list[bytes] = []
        over: list[bool] = []

        def serve() -> None:
            while not over:
                try:
                    packet, sender = link.recvfrom(2048)
                except TimeoutError:
                    continue
                if family == socket.AF_INET:
                    packet = packet[(packet[0] & 15) * 4 :]
                if packet[0] != ECHO_REQUEST[family]:
                    continue
                came.append(packet)
                for answer in answers(packet, len(came) - 1):
                    link.sendto(answer, sender)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield came
        finally:
            over.append(True)
            thread.join()
