import asyncio
import socket
from dataclasses import replace

import psutil
import pytest

from agent.clock import NS_PER_S
from agent.fold import Draft
from agent.health import Reading, health, watch_health
from agent.link import Link, grown, read_link
from agent.schedule import Tally
from agent.spool_file import Counts
from tests.agent.fakes import MovedClock
from wire.reports import HealthReport

WIRED = Link(name="eth0", mbps=1000, errors=5, drops=7)
BEFORE = Reading(boot_ns=600 * NS_PER_S, cpu_ns=0, wall_ahead_ns=0, link=WIRED)
AFTER = Reading(boot_ns=660 * NS_PER_S, cpu_ns=NS_PER_S // 5, wall_ahead_ns=0, link=WIRED)
COUNTS = Counts(numbered=9, delivered=3, dropped=2, quarantined=1, waiting=3)


def report(before: Reading = BEFORE, after: Reading = AFTER) -> HealthReport:
    draft = health(before, after, rss_bytes=30 * 2**20, synchronised=None, counts=COUNTS, skipped_probes=10**9)
    built = draft(seq=1)
    assert isinstance(built, HealthReport)
    return built


def test_health_compares_the_two_ends_of_a_period() -> None:
    built = report(after=replace(AFTER, link=replace(WIRED, errors=6)))

    assert (built.boot_ms, built.duration_ms) == (600_000, 60_000)
    assert built.cpu_permille == 3
    assert (built.link_mbps, built.link_errors, built.link_drops) == (1000, 1, 0)
    assert (built.spool_reports, built.dropped_reports, built.quarantined_reports) == (3, 2, 1)
    assert built.clock_synchronised is None


@pytest.mark.parametrize("step_s", [86_400, -86_400, 0, 10**12])
def test_a_clock_step_is_told_within_what_the_wire_allows(step_s: int) -> None:
    built = report(after=replace(AFTER, wall_ahead_ns=step_s * NS_PER_S))

    assert built.clock_step_ms == min(step_s * 1000, 10 * 10 * 366 * 86_400_000)


def test_counters_of_another_interface_or_that_began_anew_are_absent() -> None:
    wireless = Link(name="wlan0", mbps=None, errors=100, drops=100)

    assert report(after=replace(AFTER, link=wireless)).link_errors is None
    assert report(after=replace(AFTER, link=replace(WIRED, errors=0))).link_errors is None
    assert report(after=replace(AFTER, link=None)).link_mbps is None
    assert grown(3, 5) == 2
    assert grown(None, 5) is None


def test_the_interface_is_the_one_that_leads_to_the_collector() -> None:
    found = read_link("127.0.0.1", 8600)

    assert found is not None
    names = [
        name
        for name, own in psutil.net_if_addrs().items()
        if any(one.family == socket.AF_INET and one.address == "127.0.0.1" for one in own)
    ]
    assert found.name in names
    assert read_link("no-such-host.invalid", 1) is None


def test_a_period_of_sleep_is_not_reported_and_its_step_is_told_afterwards() -> None:
    moved = MovedClock(frozen=True)
    drafts: list[Draft] = []
    slept = [60.0, 60.0, 7200.0, 60.0, 60.0]

    async def sleep(seconds: float) -> None:
        if not slept:
            raise asyncio.CancelledError
        longer = slept.pop(0)
        moved.boot_ns += int((seconds if longer == 60.0 else longer) * NS_PER_S)
        if longer > 60:
            moved.wall_step_ns += 3 * NS_PER_S

    tally = Tally(skipped_probes=7)

    async def work() -> None:
        with pytest.raises(asyncio.CancelledError):
            await watch_health(
                period_ns=lambda: 60 * NS_PER_S,
                clock=moved.clock(),
                sleep=sleep,
                emit=drafts.append,
                tally=tally,
                count=lambda: COUNTS,
                towards=("127.0.0.1", 8600),
            )

    asyncio.run(work())
    reports = [draft(seq=1) for draft in drafts]
    assert all(isinstance(one, HealthReport) and one.duration_ms <= 60_000 for one in reports)
    assert [one.clock_step_ms for one in reports if isinstance(one, HealthReport)] == [0, 0, 3000, 0]
    assert [one.skipped_probes for one in reports if isinstance(one, HealthReport)] == [7, 0, 0, 0]
