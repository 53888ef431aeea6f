"""One good report of each kind, a batch and the answers, as JSON objects to be bent by tests."""

from typing import Any

Json = dict[str, Any]

LATENCY: Json = {
    "kind": "latency",
    "seq": 41,
    "boot_ms": 3_600_000,
    "duration_ms": 60_000,
    "target": "district",
    "method": "stamp",
    "method_version": 1,
    "timestamps": "kernel",
    "interval_ms": 1000,
    "timeout_ms": 2000,
    "sent": 60,
    "received": 58,
    "duplicates": 0,
    "reordered": 1,
    "min_us": 11_800,
    "ipdv_mean_us": 420,
    "histogram": "163:40 164:17 180:1",
    "failure": None,
    "working_sent": 9,
    "working_received": 8,
    "working_histogram": "170:8",
}
THROUGHPUT: Json = {
    "kind": "throughput",
    "seq": 42,
    "boot_ms": 3_600_000,
    "duration_ms": 5000,
    "target": "district",
    "method": "sufficiency",
    "method_version": 1,
    "direction": "down",
    "required_bps": 4_000_000,
    "offered_bps": 5_000_000,
    "received_bps": 4_870_000,
    "sustained": True,
    "used_bytes": 3_050_000,
    "failure": None,
    "ended_by": "decided",
    "idle_rtt_us": 11_640,
    "working_sent": 52,
    "working_received": 51,
    "working_histogram": "163:48 164:3",
}
HEALTH: Json = {
    "kind": "health",
    "seq": 43,
    "boot_ms": 3_600_000,
    "duration_ms": 60_000,
    "agent_version": "0.1.0",
    "platform": "linux",
    "cpu_permille": 3,
    "rss_kib": 28_000,
    "clock_synchronised": True,
    "clock_step_ms": -2,
    "spool_reports": 4,
    "dropped_reports": 0,
    "quarantined_reports": 0,
    "skipped_probes": 0,
    "link_mbps": 1000,
    "link_errors": 0,
    "link_drops": 0,
}
REPORTS = {"latency": LATENCY, "throughput": THROUGHPUT, "health": HEALTH}
CLOCK: Json = {"boot_ms": 3_661_000, "wall_ms": 1_794_823_200_000, "synchronised": True, "live": True}
BATCH: Json = {
    "version": 2,
    "batch": "00112233445566ff",
    "boot": "ffeeddccbbaa9988",
    "clock": CLOCK,
    "reports": [LATENCY, THROUGHPUT, HEALTH],
}
ENROLMENT_REQUEST: Json = {"version": 1, "code": "7K2M-9QXD-4TAB", "token_sha256": "ab" * 32}
ENROLMENT: Json = {
    "version": 1,
    "agent": "0123456789abcdef",
    "site": "north-high",
    "room": "101",
    "role": "room",
}
TARGET: Json = {
    "alias": "district",
    "method": "stamp",
    "host": None,
    "port": 8620,
    "tcp_port": 8600,
    "interval_ms": 1000,
    "timeout_ms": 2000,
}
AGENT_CONFIG: Json = {
    "version": 1,
    "role": "room",
    "period_ms": 60_000,
    "push_interval_ms": 60_000,
    "targets": [TARGET],
    "throughput": {"interval_ms": 1_800_000},
}
REJECTED: Json = {"index": 1, "seq": 42, "error": "from_future", "detail": "it ends later than it arrived"}
ACKNOWLEDGEMENT: Json = {
    "version": 1,
    "batch": "00112233445566ff",
    "stored": 2,
    "duplicate": 0,
    "rejected": [REJECTED],
}
LEASE_REQUEST: Json = {"version": 2, "request": "510e527fade682d1"}
LEASE: Json = {
    "version": 2,
    "lease": "9b05688c2b3e6c1f",
    "valid_ms": 20_000,
    "down_bps": 1_000_000,
    "up_bps": 500_000,
    "down_bytes": 781_250,
    "up_bytes": 390_625,
}
LEASE_END: Json = {"version": 2, "used_bytes": 999_312}
ARRIVED: Json = {"at_ms": 21, "total_bytes": 2800}
LEASE_ACCOUNT: Json = {
    "version": 2,
    "down_stalled_ms": 0,
    "down_bytes": 659_400,
    "up_stalled_ms": 0,
    "up": [ARRIVED],
}
