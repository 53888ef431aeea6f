"""The tables of the DuckDB engine, their version, and how rows become columns.

Times are UTC ``TIMESTAMP`` in microseconds. ``stored_at`` grows with every commit, so "what came
since" is a range at a table's end.
"""

SCHEMA_VERSION = 3

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
}
REPORT_TABLES = {
    "latency": PLACE | PERIOD | LATENCY,
    "throughput": PLACE | PERIOD | THROUGHPUT,
    "health": PLACE | PERIOD | HEALTH,
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
LEDGER = {
    "agent": "VARCHAR",
    "boot": "VARCHAR",
    "first_seq": "BIGINT",
    "last_seq": "BIGINT",
    "stored_at": "TIMESTAMP",
}


DAY_TABLES = {"room_days": ROOM_DAYS, "site_days": SITE_DAYS}


def create_statements() -> list[str]:
    """The statements that make an empty database."""
    tables = REPORT_TABLES | {"bins": BINS, "bin_targets": BIN_TARGETS, "ledger": LEDGER} | DAY_TABLES
    return [_create(name, columns) for name, columns in tables.items()] + [
        "CREATE TABLE meta (schema_version INTEGER, judged_through TIMESTAMP)",
        f"INSERT INTO meta VALUES ({SCHEMA_VERSION}, TIMESTAMP '1970-01-01')",  # noqa: S608  # our own number
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
    return [*statements, f"UPDATE meta SET schema_version = {SCHEMA_VERSION}"] if statements else []  # noqa: S608


def _create(name: str, columns: dict[str, str]) -> str:
    return f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
