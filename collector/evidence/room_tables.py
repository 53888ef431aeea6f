"""The tables of one room, read from the store a few days at a time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from collector.capacity_now import CapacitySeen
from collector.days import lesson_bins
from collector.district.calendar import Lesson, bin_start
from collector.district.district import District
from collector.evidence.bin_row import BinRow, bin_columns
from collector.evidence.room_rows import DAY_COLUMNS, WEEK_COLUMNS, TestRow, WeekRow, test_columns
from collector.evidence.seen import RoomSeen
from collector.evidence.span import Span
from collector.evidence.table import Table
from collector.iso_week import monday_of
from collector.store.protocol import Store
from collector.verdict.bins import RoomBin
from collector.verdict.days import RoomDay
from collector.verdict.marks import marker
from collector.verdict.throughput import ThroughputTest
from collector.verdict.topology import RoomKey
from wire.reports import ThroughputReport

USUAL_BIN_SECONDS = 300
SHORTEST_LISTED = 60
"""Of shorter bins, as a demo has, those without measurements are told by `USUAL_BIN_SECONDS`: there are too many."""


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
            lessons = [lesson for day in chunk.days() for lesson in calendar.lessons_on(day)]
            for begins in sorted(self._unmeasured(lessons, found.values()) | found.keys()):
                judged = found.get(begins)
                seconds = judged.seconds if judged else self._listed_seconds
                row = BinRow(
                    started_at=begins,
                    seconds=seconds,
                    lesson=_label(lessons, begins + timedelta(seconds=seconds / 2)),
                    mark=mark_of(judged),
                    judged=judged,
                )
                self.seen.take(row)
                yield row

    @property
    def _listed_seconds(self) -> int:
        """How long a bin is in which nothing was measured."""
        return self.bin_seconds if self.bin_seconds >= SHORTEST_LISTED else USUAL_BIN_SECONDS

    def _unmeasured(self, lessons: Sequence[Lesson], found: Iterable[RoomBin]) -> set[datetime]:
        """The starts of lesson time's bins that no judged one reaches into."""
        length = timedelta(seconds=self._listed_seconds)
        starts = {begins for one in lesson_bins(tuple(lessons), self._listed_seconds) for begins in one.starts}
        measured = set()
        for one in found:
            begins, ends = (
                bin_start(one.started_at, self._listed_seconds),
                one.started_at + timedelta(seconds=one.seconds),
            )
            while begins < ends:
                measured.add(begins)
                begins += length
        zone, from_day = self.district.time_zone, self.bins_from
        return {
            one for one in starts - measured if one + length <= self.until and one.astimezone(zone).date() >= from_day
        }

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
        return self._row(
            one,
            kind="sufficiency",
            machine=machine,
            ended_at=one.ended_at,
            idle_rtt_ms=one.idle_rtt_ms,
            working_p95_ms=one.working_p95_ms,
        )

    def _capacity(self, seen: CapacitySeen) -> TestRow:
        return self._row(
            seen.report,
            kind="capacity",
            machine=None,
            ended_at=seen.ended_at,
            idle_rtt_ms=seen.idle_rtt_ms,
            working_p95_ms=seen.working_p95_ms,
        )

    def _row(
        self,
        one: ThroughputTest | ThroughputReport,
        *,
        kind: str,
        machine: int | None,
        ended_at: datetime,
        idle_rtt_ms: float | None,
        working_p95_ms: float | None,
    ) -> TestRow:
        return TestRow(
            kind=kind,
            machine=machine,
            direction=one.direction,
            ended_at=ended_at,
            in_session=self._in_session(ended_at),
            required_bps=one.required_bps,
            offered_bps=one.offered_bps,
            received_bps=one.received_bps,
            sustained=one.sustained,
            at_ceiling=one.at_ceiling,
            used_bytes=one.used_bytes,
            duration_ms=one.duration_ms,
            idle_rtt_ms=idle_rtt_ms,
            working_p95_ms=working_p95_ms,
            ended_by=one.ended_by,
            failure=one.failure,
        )


def _label(lessons: Sequence[Lesson], instant: datetime) -> str | None:
    """The local span of the one of `lessons`, ascending, that `instant` lies in; ``None`` between them."""
    place = bisect_right(lessons, instant, key=lambda one: one.started_at)
    return lessons[place - 1].label if place and lessons[place - 1].contains(instant) else None
