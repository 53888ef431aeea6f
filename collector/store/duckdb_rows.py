"""Reports and bins as rows of the DuckDB engine's tables, and rows as the columns it is fed with."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from collector.store import duckdb_schema as schema
from collector.store.duckdb_columns import Columns, alike, built, instants
from collector.store.history import StoredReport, report_of
from collector.store.hops import to_text
from collector.store.kept_histogram import KeptHistogram
from collector.store.protocol import Arrival, StoredTest
from collector.store.texts import located_text, read_located, read_scores, scores_text
from collector.verdict.bins import LatencySummary, RoomBin
from collector.verdict.machines import MachineSummary
from collector.verdict.throughput import ThroughputTest
from wire.histogram import Histogram

_FIELDS_BY_KIND: Mapping[str, Callable[[Any], tuple[object, ...]]] = {
    "latency": attrgetter(*schema.LATENCY),
    "throughput": attrgetter(*schema.THROUGHPUT),
    "health": attrgetter(*schema.HEALTH),
    "service": attrgetter(*schema.SERVICE),
    "path": lambda path: tuple(to_text(path.hops) if name == "hops" else getattr(path, name) for name in schema.PATH),
    "off_site": lambda _away: (),
    "uplink": attrgetter(*schema.UPLINK),
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
BinKey = tuple[str, str, int]
"""(site, room, start in microseconds since 1970)"""

_read_scores = lru_cache(maxsize=10_000)(read_scores)
"""Most bins are as good as each other."""

MACHINE_SUMS = ", ".join(_OF_MACHINE.values())
"""What `read_machine` reads besides the agent, from the health reports of one."""

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
    texts = {"scores": scores_text(one.scores), "located": located_text(one.located)}
    return tuple(texts[name] if name in texts else getattr(one, name) for name in schema.BINS)


def read_bins(values: Columns, targets: Mapping[BinKey, Sequence[LatencySummary]]) -> list[RoomBin]:
    """Rows of table ``bins`` as what they were, with those of their targets that are given."""
    keys = zip(values["site"], values["room"], values["started_at"], strict=True)
    read = {name: alike(values[name]) for name in ("site", "room", "target", "method", "profiles_digest")} | {
        "started_at": instants(values["started_at"]),
        "scores": list(map(_read_scores, values["scores"])),
        "located": list(map(read_located, values["located"])),
        "targets": [tuple(targets.get(key, ())) for key in keys],
    }
    return built(RoomBin, {**values, **read})


def read_targets(values: Columns) -> dict[BinKey, list[LatencySummary]]:
    """Rows of table ``bin_targets``, by the bin that they are of."""
    read = {name: alike(values[name]) for name in ("agent", "target", "method")}
    summaries = built(LatencySummary, {**values, **read, "histogram": list(map(KeptHistogram, values["histogram"]))})
    found: dict[BinKey, list[LatencySummary]] = defaultdict(list)
    for site, room, us, one in zip(values["site"], values["room"], values["started_at"], summaries, strict=True):
        found[site, room, us].append(one)
    return found


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
