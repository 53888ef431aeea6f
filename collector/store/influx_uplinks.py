"""Uplinks in InfluxDB: what was counted, five minutes of it, weeks, and what Grafana shows of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from collector.store import influx_schema as schema
from collector.store.influx_query import text
from collector.store.influx_rows import began_ns, instant_of, ns
from collector.store.influx_uplink_rows import (
    BIN_COLUMNS,
    OCTETS_COLUMNS,
    WEEK_COLUMNS,
    OutlookTold,
    UplinkNamed,
    bin_line,
    counted_line,
    outlook_line,
    read_bin,
    read_octets,
    read_week,
    week_line,
)
from collector.store.uplinks import StoredOctets, reported_as
from collector.verdict.uplinks.load import UplinkBin, UplinkWeek, site_of_uplink
from collector.verdict.uplinks.outlook import Outlook

_READ_AT_ONCE = timedelta(days=1)


class Points(Protocol):
    """What is asked of the store that these are in."""

    def points(
        self, kept: schema.Retention, columns: Iterable[str], measurement: schema.Measurement, where: str
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """(time in nanoseconds, values by column) of each point, ascending by time."""
        ...

    def write_lines(self, kept: schema.Retention, lines: Sequence[str]) -> None:
        """Keep lines."""
        ...

    def stamp_us(self) -> int:
        """The time now in microseconds since 1970, later than any stamp before."""
        ...

    def first_began_s(self, where: str) -> int | None:
        """The second that the earliest report of these entries of the journal began in; ``None`` without any."""
        ...


class InfluxUplinks:
    """The `UplinkStore` of an `InfluxStore`. `named_of` and `told_of` are what a reader sees of uplinks."""

    keeps_outlooks = True

    def __init__(self, store: Points) -> None:
        self._store = store
        self.named_of: Callable[[str], UplinkNamed] = lambda uplink: UplinkNamed(
            site=site_of_uplink(uplink) or "", name=uplink
        )
        self.told_of: Callable[[Outlook], OutlookTold] = lambda _: OutlookTold()

    def octets_stored_since(self, stored_after: datetime) -> list[StoredOctets]:
        """See `UplinkStore.octets_stored_since`."""
        mark_ns = ns(stored_after) + 999
        first_s = self._store.first_began_s(f"kind = 'uplink' AND time > {mark_ns}")
        if first_s is None:
            return []
        found = self._octets(f"time >= {first_s * 10**9} AND stored_us > {mark_ns // 1000}")
        return sorted(found, key=lambda one: one.stored_at)

    def octets_between(self, start: datetime, end: datetime, *, uplink: str | None = None) -> list[StoredOctets]:
        """See `UplinkStore.octets_between`."""
        where = f"time >= {began_ns(start)} AND time < {began_ns(end)}"
        kind, site = reported_as(uplink) if uplink else (None, None)
        where += f" AND uplink = {text(kind)}" if kind else ""
        return self._octets(where + (f" AND site = {text(site)}" if site else ""))

    def _octets(self, where: str) -> list[StoredOctets]:
        found = self._store.points("reports", OCTETS_COLUMNS, schema.UPLINK, where)
        return [read_octets(at_ns, row) for at_ns, row in found]

    def write_bins(self, bins: Sequence[UplinkBin], *, counted_through: datetime | None = None) -> None:
        """See `UplinkStore.write_bins`. The mark goes last: a collector that is killed before counts again."""
        self._store.write_lines("bins", [bin_line(one, self.named_of(one.uplink)) for one in bins])
        if counted_through is not None:
            self._store.write_lines("bins", [counted_line(counted_through, self._store.stamp_us())])

    def counted_through(self) -> datetime:
        """See `UplinkStore.counted_through`."""
        found = self._store.points("bins", ("last(through_us) AS through_us",), schema.UPLINK_COUNTED, "time >= 0")
        return next((instant_of(row["through_us"] * 1000) for _, row in found), datetime.fromtimestamp(0, UTC))

    def bins_between(self, start: datetime, end: datetime, *, uplink: str | None = None) -> dict[str, list[UplinkBin]]:
        """See `UplinkStore.bins_between`."""
        found: dict[str, list[UplinkBin]] = defaultdict(list)
        instants: dict[int, datetime] = {}
        while start < end:
            until = min(start + _READ_AT_ONCE, end)
            where = f"time >= {ns(start)} AND time < {ns(until)}{_of(uplink)}"
            for at_ns, row in self._store.points("bins", BIN_COLUMNS, schema.UPLINK_BIN, where):
                found[row["uplink"]].append(read_bin(instants.setdefault(at_ns, instant_of(at_ns)), row))
            start = until
        return found

    def write_weeks(self, weeks: Sequence[UplinkWeek]) -> None:
        """See `UplinkStore.write_weeks`."""
        self._store.write_lines("days", [week_line(one, self.named_of(one.uplink)) for one in weeks])

    def weeks_between(self, first: date, last: date, *, uplink: str | None = None) -> dict[str, list[UplinkWeek]]:
        """See `UplinkStore.weeks_between`."""
        start, end = (datetime.combine(day, time(0), tzinfo=UTC) for day in (first, last + timedelta(days=1)))
        where = f"time >= {ns(start)} AND time < {ns(end)}{_of(uplink)}"
        found: dict[str, list[UplinkWeek]] = defaultdict(list)
        for _, row in self._store.points("days", WEEK_COLUMNS, schema.UPLINK_WEEK, where):
            found[row["uplink"]].append(read_week(row))
        return found

    def write_outlooks(self, week: date, outlooks: Sequence[Outlook]) -> None:
        """See `UplinkStore.write_outlooks`."""
        lines = [outlook_line(week, one, self.named_of(one.uplink), self.told_of(one)) for one in outlooks]
        self._store.write_lines("days", lines)


def _of(uplink: str | None) -> str:
    return f" AND uplink = {text(uplink)}" if uplink else ""
