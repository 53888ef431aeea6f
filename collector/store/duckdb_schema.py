"""The tables of the DuckDB engine, their version, and how rows become columns.

Times are UTC ``TIMESTAMP`` in microseconds. ``stored_at`` grows with every commit, so "what came
since" is a range at a table's end.
"""

SCHEMA_VERSION = 6

PLACE = {"agent": "VARCHAR", "site": "VARCHAR", "room": "VARCHAR", "boot": "VARCHAR"}
PERIOD = {
    "seq": "BIGINT",
    "started_at": "TIMESTAMP",
    "stored_at": "TIMESTAMP",
    "repaired": "BOOLEAN",
    "duration_ms": "INTEGER",
}
LATENCY = {
    "target": "VARCHAR",
    "method": "VARCHAR",
    "method_version": "SMALLINT",
    "timestamps": "VARCHAR",
    "interval_ms": "INTEGER",
    "timeout_ms": "INTEGER",
    "sent": "INTEGER",
    "received": "INTEGER",
    "duplicates": "INTEGER",
    "reordered": "INTEGER",
    "min_us": "INTEGER",
    "ipdv_mean_us": "INTEGER",
    "histogram": "VARCHAR",
    "failure": "VARCHAR",
    "working_sent": "INTEGER",
    "working_received": "INTEGER",
    "working_histogram": "VARCHAR",
}
THROUGHPUT = {
    "target": "VARCHAR",
    "method": "VARCHAR",
    "method_version": "SMALLINT",
    "direction": "VARCHAR",
    "required_bps": "BIGINT",
    "offered_bps": "BIGINT",
    "received_bps": "BIGINT",
    "sustained": "BOOLEAN",
    "used_bytes": "BIGINT",
    "failure": "VARCHAR",
    "ended_by": "VARCHAR",
    "idle_rtt_us": "INTEGER",
    "working_sent": "INTEGER",
    "working_received": "INTEGER",
    "working_histogram": "VARCHAR",
    "asked_by": "VARCHAR",
    "bottleneck": "VARCHAR",
    "ceiling_bps": "BIGINT",
    "at_ceiling": "BOOLEAN",
    "cpu_permille": "SMALLINT",
    "link_mbps": "INTEGER",
    "full_duplex": "BOOLEAN",
    "on_battery": "BOOLEAN",
}
HEALTH = {
    "agent_version": "VARCHAR",
    "platform": "VARCHAR",
    "cpu_permille": "INTEGER",
    "rss_kib": "BIGINT",
    "clock_synchronised": "BOOLEAN",
    "clock_step_ms": "BIGINT",
    "spool_reports": "BIGINT",
    "dropped_reports": "BIGINT",
    "quarantined_reports": "BIGINT",
    "skipped_probes": "INTEGER",
    "link_mbps": "INTEGER",
    "link_errors": "BIGINT",
    "link_drops": "BIGINT",
    "machine_cpu_permille": "SMALLINT",
    "memory_used_permille": "SMALLINT",
    "memory_stalled_permille": "SMALLINT",
    "slept_ms": "BIGINT",
    "on_battery": "BOOLEAN",
    "link_medium": "VARCHAR",
    "link_full_duplex": "BOOLEAN",
    "link_flaps": "INTEGER",
    "wifi_band_mhz": "SMALLINT",
    "wifi_channel_mhz": "SMALLINT",
    "wifi_down_mbps": "INTEGER",
    "wifi_up_mbps": "INTEGER",
    "wifi_signal_dbm": "SMALLINT",
    "wifi_retries_permille": "SMALLINT",
    "uplink_in_bytes": "BIGINT",
    "uplink_out_bytes": "BIGINT",
}
SERVICE = {
    "target": "VARCHAR",
    "method_version": "SMALLINT",
    "via_proxy": "BOOLEAN",
    "resolve_us": "INTEGER",
    "connect_us": "INTEGER",
    "proxy_us": "INTEGER",
    "tls_us": "INTEGER",
    "first_byte_us": "INTEGER",
    "status": "SMALLINT",
    "certificate_days": "INTEGER",
    "failure": "VARCHAR",
    "failed_in": "VARCHAR",
}
PATH = {
    "target": "VARCHAR",
    "method": "VARCHAR",
    "method_version": "SMALLINT",
    "reached": "BOOLEAN",
    "hops": "VARCHAR",  # the text of collector.store.hops
    "failure": "VARCHAR",
}
UPLINK = {
    "uplink": "VARCHAR",
    "method": "VARCHAR",
    "method_version": "SMALLINT",
    "down_bytes": "BIGINT",
    "up_bytes": "BIGINT",
    "speed_mbps": "INTEGER",
    "failure": "VARCHAR",
}
REPORT_TABLES = {
    "latency": PLACE | PERIOD | LATENCY,
    "throughput": PLACE | PERIOD | THROUGHPUT,
    "health": PLACE | PERIOD | HEALTH,
    "service": PLACE | PERIOD | SERVICE,
    "path": PLACE | PERIOD | PATH,
    "off_site": PLACE | PERIOD,
    "uplink": PLACE | PERIOD | UPLINK,
}
BINS = {
    "site": "VARCHAR",
    "room": "VARCHAR",
    "started_at": "TIMESTAMP",
    "seconds": "INTEGER",
    "valid": "BOOLEAN",
    "target": "VARCHAR",
    "method": "VARCHAR",
    "agents": "INTEGER",
    "sent": "BIGINT",
    "received": "BIGINT",
    "probed_share": "DOUBLE",
    "p50_ms": "DOUBLE",
    "p95_ms": "DOUBLE",
    "p99_ms": "DOUBLE",
    "gateway_p95_ms": "DOUBLE",
    "gateway_loss": "DOUBLE",
    "repaired": "BOOLEAN",
    "scores": "VARCHAR",
    "profiles_digest": "VARCHAR",
    "anchor": "VARCHAR",
    "anchor_p95_ms": "DOUBLE",
    "anchor_loss": "DOUBLE",
    "located": "VARCHAR",  # like the other texts of lists and mappings: see collector.store.texts
}
BIN_TARGETS = {
    "site": "VARCHAR",
    "room": "VARCHAR",
    "started_at": "TIMESTAMP",
    "agent": "VARCHAR",
    "target": "VARCHAR",
    "method": "VARCHAR",
    "sent": "BIGINT",
    "received": "BIGINT",
    "probed_ms": "BIGINT",
    "histogram": "VARCHAR",
    "repaired": "BOOLEAN",
}
_DAY = {
    "day": "DATE",
    "started_at": "TIMESTAMP",
    "closed_seconds": "BIGINT",
    "valid_seconds": "BIGINT",
    "degraded_seconds": "BIGINT",
    "bad_seconds": "BIGINT",
    "sent": "BIGINT",
    "received": "BIGINT",
}
ROOM_DAYS = {
    "site": "VARCHAR",
    "room": "VARCHAR",
    **_DAY,
    "by_profile": "VARCHAR",
    "histogram": "VARCHAR",
    "worst": "VARCHAR",
    "profile": "VARCHAR",
    "profiles_digest": "VARCHAR",
    "bin_seconds": "INTEGER",
    "marks": "VARCHAR",
    "lessons": "INTEGER",
    "hit_lessons": "VARCHAR",
    "tests": "VARCHAR",
    "causes": "VARCHAR",
    "sure": "VARCHAR",
    "example": "VARCHAR",
    "example_at": "TIMESTAMP",
    "minima": "VARCHAR",
}
SITE_DAYS = {
    "site": "VARCHAR",
    **_DAY,
    "rooms": "INTEGER",
    "measured_rooms": "INTEGER",
    "troubled_rooms": "INTEGER",
    "p50_ms": "DOUBLE",
    "p95_ms": "DOUBLE",
    "p99_ms": "DOUBLE",
}
ROOM_WEEKS = {
    "site": "VARCHAR",
    "room": "VARCHAR",
    "week": "DATE",
    "verdict": "VARCHAR",
    "previous": "VARCHAR",
    "standing": "BOOLEAN",
    "weeks_clear": "INTEGER",
    "entered_by": "VARCHAR",
    "bin_seconds": "INTEGER",
    "marks": "VARCHAR",
    "bad_days": "INTEGER",
    "measured_days": "INTEGER",
    "effective_bins": "DOUBLE",
    "autocorrelation": "DOUBLE",
    "lower": "DOUBLE",
    "upper": "DOUBLE",
    "if_stricter": "VARCHAR",
    "if_laxer": "VARCHAR",
    "tests": "VARCHAR",
    "cause": "VARCHAR",
    "confidence": "VARCHAR",
    "causes": "VARCHAR",
    "example": "VARCHAR",
    "example_at": "TIMESTAMP",
    "worst": "VARCHAR",
    "profile": "VARCHAR",
    "lessons": "INTEGER",
    "hit_lessons": "VARCHAR",
    "profiles_digest": "VARCHAR",
    "rule_version": "INTEGER",
    "by_tests": "BOOLEAN",
}
UPLINK_BINS = {
    "uplink": "VARCHAR",
    "started_at": "TIMESTAMP",
    "method": "VARCHAR",
    "counted_seconds": "DOUBLE",
    "down_bytes": "BIGINT",
    "up_bytes": "BIGINT",
    "capacity_mbps": "INTEGER",
}
UPLINK_WEEKS = {
    "uplink": "VARCHAR",
    "week": "DATE",
    "method": "VARCHAR",
    "capacity_mbps": "INTEGER",
    "lesson_days": "INTEGER",
    "counted_days": "INTEGER",
    "counted_share": "DOUBLE",
    "loads": "VARCHAR",
}
LEDGER = {
    "agent": "VARCHAR",
    "boot": "VARCHAR",
    "first_seq": "BIGINT",
    "last_seq": "BIGINT",
    "stored_at": "TIMESTAMP",
}
DAY_TABLES = {"room_days": ROOM_DAYS, "site_days": SITE_DAYS}
UPLINK_TABLES = {"uplink_bins": UPLINK_BINS, "uplink_weeks": UPLINK_WEEKS}


def create_statements() -> list[str]:
    """The statements that make an empty database."""
    tables = REPORT_TABLES | {"bins": BINS, "bin_targets": BIN_TARGETS, "ledger": LEDGER} | DAY_TABLES
    tables |= {"room_weeks": ROOM_WEEKS} | UPLINK_TABLES
    return [_create(name, columns) for name, columns in tables.items()] + [
        "CREATE TABLE meta (schema_version INTEGER, judged_through TIMESTAMP, uplinks_through TIMESTAMP)",
        f"INSERT INTO meta VALUES ({SCHEMA_VERSION}, TIMESTAMP '1970-01-01', TIMESTAMP '1970-01-01')",  # noqa: S608  # our own number
    ]


def upgrade_statements(version: int) -> list[str]:
    """The statements that bring a database of schema `version` to `SCHEMA_VERSION`."""
    statements: list[str] = []
    if version < 2:
        working = (
            "working_sent INTEGER DEFAULT 0",
            "working_received INTEGER DEFAULT 0",
            "working_histogram VARCHAR DEFAULT ''",
        )
        statements += [f"ALTER TABLE latency ADD COLUMN {column}" for column in working]
        statements += [
            f"ALTER TABLE throughput ADD COLUMN {column}"
            for column in ("ended_by VARCHAR", "idle_rtt_us INTEGER", *working)
        ]
    if version < 3:
        statements += [_create(name, columns) for name, columns in DAY_TABLES.items()]
    if version < 4:
        statements += _added("throughput", THROUGHPUT, after="working_histogram")
        statements += _added("health", HEALTH, after="link_drops")
        statements += [_create(name, REPORT_TABLES[name]) for name in ("service", "path", "off_site")]
    if version < 5:
        statements += _added("bins", BINS, after="profiles_digest")
        if version >= 3:
            statements += _added("room_days", ROOM_DAYS, after="profiles_digest")
        statements.append(_create("room_weeks", ROOM_WEEKS))
    if version < 6:
        of_uplinks = {"uplink": REPORT_TABLES["uplink"]} | UPLINK_TABLES
        statements += [_create(name, columns) for name, columns in of_uplinks.items()]
        statements.append("ALTER TABLE meta ADD COLUMN uplinks_through TIMESTAMP DEFAULT TIMESTAMP '1970-01-01'")
    return [*statements, f"UPDATE meta SET schema_version = {SCHEMA_VERSION}"] if statements else []  # noqa: S608


_DEFAULTS = {
    "asked_by": "'schedule'",
    "at_ceiling": "false",
    "slept_ms": "0",
    "bin_seconds": "300",
    "marks": "''",
    "lessons": "0",
    "hit_lessons": "'[]'",
    "tests": "'{}'",
    "causes": "'{}'",
    "sure": "'{}'",
    "minima": "'[]'",
}
"""What older rows hold in columns that are never empty."""


def _added(table: str, columns: dict[str, str], *, after: str) -> list[str]:
    """The statements that add what stands after the column `after`."""
    names = list(columns)
    return [
        f"ALTER TABLE {table} ADD COLUMN {name} {columns[name]} DEFAULT {_DEFAULTS.get(name, 'NULL')}"
        for name in names[names.index(after) + 1 :]
    ]


def _create(name: str, columns: dict[str, str]) -> str:
    return f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
