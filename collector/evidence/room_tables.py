"""The tables of one room, read from the store a few days at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from collector.capacity_now import CapacitySeen
from collector.days import lesson_bins
from collector.district.district import District
from collector.evidence.bin_row import BinRow, bin_columns
from collector.evidence.room_rows import DAY_COLUMNS, WEEK_COLUMNS, TestRow, WeekRow, test_columns
from collector.evidence.seen import RoomSeen
from collector.evidence.span import Span
from collector.evidence.table import Table
from collector.iso_week import monday_of
from collector.store.protocol import Store
from collector.verdict.days import RoomDay
from collector.verdict.marks import marker
from collector.verdict.throughput import ThroughputTest
from collector.verdict.topology import RoomKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomTables:
    """One room's evidence over `span`. `capacity` are its newest capacity tests. Lesson time up to `until` is told, and
    from `bins_from` on, before which bins are no longer kept. What is read on the way is counted in `seen`."""

    store: Store
    district: District
    room: RoomKey
    span: Span
    bins_from: date
    until: datetime
    bin_seconds: int
    capacity: Sequence[CapacitySeen]
    seen: RoomSeen

    def tables(self) -> tuple[Table[Any], ...]:
        """In the order in which they are written."""
        zone = self.district.time_zone
        judging = [one for one in self.district.profiles if one.judges != "never"]
        return (
            Table(
                file="bins.csv",
                about="Every bin of lesson time, measured or not. Times are of its beginning.",
                columns=bin_columns(zone, judging),
                rows=self._bins(),
            ),
            Table(file="days.csv", about="Days of lessons, added up.", columns=DAY_COLUMNS, rows=self._days()),
            Table(
                file="weeks.csv",
                about="Weeks whose lessons are over, each with its verdict.",
                columns=WEEK_COLUMNS,
                rows=self._weeks(),
            ),
            Table(
                file="tests.csv",
                about="Throughput tests. Those that somebody asked for are not here: they enter no verdict.",
                columns=test_columns(zone),
                rows=self._tests(),
            ),
        )

    def _bins(self) -> Iterator[BinRow]:
        mark_of = marker(self.district.profiles.by_name)
        calendar = self.district.calendar_of(self.room[0])
        for chunk in self.span.chunks():
            start, end = chunk.instants(self.district.time_zone)
            found = {one.started_at: one for one in self.store.whole_bins(start, end, room=self.room)}
            lessons: dict[datetime, str] = {
                begins: lesson.label
                for day in chunk.days()
                for lesson in lesson_bins(calendar.lessons_on(day), self.bin_seconds)
                for begins in lesson.starts
            }
            due = {begins for begins in lessons if self._told(begins)}
            for begins in sorted(due | found.keys()):
                judged = found.get(begins)
                row = BinRow(
                    started_at=begins,
                    seconds=judged.seconds if judged else self.bin_seconds,
                    lesson=lessons.get(begins),
                    mark=mark_of(judged),
                    judged=judged,
                )
                self.seen.take(row)
                yield row

    def _told(self, begins: datetime) -> bool:
        over = begins + timedelta(seconds=self.bin_seconds) <= self.until
        return over and begins.astimezone(self.district.time_zone).date() >= self.bins_from

    def _days(self) -> Iterator[RoomDay]:
        for chunk in self.span.chunks():
            for day in self.store.room_days_between(chunk.first, chunk.last, room=self.room).get(self.room, ()):
                self.seen.days += 1
                yield day

    def _weeks(self) -> Iterator[WeekRow]:
        first = monday_of(self.span.first)
        for week in self.store.room_weeks_between(first, self.span.last, room=self.room).get(self.room, ()):
            self.seen.weeks.append(week)
            yield WeekRow(week=week, whole=self.span.holds_week(week.week))

    def _tests(self) -> Iterator[TestRow]:
        numbers: dict[str, int] = {}
        start, end = self.span.instants(self.district.time_zone)
        for chunk in self.span.chunks():
            found = self.store.tests_between(*chunk.instants(self.district.time_zone), room=self.room)
            for test in found.get(self.room, ()):
                yield self._counted(self._sufficiency(test, numbers.setdefault(test.agent, len(numbers) + 1)))
        for seen in self.capacity:
            if start <= seen.ended_at < end:
                yield self._counted(self._capacity(seen))
        self.seen.machines = len(numbers)

    def _counted(self, row: TestRow) -> TestRow:
        self.seen.tests += 1
        self.seen.tests_bytes += row.used_bytes
        return row

    def _in_session(self, at: datetime) -> bool:
        return self.district.calendar_of(self.room[0]).lesson_at(at) is not None

    def _sufficiency(self, one: ThroughputTest, machine: int) -> TestRow:
        return TestRow(
            kind="sufficiency",
            machine=machine,
            direction=one.direction,
            ended_at=one.ended_at,
            in_session=self._in_session(one.ended_at),
            required_bps=one.required_bps,
            offered_bps=one.offered_bps,
            received_bps=one.received_bps,
            sustained=one.sustained,
            at_ceiling=one.at_ceiling,
            used_bytes=one.used_bytes,
            duration_ms=one.duration_ms,
            idle_rtt_ms=one.idle_rtt_ms,
            working_p95_ms=one.working_p95_ms,
            ended_by=one.ended_by,
            failure=one.failure,
        )

    def _capacity(self, seen: CapacitySeen) -> TestRow:
        one = seen.report
        return TestRow(
            kind="capacity",
            machine=None,
            direction=one.direction,
            ended_at=seen.ended_at,
            in_session=self._in_session(seen.ended_at),
            required_bps=one.required_bps,
            offered_bps=one.offered_bps,
            received_bps=one.received_bps,
            sustained=one.sustained,
            at_ceiling=one.at_ceiling,
            used_bytes=one.used_bytes,
            duration_ms=one.duration_ms,
            idle_rtt_ms=seen.idle_rtt_ms,
            working_p95_ms=seen.working_p95_ms,
            ended_by=one.ended_by,
            failure=one.failure,
        )
