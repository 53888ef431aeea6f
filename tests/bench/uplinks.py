"""How long it takes to look ahead for all uplinks of a large district, from their stored weeks to the last forecast."""

import os
import random
import tempfile
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import duckdb

from collector.district.district import District, Site
from collector.store import duckdb_schema as schema
from collector.store.duckdb_store import DuckDbStore
from collector.uplinks.outlooks import Outlooks
from collector.verdict.uplinks.load import site_uplink
from collector.verdict.uplinks.outlook import Forecast
from tests.bench.bare_insert import CONFIG
from tests.bench.cores import MEASURED
from tests.bench.figure import Figure, Part, ratio
from tests.collector.board.districts import TIMETABLE
from tests.collector.uplink_weeks import a_week

UPLINKS, YEARS, ROUNDS = 200, 3, 3
WEEKS_A_YEAR = 36
LAST = date(2026, 11, 16)


def measure() -> Part:
    """Look ahead with nothing kept, then with all of it, and read the same rows barely."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {MEASURED})
    try:
        with tempfile.TemporaryDirectory(prefix="bandroom-bench-") as folder:
            path = Path(folder) / "bandroom.duckdb"
            fill(path)
            looked = look(path)
            bare, rows = read_barely(path)
    finally:
        os.sched_setaffinity(0, cores)
    against = f"bare DuckDB read of the same {rows:,} rows"
    return Part(
        title=f"Uplinks: {UPLINKS} of {YEARS} years, on one core",
        command="python -m tests.bench uplinks",
        figures=[
            Figure(
                name="look ahead for all, nothing kept",
                value=f"{looked.first:.2f} s",
                aim="5 s",
                reference=f"{bare:.3f} s",
                ratio=ratio(looked.first, bare),
                against=against,
            ),
            Figure(
                name="again, no week changed",
                value=f"{looked.again:.2f} s",
                reference=f"{bare:.3f} s",
                ratio=ratio(looked.again, bare),
                against=against,
            ),
        ],
        notes=[
            f"weeks of lessons read from the store, looked at, told; medians of {ROUNDS}",
            f"both together took {looked.processor:.2f} s of the processor",
            f"{looked.forecasts} of {UPLINKS} have a forecast, the others a reason against one",
        ],
    )


def taught() -> list[date]:
    """The Mondays of three school years, without summers."""
    weeks = [LAST - timedelta(weeks=before) for before in range(YEARS * 52)]
    return sorted(one for index, one in enumerate(weeks) if index % 52 < WEEKS_A_YEAR)


def fill(path: Path) -> None:
    """Uplinks of which most grow, at different paces."""
    chance = random.Random(1)
    store = DuckDbStore.open_store(path)
    for number in range(UPLINKS):
        slope = max(0.0, chance.uniform(-0.001, 0.005))
        store.uplinks.write_weeks(
            [
                a_week(0.2 + slope * at + chance.gauss(0, 0.02), week, uplink=site_uplink(f"school-{number}"))
                for at, week in enumerate(taught())
            ]
        )
    store.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Seconds for the first look and for another one, those of the processor for both, and how many forecasts."""

    first: float
    again: float
    processor: float
    forecasts: int


def look(path: Path) -> Looked:
    """Look twice, each time at all of them."""
    store = DuckDbStore.open_store(path)
    lessons = set(taught())
    closed = {
        day: ()
        for week in range(-YEARS * 52, 1)
        for day in (LAST + timedelta(weeks=week, days=one) for one in range(7))
        if LAST + timedelta(weeks=week) not in lessons
    }
    calendar = type(TIMETABLE)(
        time_zone=TIMETABLE.time_zone, lessons_by_weekday=TIMETABLE.lessons_by_weekday, lessons_by_date=closed
    )
    sites = tuple(Site(site=f"school-{number}", name=f"School {number}") for number in range(UPLINKS))
    district = District(name="Bench", calendar=calendar, sites=sites, rooms=())
    first: list[float] = []
    again: list[float] = []
    processor: list[float] = []
    forecasts = 0
    for _ in range(ROUNDS):
        outlooks = Outlooks(store, district, today=lambda: LAST + timedelta(days=5))
        before = time.process_time()
        for took in (first, again):
            began = time.perf_counter()
            _, found = outlooks.newest()
            took.append(time.perf_counter() - began)
            if len(found) != UPLINKS:
                raise SystemExit(f"{len(found)} of {UPLINKS} uplinks were looked at")
            forecasts = sum(isinstance(one.forecast, Forecast) for one in found.values())
            outlooks.forget()
        processor.append(time.process_time() - before)
    store.close()
    return Looked(first=median(first), again=median(again), processor=median(processor), forecasts=forecasts)


def read_barely(path: Path) -> tuple[float, int]:
    """Seconds for the rows alone, and how many there are."""
    query = f"SELECT {', '.join(schema.UPLINK_WEEKS)} FROM uplink_weeks ORDER BY uplink, week"
    took, rows = [], 0
    for _ in range(ROUNDS):
        with duckdb.connect(path, config=CONFIG) as connection:
            began = time.perf_counter()
            rows = len(connection.execute(query).fetchall())
            took.append(time.perf_counter() - began)
    return median(took), rows
