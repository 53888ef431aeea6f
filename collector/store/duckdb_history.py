"""The embedded engine, read and written whole: for copying to and from another engine."""

from collections.abc import Sequence
from datetime import UTC, datetime

from collector.store import duckdb_schema as schema
from collector.store.duckdb_rows import read_report
from collector.store.duckdb_store import DuckDbStore, insert
from collector.store.duckdb_writing import append, naive
from collector.store.history import Extent, StoredRange, StoredReport, new_by_write
from collector.store.ledger import runs


class DuckDbHistory(DuckDbStore):
    """A `DuckDbStore` that is a `History`, too."""

    def extent(self) -> Extent:
        """See `History.extent`."""
        kept = " UNION ALL ".join(f"SELECT stored_at FROM {table}" for table in schema.REPORT_TABLES)  # noqa: S608
        days_of = " UNION ALL ".join(f"SELECT day FROM {table}" for table in schema.DAY_TABLES)  # noqa: S608
        ((reports, first_stored_at, last_stored_at),) = self._rows(
            f"SELECT count(*), min(stored_at), max(stored_at) FROM ({kept})",  # noqa: S608
            [],
        )
        ((bins, first_bin_at, last_bin_at),) = self._rows(
            "SELECT count(*), min(started_at), max(started_at) FROM"
            " (SELECT started_at FROM bins UNION ALL SELECT started_at FROM uplink_bins)",
            [],
        )
        ((days, first_day, last_day),) = self._rows(
            f"SELECT count(*), min(day), max(day) FROM ({days_of})",  # noqa: S608
            [],
        )
        ((weeks, first_week, last_week),) = self._rows(
            "SELECT count(*), min(week), max(week) FROM"
            " (SELECT week FROM room_weeks UNION ALL SELECT week FROM uplink_weeks)",
            [],
        )
        return Extent(
            reports=reports,
            first_stored_at=_aware(first_stored_at),
            last_stored_at=_aware(last_stored_at),
            bins=bins,
            first_bin_at=_aware(first_bin_at),
            last_bin_at=_aware(last_bin_at),
            days=days,
            first_day=first_day,
            last_day=last_day,
            weeks=weeks,
            first_week=first_week,
            last_week=last_week,
        )

    def reports_stored(self, start: datetime, end: datetime) -> list[StoredReport]:
        """See `History.reports_stored`."""
        return [
            read_report(kind, row)
            for kind, kinds in schema.REPORT_TABLES.items()
            for row in self._rows(
                f"SELECT {', '.join(kinds)} FROM {kind} WHERE stored_at >= $1 AND stored_at < $2",  # noqa: S608
                [naive(start), naive(end)],
            )
        ]

    def stored_ranges(self) -> list[StoredRange]:
        """See `History.stored_ranges`."""
        rows = self._rows("SELECT agent, boot, first_seq, last_seq, stored_at FROM ledger", [])
        return [
            StoredRange(agent=agent, boot=boot, first_seq=first, last_seq=last, stored_at=stored_at.replace(tzinfo=UTC))
            for agent, boot, first, last, stored_at in rows
        ]

    def take_reports(self, reports: Sequence[StoredReport]) -> None:
        """See `History.take_reports`."""
        with self._writing:
            writes = new_by_write(self._ledger, reports)
            with self._transaction() as cursor:
                for stored_at, arrivals in writes.items():
                    insert(cursor, arrivals, stored_at)
            for stored_at, arrivals in writes.items():
                self._ledger.add(runs(one.key for one in arrivals))
                self._last_stored_at = max(self._last_stored_at, stored_at)

    def take_ranges(self, ranges: Sequence[StoredRange]) -> None:
        """See `History.take_ranges`."""
        rows = [(one.agent, one.boot, one.first_seq, one.last_seq, one.stored_at) for one in ranges]
        with self._writing:
            with self._transaction() as cursor:
                append(cursor, "ledger", schema.LEDGER, rows)
            self._ledger.add(row[:4] for row in rows)


def _aware(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.replace(tzinfo=UTC)
