"""UDP packets on a socket that everybody may send to: who sent one, when it came, and to which of our addresses."""

import socket
import sys
from contextlib import suppress
from typing import Any, NamedTuple

from agent.arrival import kernel_ns_of, note_arrivals

_IP_PKTINFO = 8  # linux/in.h; the socket module names it from Python 3.14 on
_ANY_INTERFACE = bytes(4)  # struct in_pktinfo begins with it, struct in6_pktinfo ends with it
_LINK_LOCAL = b"\xfe\x80"
_NOTES_BYTES = 256


class Datagram(NamedTuple):
    """One packet. `kernel_ns` is when the kernel got it, in Unix time, ``None`` where it does not say. `answer_from`
    lets an answer leave from the address that the packet came to; empty where that is left to the system."""

    packet: bytes
    source: Any
    kernel_ns: int | None
    answer_from: tuple[tuple[int, int, bytes], ...]


def note_datagrams(link: socket.socket) -> None:
    """Let the kernel say when packets arrive, and to which of the machine's addresses, as far as it can."""
    note_arrivals(link)
    if sys.platform == "linux":
        with suppress(OSError):
            if link.family == socket.AF_INET6:
                link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                link.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


def receive_datagram(link: socket.socket, most_bytes: int) -> Datagram:
    """The next packet, cut off at `most_bytes`. Raises `OSError`."""
    if sys.platform != "linux":
        packet, source = link.recvfrom(most_bytes)
        return Datagram(packet, source, None, ())
    packet, notes, _, source = link.recvmsg(most_bytes, _NOTES_BYTES)
    answer_from: tuple[tuple[int, int, bytes], ...] = ()
    for level, kind, data in notes:
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            answer_from = ((level, kind, _without_interface_6(data)),)
        elif (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            answer_from = ((level, kind, _ANY_INTERFACE + data[4:]),)
    return Datagram(packet, source, kernel_ns_of(notes), answer_from)


def send_back(link: socket.socket, answer: bytes, to: Datagram) -> None:
    """Send `answer` to where a packet came from, from where it came to. Raises `OSError`."""
    if sys.platform == "linux" and to.answer_from:
        link.sendmsg([answer], to.answer_from, 0, to.source)
    else:
        link.sendto(answer, to.source)


def _without_interface_6(data: bytes) -> bytes:
    """The address alone, so that routes decide the interface; a link-local one means nothing without it."""
    return data if data.startswith(_LINK_LOCAL) else data[:16] + _ANY_INTERFACE
