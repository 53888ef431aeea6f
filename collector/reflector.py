"""The UDP reflector: answers STAMP test packets (RFC 8762), stateless, never longer than it was asked.

It keeps no address beyond a counter of the current second per source, so that one source cannot make
it work for more than `MAX_PER_SECOND` packets a second.
"""

import asyncio
import logging
import time
from collections import Counter as Tally
from typing import Any

from prometheus_client import CollectorRegistry, Counter

from wire.stamp import ERROR_UNSYNCHRONISED, reflect

log = logging.getLogger(__name__)

MAX_PER_SECOND = 2_000
"""From one source address: a school of a thousand rooms may stand behind one."""

UNKNOWN_TTL = 255
"""Told to senders where the system does not say how a packet came (RFC 8762 lets the field be unused)."""


class Reflector(asyncio.DatagramProtocol):
    """One UDP socket's reflector, with counters of what it answered and what not."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._packets = Counter(
            "bandroom_reflector_packets", "Test packets by what became of them", ["outcome"], registry=registry
        )
        self._answered = self._packets.labels(outcome="answered")
        self._ignored = self._packets.labels(outcome="ignored")
        self._limited = self._packets.labels(outcome="limited")
        self._transport: asyncio.DatagramTransport | None = None
        self._second = 0
        self._from_source: Tally[Any] = Tally()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket to answer on."""
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Answer one packet, or stay silent."""
        received_ns = time.time_ns()
        if self._over_limit(addr[0], received_ns // 1_000_000_000):
            self._limited.inc()
            return
        answer = reflect(
            data,
            received_ns=received_ns,
            sent_ns=time.time_ns(),
            ttl=UNKNOWN_TTL,
            error_estimate=ERROR_UNSYNCHRONISED,
        )
        if answer is None or self._transport is None:
            self._ignored.inc()
            return
        self._transport.sendto(answer, addr)
        self._answered.inc()

    def error_received(self, exc: Exception) -> None:
        """A sender is gone; that is its affair."""
        log.debug("reflector error kind=%s", type(exc).__name__)

    def _over_limit(self, source: str, second: int) -> bool:
        if second != self._second:
            self._second = second
            self._from_source.clear()
        self._from_source[source] += 1
        return self._from_source[source] > MAX_PER_SECOND


async def start_reflector(host: str, port: int, registry: CollectorRegistry) -> tuple[asyncio.DatagramTransport, int]:
    """Open the reflector's socket; the transport and the port it got (`port` 0 takes a free one)."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Reflector(registry), local_addr=(host, port))
    return transport, transport.get_extra_info("sockname")[1]
