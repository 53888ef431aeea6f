"""The tables of one uplink, read from the store a few days at a time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from collector.csv_file import Cell
from collector.district.district import District
from collector.evidence.span import Span
from collector.evidence.table import Column, Table, local
from collector.iso_week import monday_of
from collector.store.uplinks import UplinkStore
from collector.uplinks.lesson_slots import LessonSlots
from collector.verdict.uplinks.load import UplinkBin, UplinkWeek
from collector.verdict.uplinks.outlook import LEVEL_SHARES
from collector.verdict.uplinks.week import ENOUGH_SECONDS
from wire.report_words import Direction

WAYS: tuple[Direction, ...] = ("down", "up")


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkBinRow:
    """Five minutes, and the hour of the day if they are lesson time, which pupils of the uplink have."""

    bin: UplinkBin
    hour: int | None

    @property
    def counted(self) -> bool:
        """Whether it enters its week."""
        return self.hour is not None and self.bin.counted_seconds >= ENOUGH_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkWeekRow:
    """A week, and whether all of its days are in the pack."""

    week: UplinkWeek
    whole: bool


@dataclass(slots=True, kw_only=True)
class UplinkSeen:
    """What went into the tables."""

    bins: int = 0
    counted: int = 0
    methods: Counter[str] = field(default_factory=Counter)
    capacities: Counter[int | None] = field(default_factory=Counter)
    weeks: list[UplinkWeek] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkTables:
    """One uplink's evidence over `span`. What is read on the way is counted in `seen`."""

    store: UplinkStore
    district: District
    uplink: str
    span: Span
    seen: UplinkSeen

    def tables(self) -> tuple[Table[Any], ...]:
        """In the order in which they are written."""
        return (
            Table(
                file="bins.csv",
                about="Every five minutes of which something was counted, in lessons or not.",
                columns=_bin_columns(self.district.time_zone),
                rows=self._bins(),
            ),
            Table(
                file="weeks.csv",
                about="Weeks whose lessons are over; of lesson time alone.",
                columns=(*_WEEK_COLUMNS, *(column for way in WAYS for column in _load_columns(way, self.district))),
                rows=self._weeks(),
            ),
        )

    def _bins(self) -> Iterator[UplinkBinRow]:
        for chunk in self.span.chunks():
            start, end = chunk.instants(self.district.time_zone)
            slots = {
                begins: slot.hour
                for monday in sorted({monday_of(day) for day in chunk.days()})
                for begins, slot in LessonSlots(self.district, monday).of(self.uplink).items()
            }
            for one in self.store.bins_between(start, end, uplink=self.uplink).get(self.uplink, ()):
                row = UplinkBinRow(bin=one, hour=slots.get(one.started_at))
                self.seen.bins += 1
                self.seen.counted += row.counted
                self.seen.methods[one.method] += 1
                self.seen.capacities[one.capacity_mbps] += 1
                yield row

    def _weeks(self) -> Iterator[UplinkWeekRow]:
        found = self.store.weeks_between(monday_of(self.span.first), self.span.last, uplink=self.uplink)
        for week in found.get(self.uplink, ()):
            self.seen.weeks.append(week)
            yield UplinkWeekRow(week=week, whole=self.span.holds_week(week.week))


def _bin_columns(time_zone: ZoneInfo) -> tuple[Column[UplinkBinRow], ...]:
    def of_bin(way: Direction, take: str) -> "Column[UplinkBinRow]":
        about = {
            "bytes": f"Octets {way}; down is towards the pupils.",
            "bps": f"The average rate {way} of what was counted, bits per second: 8 x {way}_bytes / counted_seconds.",
            "share": f"That as a share of the capacity: {way}_bps / (capacity_mbps x 1000000).",
        }[take]

        def of(row: UplinkBinRow) -> Cell:
            one = row.bin
            return {
                "bytes": one.down_bytes if way == "down" else one.up_bytes,
                "bps": one.bps(way),
                "share": one.share(way),
            }[take]

        return Column(name=f"{way}_{take}", about=about, of=of)

    return (
        Column(name="started_at_utc", about="When the five minutes began, UTC.", of=lambda row: row.bin.started_at),
        Column(
            name="started_at_local",
            about="The same by the district's clocks, with their distance from UTC.",
            of=lambda row: local(row.bin.started_at, time_zone),
        ),
        Column(
            name="in_session",
            about="Whether their middle lies in a lesson, by the timetable as it is now; of the district's uplink, in "
            "a lesson of any school.",
            of=lambda row: row.hour is not None,
        ),
        Column(name="hour", about="The local hour of the day, in lessons.", of=lambda row: row.hour),
        Column(
            name="counted",
            about=f"Whether they enter the week: in session, and {ENOUGH_SECONDS:g} seconds of them counted or more.",
            of=lambda row: row.counted,
        ),
        Column(name="method", about="How the octets were counted: see the method.", of=lambda row: row.bin.method),
        Column(
            name="counted_seconds",
            about="Of how many of the 300 seconds the octets are known.",
            of=lambda row: float(row.bin.counted_seconds),
        ),
        Column(
            name="capacity_mbps",
            about="What the uplink carries, Mbit/s, as was known then.",
            of=lambda row: row.bin.capacity_mbps,
        ),
        *(of_bin(way, take) for way in WAYS for take in ("bytes", "bps", "share")),
    )


_WEEK_COLUMNS: tuple[Column[UplinkWeekRow], ...] = (
    Column(name="week_from", about="Its Monday.", of=lambda row: row.week.week),
    Column(name="whole", about="Whether all of its days lie in the range of this pack.", of=lambda row: row.whole),
    Column(
        name="missing",
        about="Whether too little was counted to say how full it was; then the loads are empty.",
        of=lambda row: row.week.missing,
    ),
    Column(name="method", about="How most of it was counted.", of=lambda row: row.week.method),
    Column(name="capacity_mbps", about="That of its last counted bin.", of=lambda row: row.week.capacity_mbps),
    Column(name="lesson_days", about="Days with lessons.", of=lambda row: row.week.lesson_days),
    Column(
        name="counted_days",
        about="Those with 60 % of their lesson time counted.",
        of=lambda row: row.week.counted_days,
    ),
    Column(
        name="counted_share",
        about="The counted share of the week's lesson time, 0 to 1.",
        of=lambda row: row.week.counted_share,
    ),
    Column(
        name="fuller",
        about="The direction that is nearer to its limit: the one that is judged.",
        of=lambda row: row.week.fuller,
    ),
)


def _load_columns(way: Direction, district: District) -> tuple[Column[UplinkWeekRow], ...]:
    act = LEVEL_SHARES["act"]

    def headroom(row: UplinkWeekRow) -> Cell:
        load, capacity = row.week.loads.get(way), row.week.capacity_mbps
        return None if load is None or not capacity else act * capacity * 1e6 - load.busy_bps

    return (
        Column(
            name=f"{way}_busy_hour",
            about=f"The local hour of the day in whose counted bins the 95th percentile {way} is highest.",
            of=lambda row: load.busy_hour if (load := row.week.loads.get(way)) else None,
        ),
        Column(
            name=f"{way}_busy_bps",
            about="That percentile, by nearest rank, bits per second.",
            of=lambda row: load.busy_bps if (load := row.week.loads.get(way)) else None,
        ),
        Column(
            name=f"{way}_busy_share",
            about="That as a share of the capacity.",
            of=lambda row: row.week.busy_share(way),
        ),
        Column(
            name=f"{way}_headroom_bps",
            about=f"What is left of it up to {act:.0%} of the capacity; negative beyond.",
            of=headroom,
        ),
        Column(
            name=f"{way}_peak_bps",
            about="The fullest five minutes of lesson time.",
            of=lambda row: load.peak_bps if (load := row.week.loads.get(way)) else None,
        ),
        Column(
            name=f"{way}_peak_at_local",
            about="When these began.",
            of=lambda row: local(load.peak_at, district.time_zone) if (load := row.week.loads.get(way)) else None,
        ),
    )
