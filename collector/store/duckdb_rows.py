"""Reports and bins as rows of the DuckDB engine's tables, and rows as the columns it is fed with."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

import numpy as np

from collector.store import duckdb_schema as schema
from collector.store.history import StoredReport, report_of
from collector.store.hops import to_text
from collector.store.protocol import Arrival, StoredTest
from collector.verdict.bins import LatencySummary, ProfileScore, RoomBin
from collector.verdict.days import RoomDay, Seconds, SiteDay
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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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
    scores = json.dumps([[s.profile, s.qoo, s.quality, s.worst] for s in one.scores], separators=(",", ":"))
    values = {name: getattr(one, name) for name in schema.BINS if name != "scores"}
    values["scores"] = scores
    return tuple(values[name] for name in schema.BINS)


def read_bin(row: Sequence[Any], targets: Iterable[LatencySummary] = ()) -> RoomBin:
    """A row of table ``bins`` as it was, with those of its targets that are given."""
    values = dict(zip(schema.BINS, row, strict=True)) | {"targets": tuple(targets)}
    values["started_at"] = values["started_at"].replace(tzinfo=UTC)
    values["scores"] = tuple(
        ProfileScore(profile=profile, qoo=qoo, quality=quality, worst=worst)
        for profile, qoo, quality, worst in json.loads(values["scores"])
    )
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


def room_day_row(one: RoomDay) -> tuple[object, ...]:
    """The row of table ``room_days``."""
    by_profile = {name: [of.valid, of.degraded, of.bad] for name, of in one.by_profile.items()}
    values = _day_values(one) | {
        "by_profile": json.dumps(by_profile, separators=(",", ":")),
        "histogram": one.histogram.to_text(),
    }
    return tuple(values[name] if name in values else getattr(one, name) for name in schema.ROOM_DAYS)


def site_day_row(one: SiteDay) -> tuple[object, ...]:
    """The row of table ``site_days``."""
    values = _day_values(one)
    return tuple(values[name] if name in values else getattr(one, name) for name in schema.SITE_DAYS)


def read_room_day(row: Sequence[Any]) -> RoomDay:
    """A row of table ``room_days`` as it was."""
    values = _read_day(schema.ROOM_DAYS, row)
    values["by_profile"] = {
        name: Seconds(valid=valid, degraded=degraded, bad=bad)
        for name, (valid, degraded, bad) in json.loads(values["by_profile"]).items()
    }
    return RoomDay(**values | {"histogram": Histogram.from_text(values["histogram"])})


def read_site_day(row: Sequence[Any]) -> SiteDay:
    """A row of table ``site_days`` as it was."""
    return SiteDay(**_read_day(schema.SITE_DAYS, row))


def _day_values(one: RoomDay | SiteDay) -> dict[str, object]:
    seconds = one.seconds
    return {
        "valid_seconds": seconds.valid,
        "degraded_seconds": seconds.degraded,
        "bad_seconds": seconds.bad,
    }


def _read_day(kinds: Mapping[str, str], row: Sequence[Any]) -> dict[str, Any]:
    values = dict(zip(kinds, row, strict=True))
    values["started_at"] = values["started_at"].replace(tzinfo=UTC)
    values["seconds"] = Seconds(**{name: values.pop(f"{name}_seconds") for name in ("valid", "degraded", "bad")})
    return values


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
        elapsed_us = [(instant - _EPOCH) // _MICROSECOND for instant in values]
        return np.array(elapsed_us, dtype=np.int64).view("datetime64[us]")
    if None not in values:
        return np.array(values, dtype=_NUMPY_TYPES[kind])
    mask = [value is None for value in values]
    filled = [0 if value is None else value for value in values]
    return np.ma.MaskedArray(np.array(filled, dtype=_NUMPY_TYPES[kind]), mask=mask)
