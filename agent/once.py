"""Measure every target for a few seconds and look at it: nothing is kept, nothing sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.fold import Draft
from agent.probes import prepare
from agent.schedule import Tally, measure
from agent.working import WorkingTimes
from wire.enrolment import AgentConfig, Target
from wire.histogram import Histogram
from wire.reports import LatencyReport, Report

SLOWEST_MS = 1000
"""Nobody waits ten seconds for a sparse target's second probe, except where the target is somebody else's."""


async def measure_once(
    config: AgentConfig, *, agent: str, collector_host: str, clock: Clock, seconds: float
) -> list[Report]:
    """A report for each target, after `seconds` and its timeout."""
    drafts: list[Draft] = []

    async def one(target: Target) -> None:
        if not target.alias.startswith("anchor:"):
            target = replace(target, interval_ms=min(target.interval_ms, SLOWEST_MS))
        length_s = seconds + target.timeout_ms / 1000
        # a period that began now and is longer than this takes
        now_ns = clock.boot_ns()
        period_ms = (now_ns + int(length_s * 2 * NS_PER_S)) // NS_PER_MS
        prepared = prepare(target, period_ms, agent=agent, collector_host=collector_host, clock=clock)
        try:
            async with asyncio.timeout(length_s):
                await measure(
                    replace(prepared.job, first_ns=now_ns % prepared.job.interval_ns),
                    clock=clock,
                    sleep=asyncio.sleep,
                    emit=drafts.append,
                    tally=Tally(),
                    working=WorkingTimes(),
                )
        except TimeoutError:
            prepared.close()

    async with asyncio.TaskGroup() as tasks:
        for target in config.targets:
            tasks.create_task(one(target))
    return [draft(seq=seq) for seq, draft in enumerate(drafts, start=1)]


def table(reports: Sequence[Report]) -> str:
    """`reports` for people: one line for each target."""
    lines = [f"{'target':24} {'method':12} {'sent':>5} {'lost':>5} {'median':>10} {'p95':>10} {'min':>10}  failure"]
    lines.extend(
        f"{one.target:24} {one.method:12} {one.sent:>5} {one.sent - one.received:>5} "
        f"{_ms(Histogram.from_text(one.histogram).quantile(0.5)):>10} "
        f"{_ms(Histogram.from_text(one.histogram).quantile(0.95)):>10} {_ms(one.min_us):>10}  {one.failure or ''}"
        for one in reports
        if isinstance(one, LatencyReport)
    )
    return "\n".join(line.rstrip() for line in lines)


def _ms(us: float | None) -> str:
    return f"{us / 1000:.2f} ms" if us is not None else "-"
