"""The two streams of a sufficiency test: what is sent down at its pace, and what comes up, counted.

Each is bounded in time and bytes whatever the client does, and ends by resetting the connection, so that nothing
keeps filling a queue somewhere. What waits unsent on our side stays below two blocks and a few kilobytes, and with TLS
below 64 KiB more.
"""

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive, Scope, Send

from collector.throughput.lease_desk import LeaseDesk
from collector.throughput.leases import Held
from wire.lateness import LOOK_EVERY_MS, Lateness
from wire.pace import BLOCK_BYTES, Pace
from wire.report_words import Direction
from wire.sufficiency import LONGEST_MS, offered_bps

LONGEST_S = LONGEST_MS / 1000 + 1.0
"""A stream's end, whoever reads or writes it. The agent ends it before; one that does not is cut off."""

LINGER_S = 1.0
LINGER_BYTES = 131_072
"""What is still on its way when an upload is answered: a round trip's worth, and no second upload."""

_UNSENT_BYTES = 8_192
_BLOCK = bytes(BLOCK_BYTES)


class Download:
    """An ASGI response over `transport`: zeros at the pace of its lease."""

    def __init__(self, desk: LeaseDesk, held: Held, transport: asyncio.Transport | None) -> None:
        self._desk = desk
        self._held = held
        self._transport = transport

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client resets the connection, all is sent, the lease is over, or time is up."""
        _keep_little_unsent(self._transport)
        most = self._held.wish.down_limit_bytes
        headers = [(b"content-type", b"application/octet-stream"), (b"content-length", str(most).encode())]
        end = "broken"
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            end = await _first_of(self._desk, self._held, "down", self._send(send, most), _disconnected(receive))
        finally:
            self._desk.streams.labels(end=f"down_{end}").inc()
            self._desk.bytes.labels(direction="down").inc(self._held.down_bytes)
        if end == "cut_off":
            await _reset(self._transport, receive)

    async def _send(self, send: Send, most: int) -> str:
        clock_ns = self._desk.elapsed_ns
        held = self._held
        pace = Pace(offered_bps(held.wish.down_bps), clock_ns())
        while held.down_bytes < most:
            if wait_ns := pace.wait_ns(clock_ns()):
                await asyncio.sleep(wait_ns / 1e9)
            pace.woke(clock_ns())
            size = min(pace.take_blocks(clock_ns()) * BLOCK_BYTES, most - held.down_bytes)
            body = _BLOCK if size == BLOCK_BYTES else bytes(size)
            await send({"type": "http.response.body", "body": body, "more_body": held.down_bytes + size < most})
            pace.sent(clock_ns())
            held.down_bytes += size
            held.down_stalled_ms = pace.stalled_ns // 1_000_000
        return "whole"


class Upload:
    """An ASGI response over `transport` that first counts what comes up, until the rate is decided, the client ends it,
    the limit is reached, the lease is over, or time is up; then it is an empty answer."""

    def __init__(self, desk: LeaseDesk, held: Held, transport: asyncio.Transport | None) -> None:
        self._desk = desk
        self._held = held
        self._transport = transport
        self._more = True

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Count, and answer."""
        end = "broken"
        try:
            end = await _first_of(self._desk, self._held, "up", self._count(receive))
        finally:
            self._desk.streams.labels(end=f"up_{end}").inc()
            self._desk.bytes.labels(direction="up").inc(self._held.up.total_bytes)
        if end == "cut_off":
            await _reset(self._transport, receive)
            return
        await send({"type": "http.response.start", "status": 204, "headers": [(b"connection", b"close")]})
        if self._more:
            await _linger(receive)
        await send({"type": "http.response.body"})

    async def _count(self, receive: Receive) -> str:
        held = self._held
        most = held.wish.up_limit_bytes
        began_ns = self._desk.elapsed_ns()
        while (message := await receive())["type"] != "http.disconnect":
            at_ms = (self._desk.elapsed_ns() - began_ns) // 1_000_000
            self._more = message.get("more_body", False)
            held.up.add(at_ms, len(message.get("body", b"")))
            if held.up.decided(held.wish.up_bps, at_ms) is not None:
                return "decided"
            if not self._more or held.up.total_bytes >= most:
                return "whole"
        return "reset"


def begin(held: Held, direction: Direction) -> bool:
    """Whether `held` still allows a stream in `direction`: one each."""
    if direction in held.begun:
        return False
    held.begun.add(direction)
    return True


async def _first_of(desk: LeaseDesk, held: Held, direction: Direction, *works: Coroutine[Any, Any, str]) -> str:
    """What the first of `works` returns; ``cut_off`` when the lease is over or time is up before. Notes in `held` how
    long we were too busy meanwhile."""
    lateness = Lateness(desk.elapsed_ns())
    counted = asyncio.get_running_loop().create_future()
    held.streaming.add(counted)
    tasks = [asyncio.ensure_future(one) for one in (*works, _over(held), _look(desk, lateness))]
    try:
        timeout = min(LONGEST_S, desk.left_s(held))
        done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        lateness.look(desk.elapsed_ns())
        if direction == "down":
            held.down_stalled_ms = max(held.down_stalled_ms, lateness.ms)
        else:
            held.up_stalled_ms = lateness.ms
        held.streaming.discard(counted)
        counted.set_result(None)
    return next((task.result() for task in tasks if task in done), "cut_off")


async def _look(desk: LeaseDesk, lateness: Lateness) -> str:
    while True:
        await asyncio.sleep(LOOK_EVERY_MS / 1000)
        lateness.look(desk.elapsed_ns())


async def _over(held: Held) -> str:
    await held.over.wait()
    return "cut_off"


async def _reset(transport: asyncio.Transport | None, receive: Receive) -> None:
    """End the connection with a reset, so that the system sends nothing that still waits."""
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):  # it has ended by itself
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _disconnected(receive)


async def _linger(receive: Receive) -> None:
    """Take what is still on its way, until the client hangs up: bytes that nobody takes are answered by a reset, which
    may overtake the answer."""
    size = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while size < LINGER_BYTES and (message := await receive())["type"] != "http.disconnect":
                size += len(message.get("body", b""))


async def _disconnected(receive: Receive) -> str:
    while (await receive())["type"] != "http.disconnect":
        pass
    return "reset"


def _keep_little_unsent(transport: asyncio.Transport | None) -> None:
    """Let `send` wait for the network instead of filling buffers: what waits is not offered, and a reset drops it."""
    if transport is None:
        return
    transport.set_write_buffer_limits(high=2 * BLOCK_BYTES)
    connection = transport.get_extra_info("socket")
    if connection is not None and sys.platform == "linux":
        with contextlib.suppress(OSError):  # the client has gone already
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
        with contextlib.suppress(OSError):  # a kernel without it
            # Whatever this machine prefers: what a test finds must not depend on the server that it is made to.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
