"""The UDP reflector: answers STAMP test packets (RFC 8762), stateless, never longer than it was asked.

It runs in a thread of its own and takes T2 from the kernel where the platform tells it, so that a busy
collector is not mistaken for a slow network: what a packet waits here is in T3 - T2, which the sender
subtracts. It keeps no address beyond the count of the current second in `wire.reflector_limits`.
"""

import contextlib
import logging
import socket
import struct
import sys
import threading
import time
from typing import Any

from prometheus_client import CollectorRegistry, Counter

from wire.reflector_limits import ReflectorLimits
from wire.stamp import ERROR_UNSYNCHRONISED, MAX_PACKET_BYTES, departing, reflect

log = logging.getLogger(__name__)

MAX_PER_SECOND = 50_000
"""Packets a second from everybody."""

_WAKE_SECONDS = 0.2
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")


class Reflector:
    """One UDP socket's reflector. `start` begins to answer, `close` ends it."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        """Open the socket; `port` 0 takes a free one. Raises `OSError` when the port is taken."""
        packets = Counter(
            "bandroom_reflector_packets", "Test packets by what became of them", ["outcome"], registry=registry
        )
        self._answered = packets.labels(outcome="answered")
        self._ignored = packets.labels(outcome="ignored")
        self._limited = packets.labels(outcome="limited")
        self._limits = ReflectorLimits(per_second=MAX_PER_SECOND)
        self._closing = False
        self._socket = _open(host, port)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name="reflector", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    @property
    def answering(self) -> bool:
        """Whether the thread that answers is there."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Stop answering and close the socket."""
        self._closing = True
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._closing:
            try:
                packet, received_ns, source = _receive(self._socket)
            except TimeoutError:
                continue
            except OSError as error:  # a sender that is gone; on Windows it comes back as a reset
                log.debug("reflector error kind=%s", type(error).__name__)
                continue
            self._answer(packet, received_ns, source)

    def _answer(self, packet: bytes, received_ns: int, source: tuple[Any, ...]) -> None:
        if not self._limits.admits(source[:2], received_ns // 1_000_000_000):
            self._limited.inc()
            return
        answer = reflect(
            packet,
            received_ns=received_ns,
            sent_ns=time.time_ns(),
            error_estimate=ERROR_UNSYNCHRONISED,
        )
        if answer is None:
            self._ignored.inc()
            return
        with contextlib.suppress(OSError):  # lost, as packets are
            self._socket.sendto(departing(answer, time.time_ns()), source)
        self._answered.inc()


def _open(host: str, port: int) -> socket.socket:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    opened = socket.socket(family, socket.SOCK_DGRAM)
    try:
        if family == socket.AF_INET6 and host == "::":
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if sys.platform == "linux":
            opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        opened.settimeout(_WAKE_SECONDS)
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def _receive(opened: socket.socket) -> tuple[bytes, int, tuple[Any, ...]]:
    """A packet, its time of arrival (Unix, ns) and whence it came. Raises `TimeoutError` and `OSError`."""
    if sys.platform == "linux":
        packet, extras, _, source = opened.recvmsg(MAX_PACKET_BYTES + 1, socket.CMSG_SPACE(_TIMESPEC.size))
        for level, kind, data in extras:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                return packet, seconds * 1_000_000_000 + nanoseconds, source
    else:
        packet, source = opened.recvfrom(MAX_PACKET_BYTES + 1)
    return packet, time.time_ns(), source
