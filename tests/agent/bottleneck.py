"""A sufficiency test over one bottleneck, in virtual time: the real pace, count and watch, and a queue of ours.

The path is as simple as TCP over it can be: a token bucket that passes `rate_bps` and at once `burst_bytes` after a
pause, a queue of `queue_ms` before it that holds the sender up when it is full, and a way of its own for what the
network does to the round trips besides.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from agent.clock import NS_PER_MS, NS_PER_S
from agent.rtt_watch import RttWatch
from agent.sample import Sample
from tests.virtual_time import VirtualLoop, run
from wire.finding import Finding, find
from wire.pace import BLOCK_BYTES, Pace
from wire.reports import EndedBy
from wire.sufficiency import LONGEST_MS, Arrivals, offered_bps

LOOK_EVERY_S = 0.01
PROBE_BYTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """`rtt_ms` is of the idle path. `noise_ms` is added to each round trip; ``None`` loses it. Nothing passes from
    `away_s` on for `away_ms`; the stream begins somewhat after 0.5 s."""

    rate_bps: float
    burst_bytes: int = 2 * BLOCK_BYTES
    queue_ms: float = 1_000
    rtt_ms: float = 20
    noise_ms: Callable[[], float | None] = lambda: 0.0
    away_s: float = 0.0
    away_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What came of a test."""

    ended_by: EndedBy
    lasted_ms: int
    finding: Finding
    used_bytes: int


class Bottleneck:
    """When what enters now leaves."""

    def __init__(self, path: Path, loop: VirtualLoop) -> None:
        self._path = path
        self._loop = loop
        self._tokens = float(path.burst_bytes)
        self._last_s = 0.0

    def leaves_s(self, size: int) -> float:
        """The moment at which `size` bytes that enter now have passed."""
        at_s = max(self._loop.time(), self._last_s)
        rate = self._path.rate_bps / 8
        self._tokens = min(self._path.burst_bytes, self._tokens + (at_s - self._last_s) * rate)
        wait_s = max(0.0, (size - self._tokens) / rate)
        self._tokens += wait_s * rate - size
        self._last_s = at_s + wait_s
        if 0 <= self._last_s - self._path.away_s < self._path.away_ms / 1000:
            self._last_s = self._path.away_s + self._path.away_ms / 1000
        return self._last_s

    async def room(self) -> None:
        """Wait until the queue takes more."""
        over_s = self._last_s - self._loop.time() - self._path.queue_ms / 1000
        if over_s > 0:
            await asyncio.sleep(over_s)


def try_out(path: Path, required_bps: int) -> Tested:
    """Test `path` for `required_bps`."""
    return run(lambda loop: _try_out(path, required_bps, loop))


async def _try_out(path: Path, required_bps: int, loop: VirtualLoop) -> Tested:
    bottleneck = Bottleneck(path, loop)
    half_s = path.rtt_ms / 2000

    async def probe() -> Sample:
        sent_ns = loop.ns()
        noise_ms = path.noise_ms()
        if noise_ms is None:
            await asyncio.sleep(2.0)
            return Sample(sent_ns=sent_ns, method="stamp", failure="no_answer")
        leaves_s = bottleneck.leaves_s(PROBE_BYTES)
        await asyncio.sleep(leaves_s - loop.time() + path.rtt_ms / 1000 + noise_ms / 1000)
        return Sample(sent_ns=sent_ns, method="stamp", rtt_ns=loop.ns() - sent_ns)

    watch = RttWatch([probe], clock=loop.clock())
    await watch.idle()
    arrivals, began_ns, pace = Arrivals(), loop.ns(), Pace(offered_bps(required_bps), loop.ns())
    decided = False

    def elapsed_ms() -> int:
        return (loop.ns() - began_ns) // NS_PER_MS

    def arrive(size: int) -> None:
        nonlocal decided
        if not decided:
            arrivals.add(elapsed_ms(), size)
            decided = arrivals.decided(required_bps, elapsed_ms()) is not None

    async def send() -> None:
        while True:
            await asyncio.sleep(pace.wait_ns(loop.ns()) / NS_PER_S)
            pace.woke(loop.ns())
            for _ in range(pace.take_blocks(loop.ns())):
                await bottleneck.room()
                loop.call_at(bottleneck.leaves_s(BLOCK_BYTES) + half_s, arrive, BLOCK_BYTES)
            pace.sent(loop.ns())

    tasks = [asyncio.create_task(send()), asyncio.create_task(watch.run())]
    ended_by: EndedBy = "time"
    while elapsed_ms() < LONGEST_MS:
        await asyncio.sleep(LOOK_EVERY_S)
        if decided or watch.risen():
            ended_by = "decided" if decided else "rtt"
            break
    lasted_ms, standing_ns = elapsed_ms(), watch.standing_since_ns()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    finding = find(
        required_bps,
        arrivals,
        ended_by=ended_by,
        lasted_ms=lasted_ms,
        standing_from_ms=None if standing_ns is None else max(0, (standing_ns - began_ns) // NS_PER_MS),
        stalled_ms=pace.stalled_ns // NS_PER_MS,
        idle_ms=(watch.idle_ns or 0) / NS_PER_MS,
        was_busy=watch.was_busy,
    )
    return Tested(ended_by=ended_by, lasted_ms=lasted_ms, finding=finding, used_bytes=arrivals.total_bytes)
