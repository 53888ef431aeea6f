"""Drafts to fill a spool with."""

from functools import partial

from agent.fold import Draft
from wire.batch import BootClock
from wire.report_words import Failure
from wire.reports import HealthReport, LatencyReport

READING = BootClock(boot_ms=1_000_000, wall_ms=1_760_000_000_000, synchronised=True, live=True)


def latency(boot_ms: int = 1_000_000, failure: Failure | None = None) -> Draft:
    received = 0 if failure else 60
    return partial(
        LatencyReport,
        boot_ms=boot_ms,
        duration_ms=60_000,
        target="district",
        method="stamp",
        method_version=1,
        timestamps="kernel",
        interval_ms=1000,
        timeout_ms=2000,
        sent=60,
        received=received,
        duplicates=0,
        reordered=0,
        min_us=None if failure else 12_000,
        ipdv_mean_us=None if failure else 300,
        histogram="" if failure else "160:30 161:20 170:9 200:1",
        failure=failure,
    )


def health(boot_ms: int = 1_000_000) -> Draft:
    return partial(
        HealthReport,
        boot_ms=boot_ms,
        duration_ms=60_000,
        agent_version="0.1.0",
        platform="linux",
        cpu_permille=3,
        rss_kib=30_000,
        clock_synchronised=True,
        clock_step_ms=0,
        spool_reports=0,
        dropped_reports=0,
        quarantined_reports=0,
        skipped_probes=0,
        link_mbps=None,
        link_errors=None,
        link_drops=None,
    )
