"""The loop that times, spreads and records every probe; written once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from agent.clock import NS_PER_S, Clock
from agent.fold import Draft, fold
from agent.period import Periods
from agent.sample import Probe, Sample
from agent.working import WorkingTimes
from wire.reports import LatencyMethod

log = logging.getLogger(__name__)

ASLEEP_NS = 5 * NS_PER_S
"""Unheard of for an interval and this much longer: the machine slept."""

WAKING_NS = 10 * NS_PER_S
"""After a sleep a machine gets this long to find its network again before it is measured."""

Sleep = Callable[[float], Awaitable[None]]
Emit = Callable[[Draft], None]


@dataclass(slots=True)
class Tally:
    """Probes that were due and not sent, or cut off by sleep, since the last health report."""

    skipped_probes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One target to measure.

    `first_ns` is where in the interval its probes lie, so that a fleet does not beat in step.
    `deadline_s` bounds one call of `probe`, which keeps shorter deadlines of its own.
    `intervals_ms` are the nominal distances by method, for the report, what stands in after what it stands in for.
    """

    alias: str
    method: LatencyMethod
    probe: Probe
    interval_ns: int
    first_ns: int
    period_ns: int
    timeout_ms: int
    deadline_s: float
    intervals_ms: Mapping[LatencyMethod, int]


def spread_ns(agent: str, name: str, interval_ns: int) -> int:
    """Where in its interval `name` of this agent runs: the same after each restart."""
    return crc32(f"{agent} {name}".encode()) % 2**16 * interval_ns // 2**16


def next_due_ns(now_ns: int, interval_ns: int, offset_ns: int) -> int:
    """The first moment from `now_ns` on that lies on the grid of `interval_ns` shifted by `offset_ns`."""
    return now_ns + (offset_ns - now_ns) % interval_ns


async def measure(job: Job, *, clock: Clock, sleep: Sleep, emit: Emit, tally: Tally, working: WorkingTimes) -> None:
    """Probe one target on the boot clock's grid, without drift, until cancelled. `working` is when our own throughput
    tests ran.

    Probes may overlap where their timeout is longer than the interval. Complete periods go to
    `emit`; on the way out the open one goes, too. What was due while the machine slept or was too
    busy is skipped and counted, never made up for.
    """
    periods = Periods(period_ns=job.period_ns, asleep_ns=job.interval_ns + ASLEEP_NS, now_ns=clock.boot_ns())
    broken: set[str] = set()

    def report() -> None:
        for period in periods.take_complete():
            draft = fold(
                period,
                target=job.alias,
                intervals_ms=job.intervals_ms,
                timeout_ms=job.timeout_ms,
                is_working=working.cover,
            )
            if draft is not None:
                emit(draft)
        tally.skipped_probes += periods.take_skipped()

    async def run(number: int, began_ns: int) -> None:
        try:
            async with asyncio.timeout(job.deadline_s):
                samples = await job.probe()
        except Exception as error:  # noqa: BLE001 - one broken probe must not end the others
            kind = type(error).__name__
            if kind not in broken:
                broken.add(kind)
                log.warning("probe broke target=%s error=%s at=%s", job.alias, kind, place_of(error))
            samples = (Sample(sent_ns=began_ns, method=job.method, failure="probe_broke"),)
        now_ns = clock.boot_ns()
        periods.notice(now_ns)
        periods.ended(number, samples, now_ns)
        report()

    async with asyncio.TaskGroup() as runs:
        try:
            due_ns = next_due_ns(clock.boot_ns(), job.interval_ns, job.first_ns)
            while True:
                await sleep(max(0, due_ns - clock.boot_ns()) / NS_PER_S)
                now_ns = clock.boot_ns()
                if now_ns < due_ns:
                    continue
                periods.notice(now_ns)
                missed = max(0, now_ns - due_ns) // job.interval_ns
                waking = now_ns < periods.woke_ns + WAKING_NS
                tally.skipped_probes += missed + waking
                due_ns += (missed + 1) * job.interval_ns
                report()
                if not waking:
                    runs.create_task(run(periods.began(now_ns), now_ns))
        finally:
            now_ns = clock.boot_ns()
            periods.notice(now_ns)
            periods.cut(now_ns)
            report()


def place_of(error: BaseException) -> str:
    """``file:line`` where `error` was raised. Its text stays unlogged: system errors carry addresses."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
