"""How the agent, its machine and its link are: one report a period."""

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import psutil

from agent.association import Association, retries_permille
from agent.background import background
from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.fold import Draft
from agent.link import grown
from agent.machine import busy_permille
from agent.reading import Reading, read
from agent.schedule import ASLEEP_NS, Emit, Sleep, Tally, next_due_ns, place_of
from agent.spool_file import Counts
from wire.fields import MAX_COUNT, MAX_ELAPSED_MS
from wire.reports import HealthReport, Platform
from wire.version import VERSION

log = logging.getLogger(__name__)

PLATFORMS: dict[str, Platform] = {"linux": "linux", "win32": "windows", "darwin": "macos"}
_NO_ASSOCIATION = Association()


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

    A period in which the machine slept is not reported; a clock step, the sleep and skipped probes found in it are told
    with the next one. A look that breaks costs its report and the next one.
    """
    before: Reading | None = None
    broken: set[str] = set()
    length_ns = period_ns()
    while True:
        try:
            after = await read(clock, towards, before)
            if before is not None and after.boot_ns - before.boot_ns > length_ns + ASLEEP_NS:
                after = replace(after, wall_ahead_ns=before.wall_ahead_ns, asleep_ns=before.asleep_ns)
            elif before is not None:
                counts = await background(count)
                skipped, tally.skipped_probes = tally.skipped_probes, 0
                emit(
                    health(
                        before,
                        after,
                        rss_bytes=psutil.Process().memory_info().rss,
                        synchronised=clock.synchronised(),
                        counts=counts,
                        skipped_probes=skipped,
                    )
                )
            before = after
        except Exception as error:  # noqa: BLE001 - whatever a machine says of itself must not end what measures
            kind = type(error).__name__
            if kind not in broken:
                broken.add(kind)
                log.warning("health cannot be read error=%s at=%s", kind, place_of(error))
        length_ns = period_ns()
        due_ns = next_due_ns(clock.boot_ns() + 1, length_ns, 0)
        await sleep((due_ns - clock.boot_ns()) / NS_PER_S)


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
    slept_ms = (after.asleep_ns - before.asleep_ns) // NS_PER_MS
    link, association = after.link, after.association or _NO_ASSOCIATION
    same = before.last_link if before.last_link and link and before.last_link.name == link.name else None
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
        link_mbps=link.mbps if link else None,
        link_errors=grown(same.errors, link.errors) if same and link else None,
        link_drops=grown(same.drops, link.drops) if same and link else None,
        machine_cpu_permille=busy_permille(before.machine, after.machine),
        memory_used_permille=after.machine.memory_used_permille,
        memory_stalled_permille=_stalled_permille(before, after, elapsed_ns),
        slept_ms=max(0, min(MAX_ELAPSED_MS, slept_ms)),
        on_battery=after.machine.on_battery,
        link_medium=link.medium if link else None,
        link_full_duplex=link.full_duplex if link else None,
        link_flaps=grown(same.carrier_losses, link.carrier_losses) if same and link else None,
        wifi_band_mhz=association.band_mhz,
        wifi_channel_mhz=association.channel_mhz,
        wifi_down_mbps=association.down_mbps,
        wifi_up_mbps=association.up_mbps,
        wifi_signal_dbm=association.signal_dbm,
        wifi_retries_permille=retries_permille(before.association, after.association) if same else None,
    )


def _stalled_permille(before: Reading, after: Reading, elapsed_ns: int) -> int | None:
    stalled_us = grown(before.machine.memory_stalled_us, after.machine.memory_stalled_us)
    return None if stalled_us is None else min(1000, round(stalled_us * 1_000_000 / elapsed_ns))
