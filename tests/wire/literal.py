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
    "asked_by": "admin",
    "bottleneck": "site",
    "ceiling_bps": 930_000_000,
    "at_ceiling": False,
    "cpu_permille": 120,
    "link_mbps": 1000,
    "full_duplex": True,
    "on_battery": False,
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
    "machine_cpu_permille": 87,
    "memory_used_permille": 412,
    "memory_stalled_permille": 3,
    "slept_ms": 0,
    "on_battery": True,
    "link_medium": "wifi",
    "link_full_duplex": True,
    "link_flaps": 1,
    "wifi_band_mhz": 5000,
    "wifi_channel_mhz": 80,
    "wifi_down_mbps": 866,
    "wifi_up_mbps": 780,
    "wifi_signal_dbm": -60,
    "wifi_retries_permille": 21,
    "uplink_in_bytes": None,
    "uplink_out_bytes": None,
}
SERVICE: Json = {
    "kind": "service",
    "seq": 44,
    "boot_ms": 3_600_000,
    "duration_ms": 183,
    "target": "service:lms",
    "method_version": 1,
    "via_proxy": True,
    "resolve_us": 2_100,
    "connect_us": 18_200,
    "proxy_us": 7_900,
    "tls_us": 41_300,
    "first_byte_us": 120_400,
    "status": 200,
    "certificate_days": 63,
    "failure": None,
    "failed_in": None,
}
HOP: Json = {"ttl": 1, "role": "gateway", "sent": 3, "received": 2, "min_us": 640}
PATH: Json = {
    "kind": "path",
    "seq": 45,
    "boot_ms": 3_600_000,
    "duration_ms": 2_140,
    "target": "district",
    "method": "udp",
    "method_version": 1,
    "reached": True,
    "hops": [HOP],
    "failure": None,
}
OFF_SITE: Json = {"kind": "off_site", "seq": 46, "boot_ms": 3_600_000, "duration_ms": 60_000}
UPLINK: Json = {
    "kind": "uplink",
    "seq": 47,
    "boot_ms": 3_600_000,
    "duration_ms": 60_000,
    "uplink": "site",
    "method": "snmp",
    "method_version": 1,
    "down_bytes": 3_150_000_000,
    "up_bytes": 187_500_000,
    "speed_mbps": 1000,
    "failure": None,
}
REPORTS = {
    "latency": LATENCY,
    "throughput": THROUGHPUT,
    "health": HEALTH,
    "service": SERVICE,
    "path": PATH,
    "off_site": OFF_SITE,
    "uplink": UPLINK,
}
CLOCK: Json = {"boot_ms": 3_661_000, "wall_ms": 1_794_823_200_000, "synchronised": True, "live": True}
BATCH: Json = {
    "version": 4,
    "batch": "00112233445566ff",
    "boot": "ffeeddccbbaa9988",
    "clock": CLOCK,
    "reports": [LATENCY, THROUGHPUT, HEALTH, SERVICE, PATH, OFF_SITE, UPLINK],
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
    "key": "ab" * 32,
}
SERVICE_WANTED: Json = {
    "alias": "service:lms",
    "host": "lms.example.org",
    "port": 443,
    "path": "/",
    "interval_ms": 300_000,
    "timeout_ms": 5_000,
}
PATH_PLAN: Json = {
    "interval_ms": 900_000,
    "targets": ["district"],
    "site_networks": ["10.12.0.0/16"],
    "district_networks": [],
}
REFLECTOR_PLAN: Json = {"port": 8621, "key": "cd" * 32}
NDT7_PLAN: Json = {"port": 8630}
AGENT_CONFIG: Json = {
    "version": 1,
    "role": "room",
    "period_ms": 60_000,
    "push_interval_ms": 60_000,
    "targets": [TARGET],
    "throughput": {
        "interval_ms": 1_800_000,
        "capacity_interval_ms": 3_600_000,
        "capacity_request": "510e527fade682d1",
    },
    "services": [SERVICE_WANTED],
    "path": PATH_PLAN,
    "presence": TARGET,
    "reflector": REFLECTOR_PLAN,
    "ndt7": NDT7_PLAN,
}
REJECTED: Json = {"index": 1, "seq": 42, "error": "from_future", "detail": "it ends later than it arrived"}
ACKNOWLEDGEMENT: Json = {
    "version": 1,
    "batch": "00112233445566ff",
    "stored": 2,
    "duplicate": 0,
    "rejected": [REJECTED],
}
LEASE_REQUEST: Json = {"version": 4, "request": "510e527fade682d1", "kind": "capacity", "link_mbps": 1000}
LEASE: Json = {
    "version": 4,
    "lease": "9b05688c2b3e6c1f",
    "valid_ms": 20_000,
    "down_bps": 1_000_000,
    "up_bps": 500_000,
    "down_bytes": 781_250,
    "up_bytes": 390_625,
    "kind": "capacity",
    "bottlenecks": ["site", "district"],
    "asked_by": "admin",
    "host": "ndt7.example.org",
    "port": 8630,
    "tls": True,
    "token": "9b05688c2b3e6c1f",
    "longest_ms": 10_000,
}
LEASE_END: Json = {"version": 4, "used_bytes": 999_312}
ARRIVED: Json = {"at_ms": 21, "total_bytes": 2800}
LEASE_ACCOUNT: Json = {
    "version": 4,
    "down_stalled_ms": 0,
    "down_bytes": 659_400,
    "up_stalled_ms": 0,
    "up": [ARRIVED],
}
NDT7_ALLOWANCE: Json = {"version": 4, "valid_ms": 38_211, "down_bytes": 250_000_000, "up_bytes": 125_000_000}
