"""A good example of each shape, to be bent, and between which values its integers may lie."""

import json
from typing import Any

import pytest

from tests.wire import literal
from wire.batch import Acknowledgement, Batch, BootClock, RejectedReport
from wire.codec import decode
from wire.enrolment import (
    AgentConfig,
    Enrolment,
    EnrolmentRequest,
    Ndt7Plan,
    PathPlan,
    ReflectorPlan,
    Service,
    Target,
    ThroughputPlan,
)
from wire.fields import WireError
from wire.lease import Arrived, Lease, LeaseAccount, LeaseEnd, LeaseRequest
from wire.ndt7_allowance import Ndt7Allowance
from wire.path_report import Hop, PathReport
from wire.reports import AwayReport, HealthReport, LatencyReport, ThroughputReport
from wire.service_report import ServiceReport
from wire.uplink_report import UplinkReport

SHAPES: list[tuple[type[Any], literal.Json]] = [
    (LatencyReport, literal.LATENCY),
    (ThroughputReport, literal.THROUGHPUT),
    (HealthReport, literal.HEALTH),
    (ServiceReport, literal.SERVICE),
    (Hop, literal.HOP),
    (PathReport, literal.PATH),
    (AwayReport, literal.OFF_SITE),
    (UplinkReport, literal.UPLINK),
    (BootClock, literal.CLOCK),
    (Batch, literal.BATCH),
    (RejectedReport, literal.REJECTED),
    (Acknowledgement, literal.ACKNOWLEDGEMENT),
    (EnrolmentRequest, literal.ENROLMENT_REQUEST),
    (Enrolment, literal.ENROLMENT),
    (Target, literal.TARGET),
    (Service, literal.SERVICE_WANTED),
    (PathPlan, literal.PATH_PLAN),
    (ReflectorPlan, literal.REFLECTOR_PLAN),
    (Ndt7Plan, literal.NDT7_PLAN),
    (AgentConfig, literal.AGENT_CONFIG),
    (ThroughputPlan, literal.AGENT_CONFIG["throughput"]),
    (LeaseRequest, literal.LEASE_REQUEST),
    (Lease, literal.LEASE),
    (LeaseEnd, literal.LEASE_END),
    (Arrived, literal.ARRIVED),
    (LeaseAccount, literal.LEASE_ACCOUNT),
    (Ndt7Allowance, literal.NDT7_ALLOWANCE),
]
GOOD = dict(SHAPES)

TEN_YEARS_MS = 316_224_000_000
HOUR_MS = 3_600_000
EXACT = 9_007_199_254_740_991
PERIOD = {"seq": (1, EXACT), "boot_ms": (0, TEN_YEARS_MS), "duration_ms": (1, HOUR_MS)}
RANGES: dict[type[Any], dict[str, tuple[int, int]]] = {
    LatencyReport: PERIOD
    | {
        "method_version": (1, 1000),
        "interval_ms": (10, HOUR_MS),
        "timeout_ms": (10, 60_000),
        "sent": (58, 1_000_000),
        "duplicates": (0, 1_000_000),
        "reordered": (0, 58),
        "min_us": (0, 120_000_000),
        "ipdv_mean_us": (0, 120_000_000),
        "working_sent": (8, 1_000_000),
    },
    ThroughputReport: PERIOD
    | {
        "method_version": (1, 1000),
        "required_bps": (1, 10**12),
        "offered_bps": (0, 10**12),
        "received_bps": (0, 10**12),
        "used_bytes": (0, 10**12),
        "idle_rtt_us": (0, 120_000_000),
        "working_sent": (51, 1_000_000),
        "ceiling_bps": (1, 10**12),
        "cpu_permille": (0, 1000),
        "link_mbps": (0, 10_000_000),
    },
    HealthReport: PERIOD
    | {
        "cpu_permille": (0, 1_000_000),
        "rss_kib": (0, 2**40),
        "clock_step_ms": (-10 * TEN_YEARS_MS, 10 * TEN_YEARS_MS),
        "spool_reports": (0, EXACT),
        "dropped_reports": (0, EXACT),
        "quarantined_reports": (0, EXACT),
        "skipped_probes": (0, 1_000_000),
        "link_mbps": (0, 10_000_000),
        "link_errors": (0, EXACT),
        "link_drops": (0, EXACT),
        "machine_cpu_permille": (0, 1000),
        "memory_used_permille": (0, 1000),
        "memory_stalled_permille": (0, 1000),
        "slept_ms": (0, TEN_YEARS_MS),
        "link_flaps": (0, 1_000_000),
        "wifi_band_mhz": (2400, 6000),
        "wifi_channel_mhz": (1, 1000),
        "wifi_down_mbps": (0, 10_000_000),
        "wifi_up_mbps": (0, 10_000_000),
        "wifi_signal_dbm": (-120, 0),
        "wifi_retries_permille": (0, 1000),
        "uplink_in_bytes": (0, EXACT),
        "uplink_out_bytes": (0, EXACT),
    },
    ServiceReport: PERIOD
    | {
        "method_version": (1, 1000),
        **dict.fromkeys(("resolve_us", "connect_us", "proxy_us", "tls_us", "first_byte_us"), (0, 120_000_000)),
        "status": (100, 599),
        "certificate_days": (-100_000, 100_000),
    },
    Hop: {"ttl": (1, 32), "sent": (2, 100), "min_us": (0, 120_000_000)},
    PathReport: PERIOD | {"method_version": (1, 1000)},
    AwayReport: PERIOD,
    UplinkReport: PERIOD
    | {
        "method_version": (1, 1000),
        "down_bytes": (0, EXACT),
        "up_bytes": (0, EXACT),
        "speed_mbps": (0, 10_000_000),
    },
    BootClock: {"boot_ms": (0, TEN_YEARS_MS), "wall_ms": (0, 4_102_444_800_000)},
    Batch: {"version": (1, 4)},
    RejectedReport: {"index": (0, 1999), "seq": (0, EXACT)},
    Acknowledgement: {"stored": (0, 2000), "duplicate": (0, 2000)},
    EnrolmentRequest: {"version": (1, 4)},
    Target: {
        "port": (1, 65_535),
        "tcp_port": (1, 65_535),
        "interval_ms": (100, HOUR_MS),
        "timeout_ms": (100, 60_000),
    },
    Service: {"port": (1, 65_535), "interval_ms": (10_000, HOUR_MS), "timeout_ms": (100, 60_000)},
    PathPlan: {"interval_ms": (60_000, 86_400_000)},
    ReflectorPlan: {"port": (1, 65_535)},
    Ndt7Plan: {"port": (1, 65_535)},
    AgentConfig: {"period_ms": (1000, HOUR_MS), "push_interval_ms": (1000, HOUR_MS)},
    ThroughputPlan: {"interval_ms": (10_000, 86_400_000), "capacity_interval_ms": (10_000, 86_400_000)},
    LeaseRequest: {"version": (1, 4), "link_mbps": (0, 10_000_000)},
    Lease: {
        "valid_ms": (1, 60_000),
        "down_bps": (1, 10**12),
        "up_bps": (1, 10**12),
        "down_bytes": (1, 10**12),
        "up_bytes": (1, 10**12),
        "port": (1, 65_535),
        "longest_ms": (1, 60_000),
    },
    LeaseEnd: {"version": (1, 4), "used_bytes": (0, 10**12)},
    Arrived: {"at_ms": (0, 60_000), "total_bytes": (0, 10**12)},
    LeaseAccount: {"down_stalled_ms": (0, 60_000), "up_stalled_ms": (0, 60_000), "down_bytes": (0, 10**12)},
    Ndt7Allowance: {"valid_ms": (0, 60_000), "down_bytes": (1, 10**12), "up_bytes": (1, 10**12)},
}
EDGES = [(shape, name, *edges) for shape, ranges in RANGES.items() for name, edges in ranges.items()]


def built(shape: type[Any], **other: Any) -> Any:
    return decode(shape, json.dumps(GOOD[shape] | other))


def word_of(shape: type[Any], **other: Any) -> str:
    with pytest.raises(WireError) as refused:
        built(shape, **other)
    assert refused.value.detail
    return refused.value.word
