"""Realistic latency reports: a minute each, 60 round trips, three targets, 10 to 15 buckets a histogram."""

import random

from wire.histogram import Histogram
from wire.reports import LatencyMethod, LatencyReport

TYPICAL_US: dict[str, tuple[LatencyMethod, float]] = {
    "gateway": ("tcp_connect", 1_800),
    "site": ("stamp", 3_500),
    "district": ("stamp", 14_000),
}
SPREAD = 0.13
"""Of the logarithm of the round-trip time: a quiet school network."""

SAMPLES = 60


def latency_report(target: str, *, seq: int, boot_ms: int, chance: random.Random) -> LatencyReport:
    """One report to `target`, of the minute that begins at `boot_ms`."""
    method, typical_us = TYPICAL_US[target]
    lost = chance.random() < 0.05
    rtts_us = [typical_us * chance.lognormvariate(0, SPREAD) for _ in range(SAMPLES - lost)]
    return LatencyReport(
        seq=seq,
        boot_ms=boot_ms,
        duration_ms=60_000,
        target=target,
        method=method,
        method_version=1,
        timestamps="kernel" if method == "stamp" else "user",
        interval_ms=1000,
        timeout_ms=2000,
        sent=SAMPLES,
        received=len(rtts_us),
        duplicates=0,
        reordered=0,
        min_us=int(min(rtts_us)),
        ipdv_mean_us=int(typical_us * SPREAD),
        histogram=Histogram.of(rtts_us).to_text(),
    )
