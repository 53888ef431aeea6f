"""The InfluxDB engine, read and written whole: for copying to and from another engine."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal

from collector.store import influx_schema as schema
from collector.store.history import Extent, StoredRange, StoredReport, new_by_write
from collector.store.influx_lines import BadPoint
from collector.store.influx_rows import (
    REPORT_COLUMNS,
    arrival_lines,
    instant_of,
    ns,
    read_report,
    report_line,
)
from collector.store.influx_store import InfluxStore, registry_answers
from collector.store.ledger import runs
from collector.store.protocol import Arrival, StoreError

_BEGUN_AFTER_STORED = timedelta(days=1)
"""More than any report is dated ahead of the moment it was stored at."""


class InfluxHistory(InfluxStore):
    """An `InfluxStore` that is a `History`, too."""

    def extent(self) -> Extent:
        """See `History.extent`."""
        return Extent(
            reports=self.count_reports(),
            first_stored_at=self._when("reports", "SELECT first(first_began_s) FROM arrival"),
            last_stored_at=self._when("reports", "SELECT last(first_began_s) FROM arrival"),
            bins=self._count("bins", "SELECT count(seconds) FROM room_bin")
            + self._count("bins", "SELECT count(down_bytes) FROM uplink_bin"),
            first_bin_at=min(self._bins_at("first"), default=None),
            last_bin_at=max(self._bins_at("last"), default=None),
            days=self._count("days", "SELECT count(sent) FROM room_day, site_day"),
            first_day=self._date('SELECT first("date") FROM room_day'),
            last_day=self._date('SELECT last("date") FROM room_day'),
            weeks=self._count("days", "SELECT count(level) FROM room_week")
            + self._count("days", "SELECT count(lesson_days) FROM uplink_week"),
            first_week=min(self._weeks_at("first"), default=None),
            last_week=max(self._weeks_at("last"), default=None),
        )

    def reports_stored(self, start: datetime, end: datetime) -> list[StoredReport]:
        """See `History.reports_stored`. The journal says how far back to look."""
        first_s = self.first_began_s(f"time >= {ns(start)} AND time < {ns(end)}")
        if first_s is None:
            return []
        where = (
            f"time >= {first_s * 10**9} AND time < {ns(end + _BEGUN_AFTER_STORED)}"
            f" AND stored_us >= {ns(start) // 1000} AND stored_us < {ns(end) // 1000}"
        )
        return [
            read_report(kind, at_ns, row)
            for kind, measurement in schema.REPORTS.items()
            for at_ns, row in self.points("reports", REPORT_COLUMNS[kind], measurement, where)
        ]

    def stored_ranges(self) -> list[StoredRange]:
        """See `History.stored_ranges`."""
        with registry_answers():
            return self._stored.whole_ranges()

    def take_reports(self, reports: Sequence[StoredReport]) -> None:
        """See `History.take_reports`."""
        with self._writing:
            writes = new_by_write(self._ledger, reports)
            if not writes:
                return
            self._take(writes)
            self._remember([one for arrivals in writes.values() for one in arrivals], max(writes))

    def take_ranges(self, ranges: Sequence[StoredRange]) -> None:
        """See `History.take_ranges`."""
        if ranges:
            with self._writing:
                known = [(one.agent, one.boot, one.first_seq, one.last_seq) for one in ranges]
                self._know(known, ns(max(one.stored_at for one in ranges)) // 1000)

    def _take(self, writes: Mapping[datetime, Sequence[Arrival]]) -> None:
        try:
            lines = [report_line(one, ns(at) // 1000) for at, arrivals in writes.items() for one in arrivals]
        except BadPoint as error:
            raise StoreError(f"InfluxDB cannot take a report: {error}") from error
        refused = self._write_each(lines)
        if "not_storable" in refused.values():
            raise StoreError(f"InfluxDB refuses {len(refused)} reports: the log says what it says of them")
        self._write(
            "reports", [text for at, arrivals in writes.items() for text in arrival_lines(arrivals, ns(at) // 1000)]
        )

    def _remember(self, arrivals: Sequence[Arrival], newest: datetime) -> None:
        self._last_stored_us = max(self._last_stored_us, ns(newest) // 1000)
        self._know(runs(one.key for one in arrivals), ns(newest) // 1000)

    def _bins_at(self, end: Literal["first", "last"]) -> list[datetime]:
        """When the first or the last bins of rooms and of uplinks began."""
        counted = {"room_bin": "seconds", "uplink_bin": "down_bytes"}
        asked = (f"SELECT {end}({field}) FROM {of}" for of, field in counted.items())  # noqa: S608  # our own names
        return [at for one in asked if (at := self._when("bins", one)) is not None]

    def _weeks_at(self, end: Literal["first", "last"]) -> list[date]:
        """The first or the last weeks of rooms and of uplinks."""
        asked = (f"SELECT {end}(week) FROM {of}" for of in ("room_week", "uplink_week"))  # noqa: S608
        return [week for one in asked if (week := self._date(one)) is not None]

    def _date(self, statement: str) -> date | None:
        """The date that a statement finds."""
        found = self._connection.query("days", statement)
        return next((date.fromisoformat(series.rows[0][1]) for series in found), None)

    def _when(self, kept: schema.Retention, statement: str) -> datetime | None:
        """The time of the one point that a statement finds."""
        return next((instant_of(series.rows[0][0]) for series in self._connection.query(kept, statement)), None)
