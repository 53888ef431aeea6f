"""How long it takes to close a bin and a week of a large district and to judge a term again, in how much memory."""

import os
import random
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TypeVar

import duckdb

from collector.days import Days
from collector.district.district import District
from collector.judging.bin_judge import BinJudge
from collector.judging.rejudge import Rejudge
from collector.judging.usual import Usual
from collector.registry.registry import Registry
from collector.store import duckdb_schema as schema
from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import Arrival
from collector.verdict.profiles import Profiles
from collector.weeks import Weeks
from tests.bench.bare_insert import CONFIG
from tests.bench.cores import MEASURED
from tests.bench.figure import Figure, Part, ratio
from tests.bench.made_up_terms import BIN, BIN_SECONDS, a_district, fill_term, school_days
from tests.bench.reports import TYPICAL_US, latency_report

SIZES = (500, 1_000, 5_000)
BINS = 3
MINUTES = BIN_SECONDS // 60
FIRST_BIN = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
SAMPLED_ROOMS = 100
TERM_ROOMS, TERM_DAYS = 500, 90
STRICTER_MS = 180

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of ours and of a bare read of the same rows, how many those are, and the most memory in bytes."""

    seconds: float
    bare: float
    rows: int
    memory: int
    note: str = ""


def measure() -> Part:
    """Each size in a process of its own, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {MEASURED})
    try:
        with tempfile.TemporaryDirectory(prefix="bandroom-bench-") as name:
            folder = Path(name)
            bins = {rooms: _apart(close_bins, folder / f"bins-{rooms}", rooms) for rooms in SIZES}
            weeks = {rooms: _apart(close_week, folder / f"week-{rooms}", rooms) for rooms in SIZES}
            term = _apart(judge_again, folder / "term", TERM_ROOMS)
    finally:
        os.sched_setaffinity(0, cores)
    largest = SIZES[-1]
    most = max(one.memory for one in (*bins.values(), *weeks.values(), term))
    return Part(
        title="Judging, on one core",
        command="python -m tests.bench judging",
        figures=[
            *(_figure(f"close a bin, {rooms:,} rooms", one, "2 s" * (rooms == largest)) for rooms, one in bins.items()),
            *(
                _figure(f"judge a week, {rooms:,} rooms", one, "20 s" * (rooms == largest))
                for rooms, one in weeks.items()
            ),
            _figure(f"judge {TERM_DAYS} days again, {TERM_ROOMS} rooms", term, "60 s"),
            Figure(name="most memory", value=f"{most / 2**20:.0f} MB", aim="1024 MB"),
        ],
        notes=[
            f"a bin: {MINUTES} reports of each of {len(TYPICAL_US)} targets, read, judged, written; medians of {BINS}",
            "a week: 5 stored days, read, judged, written",
            term.note,
        ],
    )


def _figure(name: str, one: Took, aim: str) -> Figure:
    return Figure(
        name=name,
        value=f"{one.seconds:.2f} s",
        aim=aim,
        reference=f"{one.bare:.3f} s",
        ratio=ratio(one.seconds, one.bare),
        against=f"bare DuckDB read of the same {one.rows:,} rows",
    )


def _apart(work: Callable[[Path, int], Took], folder: Path, rooms: int) -> Took:
    """In a process of its own, so that the memory is its own."""
    folder.mkdir()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        pool.submit(FILL[work], folder / "bandroom.duckdb", rooms).result()
        return pool.submit(work, folder / "bandroom.duckdb", rooms).result()


def fill_bins(path: Path, rooms: int) -> None:
    """Reports of some rooms, copied to all."""
    chance = random.Random(1)
    store = DuckDbStore.open_store(path)
    district = a_district(SAMPLED_ROOMS)
    for minute in range(BINS * MINUTES):
        store.write_reports(
            [
                Arrival(
                    agent=f"{one.room:0>16}",
                    site=one.site,
                    room=one.room,
                    boot="b" * 16,
                    started_at=FIRST_BIN + timedelta(minutes=minute),
                    repaired=False,
                    report=replace(latency_report(target, seq=1, boot_ms=0, chance=chance), seq=minute * 3 + at + 1),
                )
                for one in district.rooms
                for at, target in enumerate(TYPICAL_US)
            ]
        )
    store.close()
    names = {
        "room": "'r' || (substr(room, 2)::INTEGER + copy)",
        "site": "'school-' || ((substr(room, 2)::INTEGER + copy) // 50)",
        "agent": "lpad('r' || (substr(room, 2)::INTEGER + copy), 16, '0')",
    }
    values = ", ".join(names.get(name, name) for name in schema.REPORT_TABLES["latency"])
    with duckdb.connect(path) as connection:
        connection.execute(
            f"INSERT INTO latency SELECT {values} FROM latency,"
            f" range({SAMPLED_ROOMS}, {rooms}, {SAMPLED_ROOMS}) AS copies(copy) ORDER BY started_at"
        )


def close_bins(path: Path, rooms: int) -> Took:
    """Close every bin of a store once."""
    district = a_district(rooms)
    store = DuckDbStore.open_store(path)
    registry = Registry.open_registry("sqlite://")
    usual = Usual(store, district, bin_seconds=BIN_SECONDS, clock=lambda: FIRST_BIN)
    judge = BinJudge(
        store=store, registry=registry, district=district, bin_seconds=BIN_SECONDS, settle_seconds=0, usual=usual
    )
    usual.learning()
    took = []
    for number in range(BINS):
        start = FIRST_BIN + number * BIN

        def close(start: datetime = start) -> None:
            for span in judge.judge([(one.site, one.room, start) for one in district.rooms]):
                store.write_bins(span.bins, judged_through=None)

        took.append(_timed(close))
    judged = sum(map(len, store.bins_between(FIRST_BIN, FIRST_BIN + BINS * BIN).values()))
    store.close()
    if judged != rooms * BINS:
        raise SystemExit(f"{judged} of {rooms * BINS} bins were judged")
    memory = _memory()
    query = (
        f"SELECT {', '.join(schema.REPORT_TABLES['latency'])} FROM latency WHERE started_at >= $1 AND started_at < $2"
    )
    at = FIRST_BIN.replace(tzinfo=None)
    bare, rows = _bare(path, query, [at, at + BIN])
    return Took(seconds=median(took), bare=bare, rows=rows, memory=memory)


def fill_week(path: Path, rooms: int) -> None:
    """A week's days."""
    fill_term(path, a_district(rooms), school_days(5), with_bins=False)


def close_week(path: Path, rooms: int) -> Took:
    """Judge a week of all rooms from their days."""
    store = DuckDbStore.open_store(path)
    days = school_days(5)
    _, weeks = _weeks(store, a_district(rooms))
    seconds = _timed(lambda: weeks.close(datetime.combine(days[-1], FIRST_BIN.timetz()) + timedelta(hours=10)))
    judged = len(store.room_weeks_between(days[0], days[0]))
    store.close()
    if judged != rooms:
        raise SystemExit(f"{judged} of {rooms} weeks were judged")
    memory = _memory()
    bare, rows = _bare(path, f"SELECT {', '.join(schema.ROOM_DAYS)} FROM room_days", [])
    return Took(seconds=seconds, bare=bare, rows=rows, memory=memory)


def _weeks(store: DuckDbStore, district: District) -> tuple[Days, Weeks]:
    usual = Usual(store, district, bin_seconds=BIN_SECONDS, clock=lambda: FIRST_BIN)
    days = Days(store, district, usual, bin_seconds=BIN_SECONDS, settle_seconds=0)
    return days, Weeks(store, district, days)


def fill_days(path: Path, rooms: int) -> None:
    """A term's days with their bins."""
    fill_term(path, a_district(rooms), school_days(TERM_DAYS), with_bins=True)


def judge_again(path: Path, rooms: int) -> Took:
    """Judge a term again by a limit that is somewhat stricter, and keep it."""
    district = a_district(rooms)
    video = district.profiles.by_name["video_lesson"]
    rtt = tuple(replace(one, unacceptable_ms=STRICTER_MS) if one.percentile == 95 else one for one in video.rtt)
    profiles = Profiles(
        by_name=district.profiles.by_name | {"video_lesson": replace(video, rtt=rtt)}, digest="stricter"
    )
    store = DuckDbStore.open_store(path)
    rejudge = Rejudge(
        store,
        Registry.open_registry("sqlite://"),
        replace(district, profiles=profiles),
        bin_seconds=BIN_SECONDS,
        write=True,
        now=FIRST_BIN + timedelta(days=365),
    )
    days = rejudge.school_days(school_days(TERM_DAYS)[0], school_days(TERM_DAYS)[-1])
    began = time.perf_counter()
    judged = list(rejudge.run(days))
    weeks = rejudge.weeks()
    seconds = time.perf_counter() - began
    store.close()
    memory = _memory()
    bare, rows = _bare(path, f"SELECT {', '.join(schema.BINS)} FROM bins", [], at_once=50_000)
    changed = sum(one.changed_bins for one in judged)
    note = (
        f"again: a video lesson at {STRICTER_MS} ms instead of 200 changes {changed:,} of {rows:,} bins, "
        f"{sum(one.changed_rooms for one in judged):,} rooms' days and {len(weeks):,} weeks, all written"
    )
    return Took(seconds=seconds, bare=bare, rows=rows, memory=memory, note=note)


FILL: dict[Callable[[Path, int], Took], Callable[[Path, int], None]] = {
    close_bins: fill_bins,
    close_week: fill_week,
    judge_again: fill_days,
}


def _bare(path: Path, query: str, values: list[object], *, at_once: int = 1_000_000) -> tuple[float, int]:
    rows = 0
    with duckdb.connect(path, config=CONFIG) as connection:
        began = time.perf_counter()
        found = connection.execute(query, values)
        while some := found.fetchmany(at_once):
            rows += len(some)
        return time.perf_counter() - began, rows


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _memory() -> int:
    """The most that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
