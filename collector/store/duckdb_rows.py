"""Reports and bins as rows of the DuckDB engine's tables, and rows as the columns it is fed with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import numpy as np

from collector.store import duckdb_schema as schema
from collector.store.history import StoredReport, report_of
from collector.store.hops import to_text
from collector.store.protocol import Arrival, StoredTest
from collector.store.texts import located_text, read_located, read_scores, scores_text
from collector.verdict.bins import LatencySummary, RoomBin
from collector.verdict.machines import MachineSummary
from collector.verdict.throughput import ThroughputTest
from wire.histogram import Histogram

_NUMPY_TYPES = {
    "BOOLEAN": np.bool_,
    "SMALLINT": np.int16,
    "INTEGER": np.int32,
    "BIGINT": np.int64,
    "DOUBLE": np.float64,
}
_FIELDS_BY_KIND: Mapping[str, Callable[[Any], tuple[object, ...]]] = {
    "latency": attrgetter(*schema.LATENCY),
    "throughput": attrgetter(*schema.THROUGHPUT),
    "health": attrgetter(*schema.HEALTH),
    "service": attrgetter(*schema.SERVICE),
    "path": lambda path: tuple(to_text(path.hops) if name == "hops" else getattr(path, name) for name in schema.PATH),
    "off_site": lambda _away: (),
}
_TEST_FIELDS = (
    *("agent", "direction", "duration_ms", "required_bps", "offered_bps", "received_bps", "sustained"),
    *("used_bytes", "ended_by", "failure", "at_ceiling"),
)
TEST_COLUMNS = (*_TEST_FIELDS, "site", "room", "stored_at", "started_at", "idle_rtt_us", "working_histogram")
"""What `read_test` reads."""

_OF_MACHINE = {
    "reports": "count(*)",
    "cpu_permille": "max(machine_cpu_permille)",
    "memory_stalled_permille": "max(memory_stalled_permille)",
    "clock_step_ms": "arg_max(clock_step_ms, abs(clock_step_ms))",
    "slept_ms": "sum(slept_ms)",
    "skipped_probes": "sum(skipped_probes)",
    "link_mbps": "min(link_mbps)",
    "link_flaps": "sum(link_flaps)",
    "link_errors": "sum(link_errors)",
    "medium": "arg_max(link_medium, started_at)",
    "wifi_band_mhz": "arg_max(wifi_band_mhz, started_at)",
    "wifi_signal_dbm": "min(wifi_signal_dbm)",
    "wifi_retries_permille": "max(wifi_retries_permille)",
    "wifi_down_mbps": "min(wifi_down_mbps)",
    "uplink_in_bps": "8000 * sum(uplink_in_bytes) / sum(duration_ms) FILTER (uplink_in_bytes IS NOT NULL)",
    "uplink_out_bps": "8000 * sum(uplink_out_bytes) / sum(duration_ms) FILTER (uplink_out_bytes IS NOT NULL)",
}
MACHINE_SUMS = ", ".join(_OF_MACHINE.values())
"""What `read_machine` reads besides the agent, from the health reports of one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NOT_A_TIME = np.iinfo(np.int64).min
"""What numpy has for none."""


def report_rows(kind: str, arrivals: Iterable[Arrival], stored_at: datetime) -> list[tuple[object, ...]]:
    """Rows of the table of `kind`, in the order of its columns."""
    fields = _FIELDS_BY_KIND[kind]
    return [
        (
            one.agent,
            one.site,
            one.room,
            one.boot,
            one.report.seq,
            one.started_at,
            stored_at,
            one.repaired,
            one.report.duration_ms,
            *fields(one.report),
        )
        for one in arrivals
    ]


def read_report(kind: str, row: Sequence[Any]) -> StoredReport:
    """A row of the table of `kind`, in the order of its columns."""
    values = dict(zip(schema.REPORT_TABLES[kind], row, strict=True))
    of_arrival = {name: values.pop(name) for name in (*schema.PLACE, "started_at", "repaired")}
    of_arrival["started_at"] = of_arrival["started_at"].replace(tzinfo=UTC)
    stored_at = values.pop("stored_at").replace(tzinfo=UTC)
    return StoredReport(arrival=Arrival(report=report_of(kind, values), **of_arrival), stored_at=stored_at)


def bin_row(one: RoomBin) -> tuple[object, ...]:
    """The row of table ``bins``."""
    texts = {"scores": scores_text(one.scores), "located": located_text(one.located)}
    return tuple(texts[name] if name in texts else getattr(one, name) for name in schema.BINS)


def read_bin(row: Sequence[Any], targets: Iterable[LatencySummary] = ()) -> RoomBin:
    """A row of table ``bins`` as it was, with those of its targets that are given."""
    values = dict(zip(schema.BINS, row, strict=True)) | {"targets": tuple(targets)}
    values["started_at"] = values["started_at"].replace(tzinfo=UTC)
    values["scores"] = read_scores(values["scores"])
    values["located"] = read_located(values["located"])
    return RoomBin(**values)


def read_test(row: Sequence[Any]) -> StoredTest:
    """The `TEST_COLUMNS` of a row of table ``throughput`` as a test."""
    values = dict(zip(TEST_COLUMNS, row, strict=True))
    duration_ms = values["duration_ms"]
    working_us = Histogram.from_text(values["working_histogram"]).quantile(0.95)
    return StoredTest(
        site=values["site"],
        room=values["room"],
        stored_at=values["stored_at"].replace(tzinfo=UTC),
        test=ThroughputTest(
            ended_at=values["started_at"].replace(tzinfo=UTC) + timedelta(milliseconds=duration_ms),
            idle_rtt_ms=None if values["idle_rtt_us"] is None else values["idle_rtt_us"] / 1000,
            working_p95_ms=None if working_us is None else working_us / 1000,
            **{name: values[name] for name in _TEST_FIELDS},
        ),
    )


def read_machine(agent: str, values: Sequence[Any]) -> MachineSummary:
    """The `MACHINE_SUMS` of an agent as how its machine was."""
    return MachineSummary(agent=agent, **dict(zip(_OF_MACHINE, values, strict=True)))


def target_row(one: RoomBin, target: LatencySummary) -> tuple[object, ...]:
    """The row of table ``bin_targets``."""
    return (
        one.site,
        one.room,
        one.started_at,
        target.agent,
        target.target,
        target.method,
        target.sent,
        target.received,
        target.probed_ms,
        target.histogram.to_text(),
        target.repaired,
    )


def read_target(row: Sequence[Any]) -> LatencySummary:
    """A row of table ``bin_targets``."""
    values = dict(zip(schema.BIN_TARGETS, row, strict=True))
    kept = {name: values[name] for name in ("agent", "target", "method", "sent", "received", "probed_ms", "repaired")}
    return LatencySummary(histogram=Histogram.from_text(values["histogram"]), **kept)


def columns(kinds: Mapping[str, str], rows: Sequence[tuple[object, ...]]) -> dict[str, np.ndarray[Any, Any]]:
    """Rows as one array a column, typed so that DuckDB need not guess; ``None`` becomes NULL."""
    return {
        name: _column(kind, values) for (name, kind), values in zip(kinds.items(), zip(*rows, strict=True), strict=True)
    }


def _column(kind: str, values: Sequence[Any]) -> np.ndarray[Any, Any]:
    if kind == "VARCHAR":
        return np.array(values, dtype=object)
    if kind == "DATE":
        return np.array([day.isoformat() for day in values], dtype=object)  # DuckDB reads no datetime64[D]
    if kind == "TIMESTAMP":  # from whole numbers: numpy takes ten times as long over a datetime
        elapsed_us = [_NOT_A_TIME if instant is None else (instant - _EPOCH) // _MICROSECOND for instant in values]
        return np.array(elapsed_us, dtype=np.int64).view("datetime64[us]")
    if None not in values:
        return np.array(values, dtype=_NUMPY_TYPES[kind])
    mask = [value is None for value in values]
    filled = [0 if value is None else value for value in values]
    return np.ma.MaskedArray(np.array(filled, dtype=_NUMPY_TYPES[kind]), mask=mask)
