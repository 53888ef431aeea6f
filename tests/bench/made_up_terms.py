"""Stores of large districts over a term: a day of four schools, judged by the real code, copied to all others."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from collector.days import Days
from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.district.in_force import topology_of
from collector.district.rooms_csv import Room
from collector.judging.usual import Usual
from collector.store import duckdb_schema as schema
from collector.store.duckdb_store import DuckDbStore
from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary
from collector.verdict.slices import Slice, judge_slice
from tests.bench.reports import TYPICAL_US
from wire.histogram import Histogram

FIRST_DAY = date(2026, 8, 31)
"""A Monday."""
BIN_SECONDS = 300
BIN = timedelta(seconds=BIN_SECONDS)
ROOMS_A_SITE = 50
LESSONS = tuple(LessonTime(start=time(hour), end=time(hour + 1)) for hour in range(8, 15))
BINS_A_DAY = 84
TEMPLATE_ROOMS = 200
BAD, DEGRADED = 0.02, 0.03


def a_district(rooms: int) -> District:
    """So many rooms in schools of fifty, seven hours of lessons on week days."""
    sites = tuple(Site(site=f"school-{number}", name=f"School {number}") for number in range(-(-rooms // ROOMS_A_SITE)))
    return District(
        name="Bench",
        calendar=Calendar(time_zone=ZoneInfo("UTC"), lessons_by_weekday=dict.fromkeys(range(5), LESSONS)),
        sites=sites,
        rooms=tuple(
            Room(site=f"school-{number // ROOMS_A_SITE}", room=f"r{number}", seats=28) for number in range(rooms)
        ),
    )


def school_days(count: int) -> list[date]:
    """The first of the term."""
    days = [FIRST_DAY + timedelta(days=number) for number in range(count * 2)]
    return [day for day in days if day.weekday() < 5][:count]


def fill_term(path: Path, district: District, days: Sequence[date], *, with_bins: bool) -> None:
    """Make a store of judged days at `path`; of bins where these are wanted."""
    template = path.with_name("template.duckdb")
    _one_day(template)
    DuckDbStore.open_store(path).close()
    chance = random.Random(3)
    with duckdb.connect(path) as connection:
        connection.execute(f"ATTACH '{template}' AS template (READ_ONLY)")
        connection.execute("CREATE TEMP TABLE places (site VARCHAR, room VARCHAR, template VARCHAR)")
        for day in days:
            rows = [(one.site, one.room, f"r{chance.randrange(TEMPLATE_ROOMS)}") for one in district.rooms]
            connection.execute("DELETE FROM places")
            connection.execute(
                "INSERT INTO places SELECT unnest($1), unnest($2), unnest($3)",
                [list(one) for one in zip(*rows, strict=True)],
            )
            shift = (day - FIRST_DAY).days
            for table, columns in _copied(with_bins):
                values = ", ".join(_shifted(name, shift) for name in columns)
                connection.execute(
                    f"INSERT INTO {table} SELECT {values} FROM template.{table} AS one"
                    " JOIN places ON one.room = places.template"
                    + (" ORDER BY started_at" if table != "room_days" else "")
                )
    template.unlink()


def _copied(with_bins: bool) -> list[tuple[str, dict[str, str]]]:
    bins = [("bins", schema.BINS), ("bin_targets", schema.BIN_TARGETS)] if with_bins else []
    return [*bins, ("room_days", schema.ROOM_DAYS)]


def _shifted(name: str, days: int) -> str:
    if name in {"site", "room"}:
        return f"places.{name}"
    if name in {"started_at", "example_at"}:
        return f"one.{name} + to_days({days}) AS {name}"
    return f"one.day + {days}" if name == "day" else f"one.{name}"


def _one_day(path: Path) -> None:
    """Four schools on the term's first day: most bins good, in bursts some that are not."""
    district = a_district(TEMPLATE_ROOMS)
    chance = random.Random(2)
    store = DuckDbStore.open_store(path)
    baselines = Baselines()
    start = datetime.combine(FIRST_DAY, time(8), tzinfo=UTC)
    slow = dict.fromkeys((one.room for one in district.rooms), 1.0)
    for number in range(BINS_A_DAY):
        for room, times in slow.items():
            if times != 1 and chance.random() > 0.3:
                continue
            dice = chance.random()
            slow[room] = 25.0 if dice < BAD * 0.3 else chance.uniform(6, 12) if dice < (BAD + DEGRADED) * 0.3 else 1.0
        whole = Slice(
            started_at=start + number * BIN,
            seconds=BIN_SECONDS,
            day=FIRST_DAY,
            latency={
                (one.site, one.room): [_summary(one.room, target, slow[one.room], chance) for target in TYPICAL_US]
                for one in district.rooms
            },
            profiles={one.site: district.profiles.in_force() for one in district.sites},
            profiles_digest=district.profiles.digest,
        )
        store.write_bins(judge_slice(whole, topology=topology_of(district), baselines=baselines), judged_through=None)
    usual = Usual(store, district, bin_seconds=BIN_SECONDS, clock=lambda: start + timedelta(hours=10))
    days = Days(store, district, usual, bin_seconds=BIN_SECONDS, settle_seconds=0)
    days.write(FIRST_DAY, {(one.site, one.room) for one in district.rooms})
    store.close()


def _summary(room: str, target: str, times: float, chance: random.Random) -> LatencySummary:
    us = [TYPICAL_US[target][1] * times * chance.lognormvariate(0, 0.25) for _ in range(60)]
    return LatencySummary(
        agent=room.rjust(16, "0"),
        target=target,
        method=TYPICAL_US[target][0],
        sent=60,
        received=60,
        probed_ms=BIN_SECONDS * 1000,
        histogram=Histogram.of(us),
        repaired=False,
    )
