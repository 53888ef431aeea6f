"""Measure every target for a few seconds, ask every service once, count the uplink: nothing is kept, nothing sent."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.fold import Draft
from agent.probes import prepare
from agent.schedule import Tally, measure
from agent.services import Ask, broken_draft
from agent.uplink_words import status_of
from agent.working import WorkingTimes
from wire.enrolment import AgentConfig, Service, Target
from wire.histogram import Histogram
from wire.reports import LatencyReport, Report
from wire.service_report import ServiceReport
from wire.uplink_report import UplinkReport

SLOWEST_MS = 1000
"""Nobody waits ten seconds for a sparse target's second probe, except where the target is somebody else's."""


async def measure_once(
    config: AgentConfig,
    *,
    agent: str,
    collector_host: str,
    ask: Ask,
    count: Callable[[], Awaitable[list[Draft]]],
    clock: Clock,
    seconds: float,
) -> list[Report]:
    """A report for each target, after `seconds` and its timeout, for each service that `ask` is asked for, and for each
    uplink that `count` finds."""
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

    async def request(service: Service) -> None:
        try:
            drafts.append(await ask(service))
        except Exception:  # noqa: BLE001 - the report says that it broke
            drafts.append(broken_draft(service, clock.boot_ns()))

    async def uplinks() -> None:
        drafts.extend(await count())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(uplinks())
        for target in config.targets:
            tasks.create_task(one(target))
        for service in config.services:
            tasks.create_task(request(service))
    return [draft(seq=seq) for seq, draft in enumerate(drafts, start=1)]


def table(reports: Sequence[Report]) -> str:
    """`reports` for people: one line for each target, one for each service, and one for each uplink."""
    lines = [f"{'target':24} {'method':12} {'sent':>5} {'lost':>5} {'median':>10} {'p95':>10} {'min':>10}  failure"]
    lines.extend(
        f"{one.target:24} {one.method:12} {one.sent:>5} {one.sent - one.received:>5} "
        f"{_ms(Histogram.from_text(one.histogram).quantile(0.5)):>10} "
        f"{_ms(Histogram.from_text(one.histogram).quantile(0.95)):>10} {_ms(one.min_us):>10}  {one.failure or ''}"
        for one in reports
        if isinstance(one, LatencyReport)
    )
    services = [one for one in reports if isinstance(one, ServiceReport)]
    if services:
        phases = f"{'name':>10} {'connect':>10} {'proxy':>10} {'tls':>10} {'first byte':>10}"
        lines += ["", f"{'service':24} {'status':>6} {phases} {'valid':>9}  failure"]
    lines.extend(
        f"{one.target:24} {_or_dash(one.status):>6} {_ms(one.resolve_us):>10} {_ms(one.connect_us):>10} "
        f"{_ms(one.proxy_us):>10} {_ms(one.tls_us):>10} {_ms(one.first_byte_us):>10} "
        f"{_or_dash(one.certificate_days, ' days'):>9}  {' in '.join(filter(None, (one.failure, one.failed_in)))}"
        for one in services
    )
    uplinks = [one for one in reports if isinstance(one, UplinkReport)]
    if uplinks:
        lines += ["", "uplink"]
    lines.extend(status_of(one).as_text() for one in uplinks)
    return "\n".join(line.rstrip() for line in lines)


def _or_dash(number: int | None, unit: str = "") -> str:
    return f"{number}{unit}" if number is not None else "-"


def _ms(us: float | None) -> str:
    return f"{us / 1000:.2f} ms" if us is not None else "-"
