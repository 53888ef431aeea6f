"""How long it takes to make five minutes of many uplinks of their octets, and their week of its bins."""

import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import duckdb

from collector.district.district import District, Site
from collector.store import duckdb_schema as schema
from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import Arrival
from collector.uplinks.outlooks import Outlooks
from collector.uplinks.uplinks import LONGEST, Uplinks
from collector.verdict.uplinks.load import UplinkBin, site_uplink
from tests.bench.bare_insert import CONFIG
from tests.bench.cores import MEASURED
from tests.bench.figure import Figure, Part, ratio
from tests.bench.made_up_terms import BIN, FIRST_DAY, a_district
from wire.uplink_report import UplinkReport

UPLINKS, BINS = 200, 3
MINUTE = timedelta(minutes=1)
MONDAY = datetime.combine(FIRST_DAY, datetime.min.time(), tzinfo=UTC)
EVENING = MONDAY + timedelta(days=4, hours=16)


def measure() -> Part:
    """Close bins one after the other, then the week."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {MEASURED})
    try:
        with tempfile.TemporaryDirectory(prefix="bandroom-bench-") as folder:
            path = Path(folder) / "bandroom.duckdb"
            district = _fill(path)
            week = _close_week(path, district)
            bins, octets = _close_bins(path, district)
    finally:
        os.sched_setaffinity(0, cores)
    return Part(
        title=f"What {UPLINKS} uplinks carry, on one core",
        command="python -m tests.bench octets",
        figures=[_figure("close five minutes", *bins), _figure("close a week", *week)],
        notes=[
            f"five minutes: a report a minute of each, {octets:,} read with those that may reach in; median of {BINS}",
            "a week: the bins of its lessons read, five days of seven hours; its weeks written",
        ],
    )


def _figure(name: str, seconds: float, bare: float, rows: int) -> Figure:
    return Figure(
        name=name,
        value=f"{seconds:.2f} s",
        reference=f"{bare:.3f} s",
        ratio=ratio(seconds, bare),
        against=f"bare DuckDB read of the same {rows:,} rows",
    )


def _fill(path: Path) -> District:
    """A week of bins around the clock."""
    sites = tuple(Site(site=f"school-{number}", name=f"School {number}", uplink_mbps=1000) for number in range(UPLINKS))
    district = replace(a_district(1), sites=sites)
    chance = random.Random(5)
    store = DuckDbStore.open_store(path)
    for day in range(5):
        midnight = MONDAY + timedelta(days=day)
        store.uplinks.write_bins(
            [
                UplinkBin(
                    uplink=site_uplink(one.site),
                    started_at=midnight + number * BIN,
                    method="snmp",
                    counted_seconds=300.0,
                    down_bytes=chance.randrange(3 * 10**10),
                    up_bytes=chance.randrange(3 * 10**9),
                    capacity_mbps=1000,
                )
                for one in sites
                for number in range(288)
            ]
        )
    store.close()
    return district


def _arrival(site: str, seq: int, started_at: datetime) -> Arrival:
    report = UplinkReport(
        seq=seq,
        boot_ms=0,
        duration_ms=60_000,
        uplink="site",
        method="snmp",
        method_version=1,
        down_bytes=3_000_000_000,
        up_bytes=150_000_000,
        speed_mbps=1000,
    )
    return Arrival(
        agent=f"{site:0>16}", site=site, room="mdf", boot="b" * 16, started_at=started_at, repaired=False, report=report
    )


def _outlooks(store: DuckDbStore, district: District) -> Outlooks:
    return Outlooks(store, district, today=EVENING.date)


def _close_bins(path: Path, district: District) -> tuple[tuple[float, float, int], int]:
    store = DuckDbStore.open_store(path)
    for minute in range(-60, 5 * BINS):
        store.write_reports([_arrival(one.site, minute + 61, EVENING + minute * MINUTE) for one in district.sites])
    uplinks = Uplinks(store, district, outlooks=_outlooks(store, district), settle_seconds=0)
    uplinks.tick(EVENING)  # the hour before
    took = []
    for number in range(1, BINS + 1):
        now = EVENING + number * BIN
        took.append(_timed(partial(uplinks.tick, now)))
    store.close()
    end = EVENING + BINS * BIN
    query = f"SELECT {', '.join(schema.REPORT_TABLES['uplink'])} FROM uplink WHERE started_at >= $1 AND started_at < $2"
    bare, rows = _bare(path, query, [end - BIN - LONGEST, end])
    return (median(took), bare, rows), rows


def _close_week(path: Path, district: District) -> tuple[float, float, int]:
    store = DuckDbStore.open_store(path)
    uplinks = Uplinks(store, district, outlooks=_outlooks(store, district), settle_seconds=0)
    seconds = _timed(lambda: uplinks.tick(EVENING))
    weeks = store.uplinks.weeks_between(FIRST_DAY, FIRST_DAY)
    store.close()
    if len(weeks) != UPLINKS:
        raise SystemExit(f"{len(weeks)} of {UPLINKS} weeks were written")
    query = f"SELECT {', '.join(schema.UPLINK_BINS)} FROM uplink_bins WHERE hour(started_at) BETWEEN 8 AND 14"
    bare, rows = _bare(path, query, [])
    return seconds, bare, rows


def _bare(path: Path, query: str, values: list[datetime]) -> tuple[float, int]:
    with duckdb.connect(path, config=CONFIG) as connection:
        began = time.perf_counter()
        rows = len(connection.execute(query, [one.replace(tzinfo=None) for one in values]).fetchall())
        return time.perf_counter() - began, rows


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
