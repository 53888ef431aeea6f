"""Batches as docs/wire.md describes them, written by hand: what another program would send."""

import secrets
import time
from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

HISTOGRAM = "100:4 101:3 120:2 150:1"
RECEIVED = 10


def boot_ms() -> int:
    """The boot clock of this machine now."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def latency(seq: int, **changed: Any) -> Json:
    """A good latency report of a second that is over."""
    return {
        "kind": "latency",
        "seq": seq,
        "boot_ms": boot_ms() - 2_000,
        "duration_ms": 1_000,
        "target": "district",
        "method": "stamp",
        "method_version": 1,
        "timestamps": "user",
        "interval_ms": 100,
        "timeout_ms": 2_000,
        "sent": RECEIVED,
        "received": RECEIVED,
        "duplicates": 0,
        "reordered": 0,
        "min_us": 990,
        "ipdv_mean_us": 12,
        "histogram": HISTOGRAM,
        "failure": None,
    } | changed


def throughput(seq: int, **changed: Any) -> Json:
    """A good throughput report."""
    return {
        "kind": "throughput",
        "seq": seq,
        "boot_ms": boot_ms() - 6_000,
        "duration_ms": 5_000,
        "target": "district",
        "method": "sufficiency",
        "method_version": 1,
        "direction": "down",
        "required_bps": 4_000_000,
        "offered_bps": 5_000_000,
        "received_bps": 4_900_000,
        "sustained": True,
        "used_bytes": 3_200_000,
        "failure": None,
    } | changed


def health(seq: int, **changed: Any) -> Json:
    """A good health report."""
    return {
        "kind": "health",
        "seq": seq,
        "boot_ms": boot_ms() - 2_000,
        "duration_ms": 1_000,
        "agent_version": "0.1.0",
        "platform": "linux",
        "cpu_permille": 4,
        "rss_kib": 30_000,
        "clock_synchronised": True,
        "clock_step_ms": 0,
        "spool_reports": 0,
        "dropped_reports": 0,
        "quarantined_reports": 0,
        "skipped_probes": 0,
        "link_mbps": None,
        "link_errors": None,
        "link_drops": None,
    } | changed


def new_id() -> str:
    """Sixteen hexadecimal digits, as batches and boots are named."""
    return secrets.token_hex(8)


def batch_of(reports: Iterable[Any], *, boot: str, **changed: Any) -> Json:
    """A batch that is sent now."""
    return {
        "version": 1,
        "batch": new_id(),
        "boot": boot,
        "clock": {"boot_ms": boot_ms(), "wall_ms": time.time_ns() // 1_000_000, "synchronised": True, "live": True},
        "reports": list(reports),
    } | changed


def a_good_batch() -> Json:
    """A report of each kind, of a boot of its own."""
    return batch_of([latency(1), throughput(2), health(3)], boot=new_id())
