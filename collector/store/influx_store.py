"""The InfluxDB engine: many rooms, one server, and Grafana beside it.

InfluxDB knows no transactions, so every write can be repeated: a report, a bin and a mark each always become the very
same point. What was stored is known by ranges of sequence numbers in the registry, written after InfluxDB has
confirmed the reports; a crash between the two is healed when the agent sends them again.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self

from sqlalchemy.exc import SQLAlchemyError

from collector.registry.registry import Registry
from collector.registry.stored_ranges import StoredRanges
from collector.store import influx_schema as schema
from collector.store.hops import paths_by_bin
from collector.store.influx_connection import InfluxAccess, InfluxConnection, LinesRefused
from collector.store.influx_day_rows import (
    WeekTold,
    read_room_day,
    read_room_week,
    read_seconds,
    read_site_day,
    room_day_lines,
    room_week_line,
    site_day_line,
    weeks_written_lines,
)
from collector.store.influx_lines import line
from collector.store.influx_machines import MACHINE_COLUMNS, machine_of
from collector.store.influx_query import text
from collector.store.influx_rows import (
    BIN_COLUMNS,
    BIN_TARGET_COLUMNS,
    HEALTH_COLUMNS,
    REPORT_COLUMNS,
    TEST_COLUMNS,
    arrival_lines,
    began_ns,
    began_of,
    bin_lines,
    instant_of,
    ns,
    read_bin,
    read_health,
    read_periods,
    read_report,
    read_target,
    read_test,
    report_line,
)
from collector.store.influx_uplinks import InfluxUplinks
from collector.store.kept_histogram import KeptHistogram, merged_each
from collector.store.ledger import Ledger, Range, runs
from collector.store.protocol import (
    AgentHealth,
    Arrival,
    Reading,
    StoredTest,
    StoreError,
    StoreUnavailable,
    Touched,
    Unstorable,
    WriteOutcome,
)
from collector.store.texts import read_minima
from collector.verdict.baselines import Measured
from collector.verdict.bins import LatencySummary, RoomBin
from collector.verdict.days import RoomDay, Seconds, SiteDay
from collector.verdict.machines import MachineSummary
from collector.verdict.throughput import ThroughputTest
from collector.verdict.weeks import RoomWeek
from wire.histogram import Histogram
from wire.path_report import PathReport

log = logging.getLogger(__name__)

LINES_A_WRITE = 5_000
"""What InfluxData advises as the size of a write."""

_READ_AT_ONCE = timedelta(hours=1)
"""Latency reports of this long are in memory at a time."""

_LONGEST = timedelta(hours=1)
"""No report's period is longer, so that what ended after a moment began at most that much before."""

_BINS_READ_AT_ONCE = timedelta(days=1)
_EPOCH = datetime.fromtimestamp(0, UTC)
_OF_EVERY_READING = ("duration_ms", "sent", "received", "histogram", "repaired")


class InfluxStore:
    """A `Store` in InfluxDB, with its ledger in the registry."""

    def __init__(self, connection: InfluxConnection, stored: StoredRanges) -> None:
        self._connection = connection
        self._stored = stored
        self._writing = threading.Lock()
        with registry_answers():
            self._ledger = Ledger(stored.ranges())
            self._last_stored_us = stored.newest_us()
        self._profiles: set[str] = set()
        self.told_of: Callable[[RoomWeek], WeekTold] = lambda one: WeekTold(
            site_name=one.site, room_name=one.room, evidence=""
        )
        """What a reader sees of a week."""
        self.uplinks = InfluxUplinks(self)

    @classmethod
    def open_store(cls, access: InfluxAccess, registry: Registry) -> Self:
        """Connect, and read what must be known to go on. Raises `StoreError` with the setting to mend."""
        store = cls(InfluxConnection(access), registry.stored_ranges)
        try:
            store._prepare()
        except StoreUnavailable as error:
            store.close()
            raise StoreError(str(error)) from error
        return store

    def _prepare(self) -> None:
        for kept in schema.RETENTIONS:
            self._connection.query(kept, "SHOW MEASUREMENTS LIMIT 1")
        for series in self._connection.query("reports", "SELECT last(first_began_s) FROM arrival"):
            self._last_stored_us = max(self._last_stored_us, series.rows[0][0] // 1000)
        for series in self._connection.query("bins", 'SHOW TAG VALUES FROM profile_bin WITH KEY = "profile"'):
            self._profiles |= {row[1] for row in series.rows}
        # A token may be let read and not write; that is better known at once.
        self.write_bins((), judged_through=self.judged_through())

    def write_reports(self, arrivals: Sequence[Arrival]) -> WriteOutcome:
        """See `Store.write_reports`."""
        with self._writing:
            new = self._ledger.unseen([one.key for one in arrivals])
            fresh = [place for place, is_new in enumerate(new) if is_new]
            if not fresh:
                return WriteOutcome(new=tuple(new))
            stored_us = self._next_stored_us()
            refused = {
                fresh[place]: word
                for place, word in self._write_each(
                    [report_line(arrivals[place], stored_us) for place in fresh]
                ).items()
            }
            if len(refused) == len(arrivals) and "not_storable" in refused.values():
                # Then it is not the reports; were it one of many, it would be rejected alone.
                raise StoreUnavailable("InfluxDB takes no report at all: the log says what it says of them")
            kept = [arrivals[place] for place in fresh if place not in refused]
            if kept:
                # After the reports, so that a bin is never judged before they are there.
                self._write("reports", arrival_lines(kept, stored_us))
                self._know(runs(one.key for one in kept), stored_us)
            return WriteOutcome(
                new=tuple(is_new and place not in refused for place, is_new in enumerate(new)), refused=refused
            )

    def _write(self, kept: schema.Retention, lines: Sequence[str]) -> None:
        """Write lines that InfluxDB has no reason to refuse."""
        for start in range(0, len(lines), LINES_A_WRITE):
            try:
                self._connection.write(kept, lines[start : start + LINES_A_WRITE])
            except LinesRefused as error:
                raise StoreUnavailable(f"InfluxDB refuses what was made of reports: {error}") from error

    def _write_each(self, lines: Sequence[str]) -> dict[int, Unstorable]:
        """Write reports. Returns those that InfluxDB refuses, by their place: found by halving what it refuses a part
        of."""
        refused: dict[int, Unstorable] = {}
        parts = [range(start, min(start + LINES_A_WRITE, len(lines))) for start in range(0, len(lines), LINES_A_WRITE)]
        while parts:
            part = parts.pop()
            try:
                self._connection.write("reports", lines[part.start : part.stop])
            except LinesRefused as error:
                if len(part) == 1 or error.dropped == len(part):
                    log.warning("influxdb refuses reports count=%d answer=%s", len(part), error)
                    refused |= dict.fromkeys(part, "too_old" if error.too_old else "not_storable")
                else:
                    parts += [part[: len(part) // 2], part[len(part) // 2 :]]
        return refused

    def _know(self, ranges: Iterable[Range], stored_us: int) -> None:
        """Remember what is stored, in the registry and here."""
        grown = self._ledger.grown_by(ranges)
        with registry_answers():
            self._stored.replace(grown, stored_us)
        self._ledger.put(grown)

    def touched_since(self, stored_after: datetime, *, bin_seconds: int) -> list[Touched]:
        """See `Store.touched_since`."""
        found: dict[tuple[str, str, int], Touched] = {}
        where = f"kind = 'latency' AND time > {ns(stored_after) + 999}"
        for at_ns, row in self.points("reports", ("site", "room", "periods"), schema.ARRIVAL, where):
            stored_at = instant_of(at_ns)
            for began_s, ended_at in read_periods(row["periods"]):
                start = began_s // bin_seconds * bin_seconds
                key = (row["site"], row["room"], start)
                known = found.get(key)
                found[key] = Touched(
                    site=row["site"],
                    room=row["room"],
                    started_at=datetime.fromtimestamp(start, UTC),
                    first_stored_at=min(stored_at, known.first_stored_at) if known else stored_at,
                    last_stored_at=max(stored_at, known.last_stored_at) if known else stored_at,
                    newest_ended_at=max(ended_at, known.newest_ended_at) if known else ended_at,
                )
        return list(found.values())

    def latency_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[LatencySummary]]:
        """See `Store.latency_between`."""
        sums: dict[tuple[str, str, int, str, str, str], _Sum] = defaultdict(_Sum)
        tags = ("site", "room", "agent", "target", "method")
        fields = ("sent", "received", "interval_ms", "histogram", "repaired")
        for where in _spans(start, end, _READ_AT_ONCE):
            for at_ns, row in self.points("reports", (*tags, *fields), schema.LATENCY, where):
                bin_s = at_ns // 10**9 // bin_seconds * bin_seconds
                sums[row["site"], row["room"], bin_s, row["agent"], row["target"], row["method"]].add(row)
        found: dict[tuple[str, str, datetime], list[LatencySummary]] = defaultdict(list)
        ordered = sorted(sums.items(), key=lambda item: item[0])
        histograms = merged_each([" ".join(one.texts) for _, one in ordered])
        for ((site, room, bin_s, agent, target, method), one), histogram in zip(ordered, histograms, strict=True):
            found[site, room, datetime.fromtimestamp(bin_s, UTC)].append(
                LatencySummary(
                    agent=agent,
                    target=target,
                    method=method,  # type: ignore[arg-type]  # one of ours, checked when it came in
                    sent=one.sent,
                    received=one.received,
                    probed_ms=one.probed_ms,
                    histogram=histogram,
                    repaired=one.repaired,
                )
            )
        return found

    def newest_readings(self, since: datetime, until: datetime) -> dict[tuple[str, str], list[Reading]]:
        """See `Store.newest_readings`. Reads each room's and target's two newest reports and no other."""
        began_after = began_ns(since - _LONGEST)
        fields = "method, duration_ms, sent, received, histogram, failure, repaired"
        statement = (
            f"SELECT {fields} FROM latency WHERE time >= {began_after} AND time < {began_ns(until) + 10**6}"  # noqa: S608
            " AND (sent > 0 OR failure != '') GROUP BY site, room, target ORDER BY time DESC LIMIT 2"
        )
        found: dict[tuple[str, str], list[Reading]] = defaultdict(list)
        for series in self._connection.query("reports", statement):
            tags, rows = series.tags, [dict(zip(series.columns, one, strict=True)) for one in series.rows]
            # Of a point that is just being written a query may see a part of its fields.
            row = next((one for one in rows if None not in {one[name] for name in _OF_EVERY_READING}), None)
            if row is None:
                continue
            ended_at = began_of(row["time"]) + timedelta(milliseconds=row["duration_ms"])
            if ended_at <= since:
                continue
            histogram = Histogram.from_text(row["histogram"])
            found[tags["site"], tags["room"]].append(
                Reading(
                    target=tags["target"],
                    method=row["method"],
                    ended_at=ended_at,
                    sent=row["sent"],
                    received=row["received"],
                    p50_ms=_ms(histogram.quantile(0.5)),
                    p95_ms=_ms(histogram.quantile(0.95)),
                    failure=row["failure"],
                    repaired=row["repaired"],
                )
            )
        for readings in found.values():
            readings.sort(key=lambda reading: reading.target)
        return found

    def tests_since(self, stored_after: datetime) -> list[StoredTest]:
        """See `Store.tests_since`."""
        mark_ns = ns(stored_after) + 999
        first_s = self.first_began_s(f"kind = 'throughput' AND time > {mark_ns}")
        if first_s is None:
            return []
        where = f"time >= {first_s * 10**9} AND stored_us > {mark_ns // 1000} AND method = 'sufficiency'"
        rows = self.points("reports", TEST_COLUMNS, schema.THROUGHPUT, where)
        return [read_test(at_ns, row) for at_ns, row in rows if row["asked_by"] != "user"]

    def tests_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[ThroughputTest]]:
        """See `Store.tests_between`."""
        where = f"time >= {began_ns(start - _LONGEST)} AND time < {ns(end)} AND method = 'sufficiency'"
        if room:
            where += _in(room)
        rows = self.points("reports", TEST_COLUMNS, schema.THROUGHPUT, where)
        tests = [read_test(at_ns, row) for at_ns, row in rows if row["asked_by"] != "user"]
        found: dict[tuple[str, str], list[ThroughputTest]] = defaultdict(list)
        for one in sorted(tests, key=lambda one: one.test.ended_at):
            if start <= one.test.ended_at < end:
                found[one.site, one.room].append(one.test)
        return found

    def machines_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[MachineSummary]]:
        """See `Store.machines_between`."""
        found: dict[tuple[str, str, datetime], list[MachineSummary]] = defaultdict(list)
        for where in _spans_of_bins(start, end, bin_seconds):
            by_agent: dict[tuple[str, str, int, str], list[Mapping[str, Any]]] = defaultdict(list)
            for at_ns, row in self.points("reports", ("site", "room", "agent", *MACHINE_COLUMNS), schema.HEALTH, where):
                bin_s = at_ns // 10**9 // bin_seconds * bin_seconds
                by_agent[row["site"], row["room"], bin_s, row["agent"]].append(row)
            for (site, room, bin_s, agent), of_agent in sorted(by_agent.items(), key=lambda item: item[0]):
                found[site, room, datetime.fromtimestamp(bin_s, UTC)].append(machine_of(agent, of_agent))
        return found

    def paths_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[PathReport]]:
        """See `Store.paths_between`."""
        rows = self.points("reports", REPORT_COLUMNS["path"], schema.PATH, _span(start, end))
        return paths_by_bin((read_report("path", at_ns, row).arrival for at_ns, row in rows), bin_seconds)

    def newest_reports(
        self, kind: str, since: datetime, until: datetime, *, method: str | None = None
    ) -> list[Arrival]:
        """See `Store.newest_reports`."""
        measurement = schema.REPORTS[kind]
        grouped = [tag for tag in measurement.tags if tag != "method"]
        columns = [name for name in REPORT_COLUMNS[kind] if name not in grouped]
        of_method = f" AND method = {text(method)}" if method else ""
        found = []
        for series in self._connection.query(
            "reports",
            f"SELECT {', '.join(columns)} FROM {kind}"  # noqa: S608
            f" WHERE time >= {began_ns(since) + 10**6} AND time < {began_ns(until) + 10**6}{of_method}"
            f" GROUP BY {', '.join(grouped)} ORDER BY time DESC LIMIT 1",
        ):
            values = {**dict(zip(series.columns, series.rows[0], strict=True)), **series.tags}
            found.append(read_report(kind, values.pop("time"), values).arrival)
        return sorted(
            found,
            key=lambda one: (
                one.site,
                one.room,
                one.agent,
                getattr(one.report, "target", ""),
                getattr(one.report, "direction", ""),
                getattr(one.report, "uplink", ""),
            ),
        )

    def write_bins(self, bins: Sequence[RoomBin], *, judged_through: datetime | None) -> None:
        """See `Store.write_bins`. The mark goes last: a collector that is killed before judges again."""
        with self._writing:
            self._profiles |= {score.profile for one in bins for score in one.scores}
            self._write("bins", [made for one in bins for made in bin_lines(one, self._profiles)])
            if judged_through is not None:
                fields = {"through_us": ns(judged_through) // 1000}
                self._write("bins", [line(schema.JUDGED, {}, fields, self._next_stored_us() * 1000)])

    def judged_through(self) -> datetime:
        """See `Store.judged_through`."""
        for series in self._connection.query("bins", "SELECT last(through_us) FROM judged"):
            return _EPOCH + timedelta(microseconds=series.rows[0][1])
        return _EPOCH

    def bins_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomBin]]:
        """See `Store.bins_between`."""
        of_room = _in(room) if room else ""
        found: dict[tuple[str, str], list[RoomBin]] = defaultdict(list)
        for where in _spans(start, end, _BINS_READ_AT_ONCE):
            for at_ns, row in self.points("bins", BIN_COLUMNS, schema.ROOM_BIN, where + of_room):
                found[row["site"], row["room"]].append(read_bin(at_ns, row))
        return found

    def whole_bins(
        self,
        start: datetime,
        end: datetime,
        *,
        room: tuple[str, str] | None = None,
        rooms: Collection[tuple[str, str]] | None = None,
    ) -> list[RoomBin]:
        """See `Store.whole_bins`."""
        where = f"time >= {ns(start)} AND time < {ns(end)}" + (_in(room) if room else "")
        if rooms is not None:
            if not rooms:
                return []
            where += _in_any(rooms)
        targets: dict[tuple[str, str, int], list[LatencySummary]] = defaultdict(list)
        for at_ns, row in self.points("bins", BIN_TARGET_COLUMNS, schema.TARGET_BIN, where):
            targets[row["site"], row["room"], at_ns].append(read_target(row))
        return [
            replace(read_bin(at_ns, row), targets=tuple(targets[row["site"], row["room"], at_ns]))
            for at_ns, row in self.points("bins", BIN_COLUMNS, schema.ROOM_BIN, where)
        ]

    def histograms_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], dict[Measured, Histogram]]:
        """See `Store.histograms_between`."""
        of_room = _in(room) if room else ""
        found: dict[tuple[str, str], dict[Measured, Histogram]] = defaultdict(lambda: defaultdict(Histogram))
        columns = ("site", "room", "target", "method", "histogram")
        for where in _spans(start, end, _READ_AT_ONCE):
            invalid = {
                (row["site"], row["room"], at_ns)
                for at_ns, row in self.points("bins", ("site", "room", "valid"), schema.ROOM_BIN, where + of_room)
                if not row["valid"]
            }
            for at_ns, row in self.points("bins", columns, schema.TARGET_BIN, where + of_room):
                if (row["site"], row["room"], at_ns) in invalid:
                    continue
                merged = found[row["site"], row["room"]][row["target"], row["method"]]
                merged.merge(KeptHistogram(row["histogram"]))
        return found

    def write_days(self, rooms: Sequence[RoomDay], sites: Sequence[SiteDay]) -> None:
        """See `Store.write_days`."""
        lines = [made for one in rooms for made in room_day_lines(one)]
        self._write("days", lines)
        # Sites go last: by them a collector that was killed knows which days are whole.
        self._write("days", [site_day_line(one) for one in sites])

    def newest_day(self) -> date | None:
        """See `Store.newest_day`."""
        for series in self._connection.query("days", 'SELECT last("date") FROM site_day'):
            return date.fromisoformat(series.rows[0][1])
        return None

    def room_days_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomDay]]:
        """See `Store.room_days_between`."""
        where = _days(first, last)
        if room:
            where += _in(room)
        profiles: dict[tuple[str, str, int], dict[str, Seconds]] = defaultdict(dict)
        columns = ("site", "room", "profile", *(f"{name}_seconds" for name in ("valid", "degraded", "bad")))
        for at_ns, row in self.points("days", columns, schema.PROFILE_DAY, where):
            profiles[row["site"], row["room"], at_ns][row["profile"]] = read_seconds(row)
        found: dict[tuple[str, str], list[RoomDay]] = defaultdict(list)
        for at_ns, row in self.points("days", ("site", "room", *schema.ROOM_DAY.fields), schema.ROOM_DAY, where):
            one = read_room_day(at_ns, row, profiles[row["site"], row["room"], at_ns])
            if first <= one.day <= last:
                found[one.site, one.room].append(one)
        return found

    def minima_between(
        self, first: date, last: date
    ) -> dict[tuple[str, str], dict[date, Mapping[Measured, Histogram]]]:
        """See `Store.minima_between`."""
        found: dict[tuple[str, str], dict[date, Mapping[Measured, Histogram]]] = defaultdict(dict)
        columns = ("site", "room", '"date"', "minima")
        for _, row in self.points("days", columns, schema.ROOM_DAY, _days(first, last)):
            day = date.fromisoformat(row["date"])
            if first <= day <= last:
                found[row["site"], row["room"]][day] = read_minima(row["minima"] or "[]")
        return found

    def site_days_between(self, first: date, last: date) -> dict[str, list[SiteDay]]:
        """See `Store.site_days_between`."""
        found: dict[str, list[SiteDay]] = defaultdict(list)
        columns = ("site", *schema.SITE_DAY.fields)
        for at_ns, row in self.points("days", columns, schema.SITE_DAY, _days(first, last)):
            one = read_site_day(at_ns, row)
            if first <= one.day <= last:
                found[one.site].append(one)
        return found

    def write_weeks(self, weeks: Sequence[RoomWeek]) -> None:
        """See `Store.write_weeks`. What says that a week was written goes last, as sites do among days."""
        self._write("days", [room_week_line(one, self.told_of(one)) for one in weeks])
        self._write("days", weeks_written_lines({one.week for one in weeks}))

    def newest_week(self) -> date | None:
        """See `Store.newest_week`."""
        for series in self._connection.query("days", "SELECT last(week) FROM week_written"):
            return date.fromisoformat(series.rows[0][1])
        return None

    def room_weeks_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomWeek]]:
        """See `Store.room_weeks_between`."""
        where = _days(first, last)
        if room:
            where += _in(room)
        found: dict[tuple[str, str], list[RoomWeek]] = defaultdict(list)
        for _, row in self.points("days", ("site", "room", *schema.ROOM_WEEK.fields), schema.ROOM_WEEK, where):
            one = read_room_week(row)
            if first <= one.week <= last:
                found[one.site, one.room].append(one)
        return found

    def enforce_retention(self, *, reports_before: datetime, bins_before: datetime, days_before: datetime) -> int:
        """See `Store.enforce_retention`. Buckets forget by themselves; this takes what they still hold."""
        with self._writing, registry_answers():
            self._ledger.forget(self._stored.forget_before(ns(reports_before) // 1000))
        gone = 0
        for measurement, counted, before in (
            *((one, "seq", reports_before) for one in schema.REPORTS.values()),
            (schema.ARRIVAL, "first_began_s", reports_before),
            (schema.ROOM_NOW, "level", reports_before),
            (schema.SITE_NOW, "rooms", reports_before),
            (schema.AGENT_NOW, "level", reports_before),
            (schema.COLLECTOR_NOW, "rooms", reports_before),
            (schema.ROOM_BIN, "seconds", bins_before),
            (schema.PROFILE_BIN, "qoo", bins_before),
            (schema.TARGET_BIN, "sent", bins_before),
            (schema.ROOM_DAY, "sent", days_before),
            (schema.PROFILE_DAY, "valid_seconds", days_before),
            (schema.SITE_DAY, "sent", days_before),
            (schema.ROOM_WEEK, "level", days_before),
            (schema.WEEK_WRITTEN, "week", days_before),
            (schema.UPLINK_BIN, "down_bytes", bins_before),
            (schema.UPLINK_COUNTED, "through_us", bins_before),
            (schema.UPLINK_WEEK, "lesson_days", days_before),
            (schema.UPLINK_OUTLOOK, "level", days_before),
        ):
            older = f"FROM {measurement.name} WHERE time < {began_ns(before)}"
            count = self._count(measurement.kept, f"SELECT count({counted}) {older}")
            if count:
                self._connection.query(measurement.kept, f"DELETE {older}")
            gone += count
        return gone

    def count_reports(self) -> int:
        """See `Store.count_reports`."""
        return self._count("reports", f"SELECT count(seq) FROM {', '.join(schema.REPORTS)}")  # noqa: S608

    def write_lines(self, kept: schema.Retention, lines: Sequence[str]) -> None:
        """Keep points that Grafana alone reads. Raises `StoreUnavailable`."""
        self._write(kept, lines)

    def newest_states(self, since: datetime) -> dict[tuple[str, str], tuple[str, datetime]]:
        """Per room, the state that was written last after `since`, and since when the room had it."""
        statement = (
            f"SELECT state, since_ms FROM room_now WHERE time > {ns(since)}"  # noqa: S608
            " GROUP BY site, room ORDER BY time DESC LIMIT 1"
        )
        return {
            (series.tags["site"], series.tags["room"]): (
                series.rows[0][1],
                _EPOCH + timedelta(milliseconds=series.rows[0][2]),
            )
            for series in self._connection.query("reports", statement)
        }

    def newest_health(self, stored_after: datetime) -> dict[str, AgentHealth]:
        """Per agent of which health reports were stored after `stored_after`, its newest."""
        first_s = self.first_began_s(f"kind = 'health' AND time > {ns(stored_after)}")
        if first_s is None:
            return {}
        statement = (
            f"SELECT {', '.join(HEALTH_COLUMNS)} FROM health WHERE time >= {first_s * 10**9}"  # noqa: S608
            " GROUP BY agent ORDER BY time DESC LIMIT 1"
        )
        return {
            series.tags["agent"]: read_health(dict(zip(series.columns, series.rows[0], strict=True)))
            for series in self._connection.query("reports", statement)
        }

    def close(self) -> None:
        """See `Store.close`."""
        with self._writing:
            self._connection.close()

    def stamp_us(self) -> int:
        """The time now in microseconds since 1970, later than any stamp before."""
        with self._writing:
            return self._next_stored_us()

    def _next_stored_us(self) -> int:
        self._last_stored_us = max(ns(datetime.now(UTC)) // 1000, self._last_stored_us + 1)
        return self._last_stored_us

    def points(
        self, kept: schema.Retention, columns: Iterable[str], measurement: schema.Measurement, where: str
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        """(time in nanoseconds, values by column) of each point, ascending."""
        # InfluxQL answers tags as columns only beside a field.
        statement = f"SELECT {', '.join(columns)} FROM {measurement.name} WHERE {where}"  # noqa: S608
        for series in self._connection.query(kept, statement):
            for row in series.rows:
                values = dict(zip(series.columns, row, strict=True))
                yield values.pop("time"), values

    def first_began_s(self, where: str) -> int | None:
        """The second that the earliest report of these entries of the journal began in; ``None`` without any."""
        found = self._connection.query("reports", f"SELECT min(first_began_s) FROM arrival WHERE {where}")  # noqa: S608
        return min((series.rows[0][1] for series in found), default=None)

    def _count(self, kept: schema.Retention, statement: str) -> int:
        return sum(series.rows[0][1] for series in self._connection.query(kept, statement))


class _Sum:
    """Latency reports of one agent, target and method in one bin, added up as they come."""

    __slots__ = ("probed_ms", "received", "repaired", "sent", "texts")

    def __init__(self) -> None:
        self.sent = self.received = self.probed_ms = 0
        self.texts: list[str] = []
        self.repaired = False

    def add(self, row: Mapping[str, Any]) -> None:
        self.sent += row["sent"]
        self.received += row["received"]
        self.probed_ms += row["sent"] * row["interval_ms"]
        self.texts.append(row["histogram"])
        self.repaired |= row["repaired"]


@contextmanager
def registry_answers() -> Iterator[None]:
    """Tell a registry that does not answer as a store that does not. Raises `StoreUnavailable`."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreUnavailable(f"the registry did not note what was stored: {error}") from error


def _spans(start: datetime, end: datetime, length: timedelta) -> Iterator[str]:
    """Conditions on time that cut ``[start, end)`` into pieces."""
    while start < end:
        until = min(start + length, end)
        yield _span(start, until)
        start = until


def _spans_of_bins(start: datetime, end: datetime, bin_seconds: int) -> Iterator[str]:
    """The same in pieces of about `_READ_AT_ONCE` that cut no bin in two."""
    length = max(1, int(_READ_AT_ONCE.total_seconds()) // bin_seconds) * bin_seconds
    while start < end:
        whole = int(start.timestamp()) // length + 1
        until = min(datetime.fromtimestamp(whole * length, UTC), end)
        yield _span(start, until)
        start = until


def _span(start: datetime, end: datetime) -> str:
    """The condition that something began in ``[start, end)``."""
    return f"time >= {began_ns(start)} AND time < {began_ns(end)}"


def _in(room: tuple[str, str]) -> str:
    """A condition on site and room."""
    return f" AND site = {text(room[0])} AND room = {text(room[1])}"


def _in_any(rooms: Iterable[tuple[str, str]]) -> str:
    """A condition on site and room that holds for each of `rooms`, of which there is one at least."""
    by_site: dict[str, list[str]] = defaultdict(list)
    for site, room in sorted(rooms):
        by_site[site].append(f"room = {text(room)}")
    each = (f"(site = {text(site)} AND ({' OR '.join(of_site)}))" for site, of_site in by_site.items())
    return f" AND ({' OR '.join(each)})"


def _days(first: date, last: date) -> str:
    """A condition on time that takes the local midnights of these days in any time zone, and a few more."""
    start = datetime.combine(first, time(0), tzinfo=UTC) - timedelta(days=1)
    return f"time >= {ns(start)} AND time < {ns(start + (last - first) + timedelta(days=3))}"


def _ms(us: float | None) -> float | None:
    return None if us is None else us / 1000
