"""When to trace the path: once in each interval, and at once when a period to the district was bad."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.config import ConfigSource
from agent.fold import Draft
from agent.schedule import Emit, Sleep, next_due_ns, place_of, spread_ns
from agent.trace import Broke, Hindrance, Trace, report
from agent.trace_request import request_for
from agent.trace_words import TraceRequest
from agent.working import WorkingTimes
from wire.fields import WireError
from wire.histogram import Histogram
from wire.reports import LatencyReport

log = logging.getLogger(__name__)

BAD_LOSS = 0.05
BAD_P95_US = 200_000
"""The agent knows no profile. Lessons by video suffer from this much on, whatever their profile says."""

BAD_EVERY_NS = 300 * NS_PER_S
"""A bad hour is traced twelve times, not sixty."""

LOOK_AGAIN_S = 60.0
"""How soon to look again at the plan, which may change, and at the clock: a timer stands still while machines sleep."""

CALM_S = 5.0
"""How soon to look again whether our own throughput test is over."""

TOO_LATE_NS = 60 * NS_PER_S
"""Due so long ago: the machine slept, and the next one will do."""


class BadPeriod:
    """Hears of every report and tells the loop of a bad one."""

    def __init__(self) -> None:
        self.seen = asyncio.Event()

    def noticing(self, emit: Emit) -> Emit:
        """`emit`, heard."""

        def passed_on(draft: Draft) -> None:
            emit(draft)
            self.notice(draft)

        return passed_on

    def notice(self, draft: Draft) -> None:
        """A report was made."""
        try:
            one = draft(seq=1)
        except WireError:  # no report, so no bad one; who numbers it says so
            return
        if isinstance(one, LatencyReport) and one.target == "district" and is_bad(one):
            self.seen.set()


def is_bad(one: LatencyReport) -> bool:
    """Whether the period lost or delayed so much that the path is worth a look."""
    if one.sent == 0:
        return False
    if one.sent - one.received >= BAD_LOSS * one.sent:
        return True
    p95_us = Histogram.from_text(one.histogram).quantile(0.95)
    return p95_us is not None and p95_us >= BAD_P95_US


async def trace_paths(
    config: ConfigSource,
    *,
    agent: str,
    collector_host: str,
    trace: Callable[[TraceRequest], Awaitable[Trace]],
    hindrance: Callable[[], Hindrance | None],
    bad: BadPeriod,
    working: WorkingTimes,
    emit: Emit,
    clock: Clock,
    sleep: Sleep,
) -> None:
    """Trace each target of the collector's plan until cancelled. Where it cannot be done there are no reports, and that
    is said once. Never beside our own throughput test; a trace that breaks harms nothing else."""
    hindered: Hindrance | None = None
    broken: set[str] = set()
    bad_again_ns = 0
    while True:
        plan = config.config.path if config.config is not None else None
        if plan is None:
            await sleep(LOOK_AGAIN_S)
            continue
        interval_ns = plan.interval_ms * NS_PER_MS
        due_ns = next_due_ns(clock.boot_ns() + 1, interval_ns, spread_ns(agent, "path", interval_ns))
        await _pause(min(LOOK_AGAIN_S, (due_ns - clock.boot_ns()) / NS_PER_S), bad.seen, sleep)
        now_ns = clock.boot_ns()
        urgent = bad.seen.is_set() and now_ns >= bad_again_ns
        bad.seen.clear()
        if urgent:
            bad_again_ns = now_ns + BAD_EVERY_NS
        elif not 0 <= now_ns - due_ns < TOO_LATE_NS:
            continue
        while working.cover(clock.boot_ns()):
            await sleep(CALM_S)
        if (word := hindrance()) is not None:
            if word != hindered:
                log.warning("no path is traced here word=%s", word)
            hindered = word
            continue
        hindered = None
        for alias in plan.targets:
            if config.config is None or config.config.path != plan:
                break  # another one holds by now, or none: the machine may be away from its site
            began_ns = clock.boot_ns()
            try:
                asked = request_for(alias, config.config, collector_host=collector_host)
                emit(partial(report, asked, await trace(asked), boot_ms=began_ns // NS_PER_MS))
                broken.discard(alias)
            except Exception as error:  # noqa: BLE001 - a broken trace must not end the probes
                if alias not in broken:
                    fault = error.word if isinstance(error, (Broke, WireError)) else type(error).__name__
                    log.warning("trace broke target=%s error=%s at=%s", alias, fault, place_of(error))
                broken.add(alias)


async def _pause(seconds: float, event: asyncio.Event, sleep: Sleep) -> None:
    """Wait, but not beyond `event`."""
    await sleep(0)  # whoever watches over the loops sees that this one comes round; the sleep below is another task's
    waits = asyncio.ensure_future(sleep(seconds)), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
