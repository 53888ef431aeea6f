"""Builders for the collector's tests: small, literal, and overridable by keyword."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from collector.registry.agent import Stay
from collector.store.protocol import Arrival
from collector.verdict.causes import Compared, Located
from tests.wire import literal
from wire.histogram import Histogram
from wire.reports import HealthReport, LatencyReport, Report, ThroughputReport
from wire.service_report import ServiceReport
from wire.uplink_report import UplinkReport

MONDAY_10 = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
LOCATED = Located(
    cause="room_access",
    confidence="high",
    rule="L2",
    room=(
        Compared(target="gateway", p95_ms=61.5, usual_ms=2.0, loss=0.04),
        Compared(target="district", p95_ms=None, usual_ms=None, loss=None),
    ),
    reference=(Compared(target="anchor:cdn", p95_ms=12.0, usual_ms=11.5, loss=0.0),),
    bad_peers=1,
    peers=7,
    shared='ap "AP-12"',
    signs=("weak_signal", "many_retries"),
)
"""A cause with everything told, and something not measured."""
HERE = Stay(from_ms=0, site="oak-hill", room="204")


def latency(seq: int = 1, *, rtt_us: float = 12_000, lost: int = 0, sent: int = 60, **other: Any) -> LatencyReport:
    """A latency report of `sent` requests that all took `rtt_us`, but for `lost` of them."""
    received = sent - lost
    values: dict[str, Any] = {
        "seq": seq,
        "boot_ms": 60_000 * seq,
        "duration_ms": 60_000,
        "target": "district",
        "method": "stamp",
        "method_version": 1,
        "timestamps": "kernel",
        "interval_ms": 1000,
        "timeout_ms": 2000,
        "sent": sent,
        "received": received,
        "duplicates": 0,
        "reordered": 0,
        "min_us": int(rtt_us) if received else None,
        "ipdv_mean_us": 0 if received > 1 else None,
        "histogram": Histogram.of([rtt_us] * received).to_text(),
        "failure": None if received else "no_answer",
    }
    return LatencyReport(**(values | other))


def health(seq: int = 1, **other: Any) -> HealthReport:
    """A health report of an agent at ease."""
    values: dict[str, Any] = {
        "seq": seq,
        "boot_ms": 60_000 * seq,
        "duration_ms": 60_000,
        "agent_version": "0.1.0",
        "platform": "linux",
        "cpu_permille": 2,
        "rss_kib": 30_000,
        "clock_synchronised": True,
        "clock_step_ms": 0,
        "spool_reports": 0,
        "dropped_reports": 0,
        "quarantined_reports": 0,
        "skipped_probes": 0,
        "link_mbps": 1000,
        "link_errors": 0,
        "link_drops": None,
    }
    return HealthReport(**(values | other))


def throughput(seq: int = 1, **other: Any) -> ThroughputReport:
    """A sufficiency test that showed its rate."""
    values: dict[str, Any] = {
        "seq": seq,
        "boot_ms": 60_000 * seq,
        "duration_ms": 5_000,
        "target": "district",
        "method": "sufficiency",
        "method_version": 1,
        "direction": "down",
        "required_bps": 1_000_000,
        "offered_bps": 1_250_000,
        "received_bps": 1_240_000,
        "sustained": True,
        "used_bytes": 780_000,
    }
    return ThroughputReport(**(values | other))


def of_each_kind(first_seq: int = 1) -> list[Report]:
    """A report of every kind with every field told, as the wire's tests have them."""
    adapter: TypeAdapter[Report] = TypeAdapter(Report)
    return [
        adapter.validate_python(one | {"seq": first_seq + place, "boot_ms": 0}, strict=False)
        for place, one in enumerate(literal.REPORTS.values())
    ]


def service(seq: int = 1, **other: Any) -> ServiceReport:
    """A request to the LMS that was answered."""
    values: dict[str, Any] = {
        "seq": seq,
        "boot_ms": 60_000 * seq,
        "duration_ms": 90,
        "target": "service:lms",
        "method_version": 1,
        "via_proxy": False,
        "resolve_us": 2_000,
        "connect_us": 14_000,
        "proxy_us": None,
        "tls_us": 31_000,
        "first_byte_us": 43_000,
        "status": 200,
        "certificate_days": 61,
        "failure": None,
        "failed_in": None,
    }
    return ServiceReport(**(values | other))


def uplink(seq: int = 1, **other: Any) -> UplinkReport:
    """A minute of the site's uplink at 400 Mbit/s down and 20 up, by the agent's own interface."""
    values: dict[str, Any] = {
        "seq": seq,
        "boot_ms": 60_000 * seq,
        "duration_ms": 60_000,
        "uplink": "site",
        "method": "interface",
        "method_version": 1,
        "down_bytes": 3_000_000_000,
        "up_bytes": 150_000_000,
        "speed_mbps": 1000,
        "failure": None,
    }
    return UplinkReport(**(values | other))


def arrival(report: Any, *, started_at: datetime | None = None, **other: Any) -> Arrival:
    """`report` from the agent in room 204 of oak-hill; by default the seq-th minute from 10:00."""
    values: dict[str, Any] = {
        "agent": "a" * 16,
        "site": "oak-hill",
        "room": "204",
        "boot": "b" * 16,
        "started_at": started_at or MONDAY_10 + timedelta(minutes=report.seq),
        "repaired": False,
        "report": report,
    }
    return Arrival(**(values | other))
