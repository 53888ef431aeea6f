"""How long the weekly page of a large district takes, from stored weeks to the last file, and in how much memory."""

import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import duckdb

from collector.brief.briefs import Briefs
from collector.brief.faces import FACES
from collector.judged_weeks import JudgedWeeks
from collector.settings import Settings
from collector.store import duckdb_schema as schema
from collector.store.duckdb_store import DuckDbStore
from collector.uplinks.outlooks import Outlooks
from collector.verdict.causes import Cause, Located
from collector.verdict.days import RoomDay, Seconds
from collector.verdict.uplinks.load import DISTRICT, Load, UplinkWeek, site_uplink
from collector.verdict.weeks import RoomWeek, room_week
from tests.bench.bare_insert import CONFIG
from tests.bench.cores import MEASURED
from tests.bench.figure import Figure, Part, ratio
from tests.bench.made_up_terms import BINS_A_DAY, FIRST_DAY, ROOMS_A_SITE, TEMPLATE_ROOMS, a_district
from tests.collector.board.districts import a_district as a_shown_district
from tests.collector.board.districts import a_room, a_site
from wire.histogram import Histogram

ROOMS = 5_000
WEEKS = 36
"""A school year."""
CAUSES: tuple[Cause, ...] = ("room_access", "site_lan", "site_uplink", "isp_egress", "undetermined")
TROUBLED = 0.12
"""Rooms that have a bad time for some weeks: more than a district would bear."""
NEWEST = FIRST_DAY + timedelta(weeks=WEEKS - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of each step, of a bare read of the week's rows and of all rows, and the most memory in bytes."""

    value: float
    faces: dict[str, float]
    bare: float
    rows: int
    bare_all: float
    all_rows: int
    restricted: int
    memory: int
    sizes: dict[str, int]


def measure() -> Part:
    """In a process of its own, on one core."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {MEASURED})
    try:
        with (
            tempfile.TemporaryDirectory(prefix="bandroom-bench-") as name,
            ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool,
        ):
            path = Path(name) / "bandroom.duckdb"
            pool.submit(fill, path).result()
            took = pool.submit(make, path).result()
    finally:
        os.sched_setaffinity(0, cores)
    whole = took.value + sum(took.faces.values())
    against = f"bare DuckDB read of the week's {took.rows:,} rows"
    uplinks = ROOMS // ROOMS_A_SITE + 1
    return Part(
        title=f"The weekly page: {ROOMS:,} rooms, {uplinks} uplinks, {WEEKS} stored weeks, on one core",
        command="python -m tests.bench brief",
        figures=[
            Figure(
                name="stored weeks to the last file",
                value=f"{whole:.2f} s",
                aim="30 s",
                reference=f"{took.bare:.3f} s",
                ratio=ratio(whole, took.bare),
                against=against,
            ),
            Figure(
                name="of these the page as a value",
                value=f"{took.value:.2f} s",
                reference=f"{took.bare_all:.3f} s",
                ratio=ratio(took.value, took.bare_all),
                against=f"bare DuckDB read of all {took.all_rows:,} rows",
            ),
            *(
                Figure(
                    name=f"of these the {ending} file", value=f"{seconds:.2f} s, {took.sizes[ending] / 1000:,.0f} kB"
                )
                for ending, seconds in took.faces.items()
            ),
            Figure(name="most memory", value=f"{took.memory / 2**20:.0f} MB", aim="500 MB"),
        ],
        notes=[
            f"{took.restricted:,} rooms are restricted; the weeks before are read to say since when, each at most once",
        ],
    )


def fill(path: Path) -> None:
    """Weeks of some rooms, judged by the real rule, copied to all."""
    store = DuckDbStore.open_store(path)
    district = a_district(TEMPLATE_ROOMS)
    for number, room in enumerate(district.rooms):
        store.write_weeks(list(_weeks(room.site, room.room, random.Random(number))))
    lines = [DISTRICT, *(site_uplink(one.site) for one in a_district(ROOMS).sites)]
    store.uplinks.write_weeks([week for number, one in enumerate(lines) for week in _loads(one, random.Random(number))])
    store.close()
    copied = {
        "room": "'r' || (substr(room, 2)::INTEGER + copy)",
        "site": f"'school-' || ((substr(room, 2)::INTEGER + copy) // {ROOMS_A_SITE})",
    }
    values = ", ".join(copied.get(name, name) for name in schema.ROOM_WEEKS)
    with duckdb.connect(path) as connection:
        connection.execute(
            f"INSERT INTO room_weeks SELECT {values} FROM room_weeks,"
            f" unnest(range({TEMPLATE_ROOMS}, {ROOMS}, {TEMPLATE_ROOMS})) AS of(copy)"
        )


def make(path: Path) -> Took:
    """The page and its files, as the collector makes them."""
    bare, rows = _bare(path, f"SELECT {', '.join(schema.ROOM_WEEKS)} FROM room_weeks WHERE week = ?", [NEWEST])
    bare_all, all_rows = _bare(path, f"SELECT {', '.join(schema.ROOM_WEEKS)} FROM room_weeks", [])
    store = DuckDbStore.open_store(path)
    district = a_district(ROOMS)
    shown = a_shown_district(
        *(
            a_site(
                *(a_room(one.room, "ok", one.site) for one in district.rooms if one.site == site.site), site=site.site
            )
            for site in district.sites
        )
    )
    outlooks = Outlooks(store, district, today=lambda: NEWEST + timedelta(weeks=1))
    briefs = Briefs(
        store=store,
        weeks=JudgedWeeks(store),
        district=district,
        settings=Settings(),
        now=lambda: shown,
        outlooks=lambda week: tuple(outlooks.of_week(week).values()),
        clock=lambda: datetime.combine(NEWEST, datetime.min.time(), UTC) + timedelta(days=7),
    )
    began = time.perf_counter()
    page = briefs.named("newest")
    value = time.perf_counter() - began
    faces, sizes = {}, {}
    for ending in FACES:
        began = time.perf_counter()
        sizes[ending] = len(briefs.face(page, ending))
        faces[ending] = time.perf_counter() - began
    store.close()
    return Took(
        value=value,
        faces=faces,
        bare=bare,
        rows=rows,
        bare_all=bare_all,
        all_rows=all_rows,
        restricted=page.counts["restricted"],
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        sizes=sizes,
    )


def _loads(uplink: str, chance: random.Random) -> Iterator[UplinkWeek]:
    """A line that grows by about a percent of its capacity a week, and is never quite as before."""
    start, growth = chance.uniform(0.1, 0.5), chance.uniform(0, 0.015)
    for number in range(WEEKS):
        week = FIRST_DAY + timedelta(weeks=number)
        busy_bps = 1e9 * min(0.9, max(0.01, start + growth * number + chance.gauss(0, 0.03)))
        at = datetime.combine(week, datetime.min.time(), UTC)
        load = Load(busy_bps=busy_bps, busy_hour=10, peak_bps=1.1 * busy_bps, peak_at=at)
        yield UplinkWeek(
            uplink=uplink,
            week=week,
            method="snmp",
            capacity_mbps=1000,
            lesson_days=5,
            counted_days=5,
            counted_share=1.0,
            loads={"down": load, "up": load},
        )


def _weeks(site: str, room: str, chance: random.Random) -> Iterator[RoomWeek]:
    before = None
    first = chance.randrange(WEEKS) if chance.random() < TROUBLED else WEEKS
    cause = chance.choice(CAUSES)
    for number in range(WEEKS):
        monday = FIRST_DAY + timedelta(weeks=number)
        share = chance.uniform(0.15, 0.6) if number >= first else 0.01
        days = [_day(site, room, monday + timedelta(days=day), share, cause, chance) for day in range(5)]
        before = room_week(days, site=site, room=room, week=monday, before=before)
        yield before


def _day(  # noqa: PLR0917  # what a day is made of
    site: str, room: str, day: date, share: float, cause: Cause, chance: random.Random
) -> RoomDay:
    marks = "".join(chance.choices("Bgd", (share, 1 - share, 0.02), k=BINS_A_DAY))
    bad = marks.count("B")
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    located = Located(cause=cause, confidence="medium", rule="L2", medium="wifi", peers=9)
    return RoomDay(
        site=site,
        room=room,
        day=day,
        started_at=midnight,
        closed_seconds=BINS_A_DAY * 300,
        seconds=Seconds(),
        by_profile={},
        sent=0,
        received=0,
        histogram=Histogram(),
        worst="latency" if bad else None,
        profile="video_lesson" if bad else None,
        profiles_digest="a" * 16,
        marks=marks,
        lessons=7,
        hit_lessons=("08:00\N{EN DASH}09:00",) * min(7, bad // 4),
        causes={cause: bad} if bad else {},
        example=located if bad else None,
        example_at=midnight if bad else None,
    )


def _bare(path: Path, query: str, values: Sequence[object]) -> tuple[float, int]:
    rows = 0
    with duckdb.connect(path, config=CONFIG) as connection:
        began = time.perf_counter()
        found = connection.execute(query, list(values))
        while some := found.fetchmany(50_000):
            rows += len(some)
        return time.perf_counter() - began, rows
