"""Uplinks in the embedded engine: what was counted, five minutes of it, and weeks."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from collector.store import duckdb_schema as schema
from collector.store.duckdb_columns import Columns, alike, built, instants, selected
from collector.store.duckdb_writing import append, delete, naive
from collector.store.texts import loads_text, read_loads
from collector.store.uplinks import StoredOctets, reported_as, uplink_of
from collector.verdict.uplinks.load import UplinkBin, UplinkWeek
from collector.verdict.uplinks.outlook import Outlook
from wire.uplink_report import UplinkReport

_OF_REPORT = ("seq", "duration_ms", *schema.UPLINK)
_OCTETS = ("site", "agent", "started_at", "stored_at", *_OF_REPORT)
_BIN_KEY = {"uplink": "VARCHAR", "started_at": "TIMESTAMP"}
_WEEK_KEY = {"uplink": "VARCHAR", "week": "DATE"}


class DuckDbUplinks:
    """The `UplinkStore` of a `DuckDbStore`, which lends its connection: `rows` and `columns` ask, `writing` is a
    transaction."""

    keeps_outlooks = False

    def __init__(
        self,
        *,
        rows: Callable[[str, Sequence[object]], list[Any]],
        columns: Callable[[str, Sequence[object]], Columns],
        writing: Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]],
    ) -> None:
        self._rows = rows
        self._columns = columns
        self._writing = writing

    def octets_stored_since(self, stored_after: datetime) -> list[StoredOctets]:
        """See `UplinkStore.octets_stored_since`."""
        return self._octets("stored_at > $1 ORDER BY stored_at", [naive(stored_after)])

    def octets_between(self, start: datetime, end: datetime, *, uplink: str | None = None) -> list[StoredOctets]:
        """See `UplinkStore.octets_between`."""
        where = "started_at >= $1 AND started_at < $2"
        kind, site = reported_as(uplink) if uplink else (None, None)
        if kind:
            where += " AND uplink = $3" + (" AND site = $4" if site else "")
        values = [naive(start), naive(end), *(one for one in (kind, site) if one)]
        return self._octets(f"{where} ORDER BY started_at", values)

    def _octets(self, where: str, values: Sequence[object]) -> list[StoredOctets]:
        rows = self._rows(f"SELECT {', '.join(_OCTETS)} FROM uplink WHERE {where}", values)  # noqa: S608
        return [_read_octets(row) for row in rows]

    def write_bins(self, bins: Sequence[UplinkBin], *, counted_through: datetime | None = None) -> None:
        """See `UplinkStore.write_bins`."""
        with self._writing() as cursor:
            delete(cursor, "uplink_bins", _BIN_KEY, [(one.uplink, one.started_at) for one in bins])
            rows = [tuple(getattr(one, name) for name in schema.UPLINK_BINS) for one in bins]
            append(cursor, "uplink_bins", schema.UPLINK_BINS, rows)
            if counted_through is not None:
                cursor.execute("UPDATE meta SET uplinks_through = $1", [naive(counted_through)])

    def counted_through(self) -> datetime:
        """See `UplinkStore.counted_through`."""
        mark: datetime = self._rows("SELECT uplinks_through FROM meta", [])[0][0]
        return mark.replace(tzinfo=UTC)

    def bins_between(self, start: datetime, end: datetime, *, uplink: str | None = None) -> dict[str, list[UplinkBin]]:
        """See `UplinkStore.bins_between`."""
        of_uplink = " AND uplink = $3" if uplink else ""
        values = self._columns(
            f"SELECT {selected(schema.UPLINK_BINS)} FROM uplink_bins"  # noqa: S608
            f" WHERE started_at >= $1 AND started_at < $2{of_uplink} ORDER BY started_at",
            [naive(start), naive(end), *((uplink,) if uplink else ())],
        )
        read = {name: alike(values[name]) for name in ("uplink", "method")}
        found: dict[str, list[UplinkBin]] = defaultdict(list)
        for one in built(UplinkBin, {**values, **read, "started_at": instants(values["started_at"])}):
            found[one.uplink].append(one)
        return found

    def write_weeks(self, weeks: Sequence[UplinkWeek]) -> None:
        """See `UplinkStore.write_weeks`."""
        with self._writing() as cursor:
            delete(cursor, "uplink_weeks", _WEEK_KEY, [(one.uplink, one.week) for one in weeks])
            append(cursor, "uplink_weeks", schema.UPLINK_WEEKS, [_week_row(one) for one in weeks])

    def weeks_between(self, first: date, last: date, *, uplink: str | None = None) -> dict[str, list[UplinkWeek]]:
        """See `UplinkStore.weeks_between`."""
        rows = self._rows(
            f"SELECT {', '.join(schema.UPLINK_WEEKS)} FROM uplink_weeks"  # noqa: S608
            f" WHERE week BETWEEN $1 AND $2{' AND uplink = $3' if uplink else ''} ORDER BY week",
            [first, last, *((uplink,) if uplink else ())],
        )
        found: dict[str, list[UplinkWeek]] = defaultdict(list)
        for row in rows:
            values = dict(zip(schema.UPLINK_WEEKS, row, strict=True))
            found[values["uplink"]].append(UplinkWeek(**values | {"loads": read_loads(values["loads"])}))
        return found

    def write_outlooks(self, week: date, outlooks: Sequence[Outlook]) -> None:
        """See `UplinkStore.write_outlooks`: none of them, because nobody reads this file but us."""


def _read_octets(row: Sequence[Any]) -> StoredOctets:
    values = dict(zip(_OCTETS, row, strict=True))
    report = UplinkReport(boot_ms=0, **{name: values[name] for name in _OF_REPORT})
    return StoredOctets(
        uplink=uplink_of(values["site"], report),
        agent=values["agent"],
        started_at=values["started_at"].replace(tzinfo=UTC),
        stored_at=values["stored_at"].replace(tzinfo=UTC),
        report=report,
    )


def _week_row(one: UplinkWeek) -> tuple[object, ...]:
    return tuple(loads_text(one.loads) if name == "loads" else getattr(one, name) for name in schema.UPLINK_WEEKS)
