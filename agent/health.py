"""How the agent and its link are: one report a period."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import psutil

from agent.background import background
from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.fold import Draft
from agent.link import Link, grown, read_link
from agent.schedule import ASLEEP_NS, Emit, Sleep, Tally, next_due_ns
from agent.spool_file import Counts
from wire.fields import MAX_COUNT, MAX_ELAPSED_MS
from wire.reports import HealthReport, Platform
from wire.version import VERSION

PLATFORMS: dict[str, Platform] = {"linux": "linux", "win32": "windows", "darwin": "macos"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is compared between the two ends of a period."""

    boot_ns: int
    cpu_ns: int
    wall_ahead_ns: int
    link: Link | None


async def watch_health(
    *,
    period_ns: Callable[[], int],
    clock: Clock,
    sleep: Sleep,
    emit: Emit,
    tally: Tally,
    count: Callable[[], Counts],
    towards: tuple[str, int],
) -> None:
    """Report the agent's health at the end of each period until cancelled.

    A period in which the machine slept is not reported; a clock step and skipped probes found in
    it are told with the next one.
    """
    before = await _read(clock, towards)
    while True:
        length_ns = period_ns()
        due_ns = next_due_ns(clock.boot_ns() + 1, length_ns, 0)
        await sleep((due_ns - clock.boot_ns()) / NS_PER_S)
        after = await _read(clock, towards)
        if after.boot_ns - before.boot_ns > length_ns + ASLEEP_NS:
            before = Reading(
                boot_ns=after.boot_ns, cpu_ns=after.cpu_ns, wall_ahead_ns=before.wall_ahead_ns, link=after.link
            )
            continue
        skipped, tally.skipped_probes = tally.skipped_probes, 0
        emit(
            health(
                before,
                after,
                rss_bytes=psutil.Process().memory_info().rss,
                synchronised=clock.synchronised(),
                counts=await background(count),
                skipped_probes=skipped,
            )
        )
        before = after


def health(
    before: Reading,
    after: Reading,
    *,
    rss_bytes: int,
    synchronised: bool | None,
    counts: Counts,
    skipped_probes: int,
) -> Draft:
    """The report of the period between two readings. Pure."""
    elapsed_ns = max(1, after.boot_ns - before.boot_ns)
    step_ms = round((after.wall_ahead_ns - before.wall_ahead_ns) / NS_PER_MS)
    same = before.link if before.link and after.link and before.link.name == after.link.name else None
    return partial(
        HealthReport,
        boot_ms=before.boot_ns // NS_PER_MS,
        duration_ms=max(1, after.boot_ns // NS_PER_MS - before.boot_ns // NS_PER_MS),
        agent_version=VERSION,
        platform=PLATFORMS.get(sys.platform, "other"),
        cpu_permille=round(1000 * (after.cpu_ns - before.cpu_ns) / elapsed_ns),
        rss_kib=rss_bytes // 1024,
        clock_synchronised=synchronised,
        clock_step_ms=max(-MAX_ELAPSED_MS * 10, min(MAX_ELAPSED_MS * 10, step_ms)),
        spool_reports=counts.waiting,
        dropped_reports=counts.dropped,
        quarantined_reports=counts.quarantined,
        skipped_probes=min(skipped_probes, MAX_COUNT),
        link_mbps=after.link.mbps if after.link else None,
        link_errors=grown(same.errors, after.link.errors) if same and after.link else None,
        link_drops=grown(same.drops, after.link.drops) if same and after.link else None,
    )


async def _read(clock: Clock, towards: tuple[str, int]) -> Reading:
    link = await background(partial(read_link, *towards))
    boot_ns = clock.boot_ns()
    return Reading(boot_ns=boot_ns, cpu_ns=time.process_time_ns(), wall_ahead_ns=clock.wall_ns() - boot_ns, link=link)
