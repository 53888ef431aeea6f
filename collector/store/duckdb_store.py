"""The embedded engine: one DuckDB file, no server, one process.

Each call works on a cursor of its own, so calls may come from several threads; writes take turns.
Rows go in as columns: one statement a table and commit, whatever the number of reports.
"""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import duckdb

from collector.store import duckdb_schema as schema
from collector.store.duckdb_columns import Columns, answered, no_collection, selected
from collector.store.duckdb_day_rows import (
    read_room_days,
    read_room_weeks,
    read_site_day,
    room_day_row,
    room_week_row,
    site_day_row,
)
from collector.store.duckdb_rows import (
    MACHINE_SUMS,
    TEST_COLUMNS,
    bin_row,
    read_bins,
    read_machine,
    read_report,
    read_targets,
    read_test,
    report_rows,
    target_row,
)
from collector.store.duckdb_uplinks import DuckDbUplinks
from collector.store.duckdb_writing import append, delete, delete_before, naive
from collector.store.hops import paths_by_bin
from collector.store.kept_histogram import merged_each
from collector.store.ledger import Ledger, runs
from collector.store.protocol import (
    Arrival,
    Reading,
    StoredTest,
    StoreError,
    StoreUnavailable,
    Touched,
    WriteOutcome,
)
from collector.store.texts import read_minima
from collector.verdict.baselines import Measured
from collector.verdict.bins import LatencySummary, RoomBin
from collector.verdict.days import RoomDay, SiteDay
from collector.verdict.machines import MachineSummary
from collector.verdict.throughput import ThroughputTest
from collector.verdict.weeks import RoomWeek
from wire.histogram import Histogram
from wire.path_report import PathReport

_BIN_OF = "epoch_us(started_at) // 1000000 // $1 * $1"
"""The Unix second that the bin of a report begins with; the first value is its length in seconds."""

_READ_AT_ONCE = timedelta(hours=1)
_ROOM = {"site": "VARCHAR", "room": "VARCHAR"}
_BIN_KEY = _ROOM | {"started_at": "TIMESTAMP"}
_ROOM_DAY_KEY = _ROOM | {"day": "DATE"}
_SITE_DAY_KEY = {"site": "VARCHAR", "day": "DATE"}
_WEEK_KEY = _ROOM | {"week": "DATE"}

_LONGEST = timedelta(hours=1)
"""No report's period is longer, so that what ended after a moment began at most that much before."""


class DuckDbStore:
    """A `Store` in one file. Open it with `open_store`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._writing = threading.Lock()
        self._last_stored_at = datetime.fromtimestamp(0, UTC)
        self._ledger = Ledger()
        self.uplinks = DuckDbUplinks(rows=self._rows, columns=self._columns, writing=self._write)

    @classmethod
    def open_store(cls, path: Path | None, *, threads: int = 1, memory_limit: str = "1GB") -> Self:
        """Open or make the database at `path`; ``None`` is a database in memory.

        Raises `StoreError` when another process has it open, or its schema is newer than this program.
        """
        try:
            connection = duckdb.connect(
                str(path or ":memory:"), config={"threads": threads, "memory_limit": memory_limit}
            )
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise StoreError(
                    f"{path} is open in another process: only one collector may use it; "
                    "stop the other one, or give this one its own data directory"
                ) from error
            raise StoreError(f"cannot open {path}: {error}") from error
        except duckdb.Error as error:
            raise StoreError(f"cannot open {path}: {error}") from error
        store = cls(connection)
        try:
            store._prepare()
        except BaseException:
            connection.close()
            raise
        return store

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("SET TimeZone = 'UTC'")
        tables = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if "meta" not in tables:
            with self._transaction() as cursor:
                for statement in schema.create_statements():
                    cursor.execute(statement)
        (version,) = connection.execute("SELECT schema_version FROM meta").fetchall()[0]
        if version > schema.SCHEMA_VERSION:
            raise StoreError(
                f"the database has schema version {version}, this program knows up to {schema.SCHEMA_VERSION}: "
                "upgrade Bandroom, or give it another data directory"
            )
        if statements := schema.upgrade_statements(version):
            with self._transaction() as cursor:
                for statement in statements:
                    cursor.execute(statement)
        rows = connection.execute("SELECT agent, boot, first_seq, last_seq FROM ledger").fetchall()
        self._ledger.add(rows)
        for table in schema.REPORT_TABLES:
            (newest,) = connection.execute(f"SELECT max(stored_at) FROM {table}").fetchall()[0]  # noqa: S608
            if newest is not None:
                self._last_stored_at = max(self._last_stored_at, newest.replace(tzinfo=UTC))

    def write_reports(self, arrivals: Sequence[Arrival]) -> WriteOutcome:
        """See `Store.write_reports`."""
        with self._writing:
            keys = [one.key for one in arrivals]
            new = self._ledger.unseen(keys)
            fresh_runs = runs(key for key, is_new in zip(keys, new, strict=True) if is_new)
            if fresh_runs:
                stored_at = self._next_stored_at()
                with self._transaction() as cursor:
                    insert(cursor, [one for one, is_new in zip(arrivals, new, strict=True) if is_new], stored_at)
                self._ledger.add(fresh_runs)
            return WriteOutcome(new=tuple(new))

    def touched_since(self, stored_after: datetime, *, bin_seconds: int) -> list[Touched]:
        """See `Store.touched_since`."""
        rows = self._rows(
            f"SELECT site, room, {_BIN_OF}, min(stored_at), max(stored_at),"  # noqa: S608
            " max(started_at + to_milliseconds(duration_ms)) FROM latency"
            " WHERE stored_at > $2 GROUP BY ALL",
            [bin_seconds, naive(stored_after)],
        )
        return [
            Touched(
                site=site,
                room=room,
                started_at=datetime.fromtimestamp(epoch, UTC),
                first_stored_at=first.replace(tzinfo=UTC),
                last_stored_at=last.replace(tzinfo=UTC),
                newest_ended_at=ended.replace(tzinfo=UTC),
            )
            for site, room, epoch, first, last, ended in rows
        ]

    def latency_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[LatencySummary]]:
        """See `Store.latency_between`."""
        rows = self._rows(
            f"SELECT site, room, {_BIN_OF} AS bin, agent, target, method, sum(sent), sum(received),"  # noqa: S608
            " sum(sent::BIGINT * interval_ms), string_agg(histogram, ' '), bool_or(repaired) FROM latency"
            " WHERE started_at >= $2 AND started_at < $3 GROUP BY ALL ORDER BY bin, site, room, agent, target, method",
            [bin_seconds, naive(start), naive(end)],
        )
        histograms = merged_each([row[9] for row in rows])
        found: dict[tuple[str, str, datetime], list[LatencySummary]] = defaultdict(list)
        for row, histogram in zip(rows, histograms, strict=True):
            site, room, epoch, agent, target, method, sent, received, probed_ms, _, repaired = row
            found[site, room, datetime.fromtimestamp(epoch, UTC)].append(
                LatencySummary(
                    agent=agent,
                    target=target,
                    method=method,
                    sent=sent,
                    received=received,
                    probed_ms=probed_ms,
                    histogram=histogram,
                    repaired=repaired,
                )
            )
        return found

    def newest_readings(self, since: datetime, until: datetime) -> dict[tuple[str, str], list[Reading]]:
        """See `Store.newest_readings`."""
        rows = self._rows(
            "SELECT site, room, target, arg_max((method, duration_ms, sent, received, histogram, failure, repaired),"
            " started_at), max(started_at) FROM latency WHERE started_at > $1 AND started_at <= $2"
            " AND (sent > 0 OR failure IS NOT NULL)"
            " GROUP BY ALL ORDER BY ALL",
            [naive(since - _LONGEST), naive(until)],
        )
        found: dict[tuple[str, str], list[Reading]] = defaultdict(list)
        for site, room, target, newest, started_at in rows:
            values = tuple(newest.values()) if isinstance(newest, Mapping) else newest
            method, duration_ms, sent, received, text, failure, repaired = values
            ended_at = started_at.replace(tzinfo=UTC) + timedelta(milliseconds=duration_ms)
            if ended_at <= since:
                continue
            histogram = Histogram.from_text(text)
            found[site, room].append(
                Reading(
                    target=target,
                    method=method,
                    ended_at=ended_at,
                    sent=sent,
                    received=received,
                    p50_ms=_ms(histogram.quantile(0.5)),
                    p95_ms=_ms(histogram.quantile(0.95)),
                    failure=failure,
                    repaired=repaired,
                )
            )
        return found

    def tests_since(self, stored_after: datetime) -> list[StoredTest]:
        """See `Store.tests_since`."""
        rows = self._rows(
            f"SELECT {', '.join(TEST_COLUMNS)} FROM throughput"  # noqa: S608
            " WHERE stored_at > $1 AND method = 'sufficiency' AND asked_by != 'user' ORDER BY started_at",
            [naive(stored_after)],
        )
        return [read_test(row) for row in rows]

    def tests_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[ThroughputTest]]:
        """See `Store.tests_between`."""
        where, values = _between(start - _LONGEST, end, room)
        rows = self._rows(
            f"SELECT {', '.join(TEST_COLUMNS)} FROM throughput WHERE {where}"  # noqa: S608
            " AND method = 'sufficiency' AND asked_by != 'user'",
            values,
        )
        found: dict[tuple[str, str], list[ThroughputTest]] = defaultdict(list)
        for one in sorted(map(read_test, rows), key=lambda one: one.test.ended_at):
            if start <= one.test.ended_at < end:
                found[one.site, one.room].append(one.test)
        return found

    def machines_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[MachineSummary]]:
        """See `Store.machines_between`."""
        rows = self._rows(
            f"SELECT site, room, {_BIN_OF} AS bin, agent, {MACHINE_SUMS} FROM health"  # noqa: S608
            " WHERE started_at >= $2 AND started_at < $3 GROUP BY ALL ORDER BY bin, site, room, agent",
            [bin_seconds, naive(start), naive(end)],
        )
        found: dict[tuple[str, str, datetime], list[MachineSummary]] = defaultdict(list)
        for site, room, epoch, agent, *values in rows:
            found[site, room, datetime.fromtimestamp(epoch, UTC)].append(read_machine(agent, values))
        return found

    def paths_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[PathReport]]:
        """See `Store.paths_between`."""
        where, values = _between(start, end, None)
        rows = self._rows(
            f"SELECT {', '.join(schema.REPORT_TABLES['path'])} FROM path WHERE {where} ORDER BY started_at",  # noqa: S608
            values,
        )
        return paths_by_bin((read_report("path", row).arrival for row in rows), bin_seconds)

    def newest_reports(
        self, kind: str, since: datetime, until: datetime, *, method: str | None = None
    ) -> list[Arrival]:
        """See `Store.newest_reports`."""
        names = schema.REPORT_TABLES[kind]
        each = ", ".join(name for name in ("site", "room", "agent", "target", "direction", "uplink") if name in names)
        rows = self._rows(
            f"SELECT {', '.join(names)} FROM {kind} WHERE started_at > $1 AND started_at <= $2"  # noqa: S608
            f"{' AND method = $3' if method else ''}"
            f" QUALIFY row_number() OVER (PARTITION BY {each} ORDER BY started_at DESC) = 1 ORDER BY {each}",
            [naive(since), naive(until), *((method,) if method else ())],
        )
        return [read_report(kind, row).arrival for row in rows]

    def write_bins(self, bins: Sequence[RoomBin], *, judged_through: datetime | None) -> None:
        """See `Store.write_bins`."""
        with self._writing, self._transaction() as cursor:
            if bins:
                delete(cursor, "bins", _BIN_KEY, [_key_of(one) for one in bins])
                delete(cursor, "bin_targets", _BIN_KEY, [_key_of(one) for one in bins if one.targets])
                append(cursor, "bins", schema.BINS, [bin_row(one) for one in bins])
                append(
                    cursor,
                    "bin_targets",
                    schema.BIN_TARGETS,
                    [target_row(one, target) for one in bins for target in one.targets],
                )
            if judged_through is not None:
                cursor.execute("UPDATE meta SET judged_through = $1", [naive(judged_through)])

    def judged_through(self) -> datetime:
        """See `Store.judged_through`."""
        mark: datetime = self._rows("SELECT judged_through FROM meta", [])[0][0]
        return mark.replace(tzinfo=UTC)

    def bins_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomBin]]:
        """See `Store.bins_between`."""
        found: dict[tuple[str, str], list[RoomBin]] = defaultdict(list)
        for first, last in [(start, end)] if room else _hours(start, end):
            for one in self._bins(first, last, room):
                found[one.site, one.room].append(one)
        return found

    def _bins(self, start: datetime, end: datetime, room: tuple[str, str] | None) -> list[RoomBin]:
        where, values = _between(start, end, room)
        with nullcontext() if room else no_collection():
            bins = self._columns(f"SELECT {selected(schema.BINS)} FROM bins WHERE {where} ORDER BY started_at", values)  # noqa: S608
            return read_bins(bins, {})

    def whole_bins(
        self,
        start: datetime,
        end: datetime,
        *,
        room: tuple[str, str] | None = None,
        rooms: Collection[tuple[str, str]] | None = None,
    ) -> list[RoomBin]:
        """See `Store.whole_bins`."""
        where, values = _between(start, end, room)
        if rooms is not None:
            at = len(values)
            where += f" AND (site, room) IN (SELECT unnest(${at + 1}::VARCHAR[]), unnest(${at + 2}::VARCHAR[]))"
            values += [[site for site, _ in rooms], [name for _, name in rooms]]
        with nullcontext() if room else no_collection():
            targets = self._columns(f"SELECT {selected(schema.BIN_TARGETS)} FROM bin_targets WHERE {where}", values)  # noqa: S608
            bins = self._columns(f"SELECT {selected(schema.BINS)} FROM bins WHERE {where} ORDER BY started_at", values)  # noqa: S608
            return read_bins(bins, read_targets(targets))

    def histograms_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], dict[Measured, Histogram]]:
        """See `Store.histograms_between`."""
        found: dict[tuple[str, str], dict[Measured, Histogram]] = defaultdict(lambda: defaultdict(Histogram))
        for first, last in [(start, end)] if room else _hours(start, end):
            where, values = _between(first, last, room)
            rows = self._rows(
                "SELECT site, room, bin_targets.target, bin_targets.method, string_agg(histogram, ' ') FROM bin_targets"  # noqa: S608
                f" JOIN bins USING (site, room, started_at) WHERE valid AND {where} GROUP BY ALL",
                values,
            )
            histograms = merged_each([row[4] for row in rows])
            for (site, room_, target, method, _), histogram in zip(rows, histograms, strict=True):
                found[site, room_][target, method].merge(histogram)
        return found

    def write_days(self, rooms: Sequence[RoomDay], sites: Sequence[SiteDay]) -> None:
        """See `Store.write_days`."""
        with self._writing, self._transaction() as cursor:
            delete(cursor, "room_days", _ROOM_DAY_KEY, [(one.site, one.room, one.day) for one in rooms])
            delete(cursor, "site_days", _SITE_DAY_KEY, [(one.site, one.day) for one in sites])
            append(cursor, "room_days", schema.ROOM_DAYS, [room_day_row(one) for one in rooms])
            append(cursor, "site_days", schema.SITE_DAYS, [site_day_row(one) for one in sites])

    def newest_day(self) -> date | None:
        """See `Store.newest_day`."""
        newest: date | None = self._rows("SELECT max(day) FROM room_days", [])[0][0]
        return newest

    def room_days_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomDay]]:
        """See `Store.room_days_between`."""
        found: dict[tuple[str, str], list[RoomDay]] = defaultdict(list)
        for one in read_room_days(self._of_dates("room_days", schema.ROOM_DAYS, first=first, last=last, room=room)):
            found[one.site, one.room].append(one)
        return found

    def minima_between(
        self, first: date, last: date
    ) -> dict[tuple[str, str], dict[date, Mapping[Measured, Histogram]]]:
        """See `Store.minima_between`."""
        found: dict[tuple[str, str], dict[date, Mapping[Measured, Histogram]]] = defaultdict(dict)
        kinds = _ROOM_DAY_KEY | {"minima": "VARCHAR"}
        values = self._of_dates("room_days", kinds, first=first, last=last)
        for site, room, day, minima in zip(*(values[name] for name in kinds), strict=True):
            found[site, room][day] = read_minima(minima)
        return found

    def site_days_between(self, first: date, last: date) -> dict[str, list[SiteDay]]:
        """See `Store.site_days_between`."""
        rows = self._rows(
            f"SELECT {', '.join(schema.SITE_DAYS)} FROM site_days WHERE day BETWEEN $1 AND $2 ORDER BY day",  # noqa: S608
            [first, last],
        )
        found: dict[str, list[SiteDay]] = defaultdict(list)
        for row in rows:
            found[row[0]].append(read_site_day(row))
        return found

    def write_weeks(self, weeks: Sequence[RoomWeek]) -> None:
        """See `Store.write_weeks`."""
        with self._writing, self._transaction() as cursor:
            delete(cursor, "room_weeks", _WEEK_KEY, [(one.site, one.room, one.week) for one in weeks])
            append(cursor, "room_weeks", schema.ROOM_WEEKS, [room_week_row(one) for one in weeks])

    def newest_week(self) -> date | None:
        """See `Store.newest_week`."""
        newest: date | None = self._rows("SELECT max(week) FROM room_weeks", [])[0][0]
        return newest

    def room_weeks_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomWeek]]:
        """See `Store.room_weeks_between`."""
        found: dict[tuple[str, str], list[RoomWeek]] = defaultdict(list)
        for one in read_room_weeks(self._of_dates("room_weeks", schema.ROOM_WEEKS, first=first, last=last, room=room)):
            found[one.site, one.room].append(one)
        return found

    def enforce_retention(self, *, reports_before: datetime, bins_before: datetime, days_before: datetime) -> int:
        """See `Store.enforce_retention`. Boots that are past it leave the ledger too."""
        with self._writing:
            gone = 0
            with self._transaction() as cursor:
                for table in schema.REPORT_TABLES:
                    gone += delete_before(cursor, table, "started_at", reports_before)
                for table in ("bins", "bin_targets"):
                    gone += delete_before(cursor, table, "started_at", bins_before)
                for table in schema.DAY_TABLES:
                    gone += delete_before(cursor, table, "started_at", days_before)
                gone += delete_before(cursor, "room_weeks", "week", days_before)
                gone += delete_before(cursor, "uplink_bins", "started_at", bins_before)
                gone += delete_before(cursor, "uplink_weeks", "week", days_before)
                boots = cursor.execute(
                    "SELECT agent, boot FROM ledger GROUP BY ALL HAVING max(stored_at) < $1",
                    [naive(reports_before)],
                ).fetchall()
                kept = Ledger(self._ledger.ranges())
                kept.forget(boots)
                newest = {
                    (agent, boot): stored_at.replace(tzinfo=UTC)
                    for agent, boot, stored_at in cursor.execute(
                        "SELECT agent, boot, max(stored_at) FROM ledger GROUP BY ALL"
                    ).fetchall()
                }
                cursor.execute("DELETE FROM ledger")
                rows = [(*one, newest[one[:2]]) for one in kept.ranges()]
                append(cursor, "ledger", schema.LEDGER, rows)
            self._ledger = kept
            return gone

    def count_reports(self) -> int:
        """See `Store.count_reports`."""
        return sum(self._rows(f"SELECT count(*) FROM {table}", [])[0][0] for table in schema.REPORT_TABLES)  # noqa: S608

    def close(self) -> None:
        """See `Store.close`."""
        with self._writing:
            self._connection.close()

    def _next_stored_at(self) -> datetime:
        self._last_stored_at = max(datetime.now(UTC), self._last_stored_at + timedelta(microseconds=1))
        return self._last_stored_at

    def _rows(self, query: str, values: Sequence[object]) -> list[Any]:
        try:
            with self._connection.cursor() as cursor:
                return cursor.execute(query, values).fetchall()
        except duckdb.Error as error:
            raise StoreUnavailable(f"the database did not answer: {error}") from error

    def _of_dates(
        self, table: str, kinds: Mapping[str, str], *, first: date, last: date, room: tuple[str, str] | None = None
    ) -> Columns:
        """The columns `kinds` of the rows that are of dates from `first` to `last`, ascending."""
        (by,) = (name for name, kind in kinds.items() if kind == "DATE")
        of_room = " AND site = $3 AND room = $4" if room else ""
        found = self._columns(
            f"SELECT {selected(kinds)} FROM {table} WHERE {by} BETWEEN $1 AND $2{of_room} ORDER BY {by}",  # noqa: S608
            [first, last, *(room or ())],
        )
        # numpy knows no dates, only times.
        return {**found, by: [one.date() if isinstance(one, datetime) else one for one in found[by]]}

    def _columns(self, query: str, values: Sequence[object]) -> Columns:
        try:
            with self._connection.cursor() as cursor:
                return answered(cursor.execute(query, values))
        except duckdb.Error as error:
            raise StoreUnavailable(f"the database did not answer: {error}") from error

    @contextmanager
    def _write(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A transaction that no other writer disturbs."""
        with self._writing, self._transaction() as cursor:
            yield cursor

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            with self._connection.cursor() as cursor:
                cursor.begin()
                try:
                    yield cursor
                    cursor.commit()
                except BaseException:
                    with suppress(duckdb.Error):  # a commit that failed has ended the transaction already
                        cursor.rollback()
                    raise
        except duckdb.Error as error:
            raise StoreUnavailable(f"the database did not take the write: {error}") from error


def insert(cursor: duckdb.DuckDBPyConnection, arrivals: Sequence[Arrival], stored_at: datetime) -> None:
    """Insert reports that are new, with their place in the ledger."""
    by_kind: dict[str, list[Arrival]] = defaultdict(list)
    for one in arrivals:
        by_kind[one.report.kind].append(one)
    for kind, fresh in by_kind.items():
        append(cursor, kind, schema.REPORT_TABLES[kind], report_rows(kind, fresh, stored_at))
    append(cursor, "ledger", schema.LEDGER, [(*run, stored_at) for run in runs(one.key for one in arrivals)])


def _key_of(one: RoomBin) -> tuple[str, str, datetime]:
    return (one.site, one.room, one.started_at)


def _hours(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """``[start, end)`` in pieces: the columns of an answer take more memory than what is made of them."""
    while start < end:
        yield start, min(start + _READ_AT_ONCE, end)
        start += _READ_AT_ONCE


def _between(start: datetime, end: datetime, room: tuple[str, str] | None) -> tuple[str, list[object]]:
    """The condition that a bin began in ``[start, end)``, in that room if one is named, and its values."""
    of_room = " AND site = $3 AND room = $4" if room else ""
    return f"started_at >= $1 AND started_at < $2{of_room}", [naive(start), naive(end), *(room or ())]


def _ms(us: float | None) -> float | None:
    return None if us is None else us / 1000
