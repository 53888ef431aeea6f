"""How long it takes to close one bin of a large district: read, judge, write."""

import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

import duckdb

from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import Arrival
from collector.verdict.bins import RoomBin, judge_bin
from collector.verdict.profiles import default_profiles
from tests.bench.bare_insert import CONFIG
from tests.bench.cores import MEASURED
from tests.bench.figure import Figure, Part, ratio
from tests.bench.reports import TYPICAL_US, latency_report

ROOMS = 1_000
BINS = 7
BIN_SECONDS = 300
MINUTES = BIN_SECONDS // 60
FIRST_BIN = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
BIN = timedelta(seconds=BIN_SECONDS)
ROWS = ROOMS * MINUTES * len(TYPICAL_US)

T = TypeVar("T")


def measure() -> Part:
    """Close every bin of a store once, then read the same rows with DuckDB alone."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {MEASURED})
    try:
        with tempfile.TemporaryDirectory(prefix="bandroom-bench-") as name:
            path = Path(name) / "bandroom.duckdb"
            store = DuckDbStore.open_store(path)
            _fill(store)
            closed = [_close(store, FIRST_BIN + number * BIN) for number in range(BINS)]
            store.close()
            bare = _bare_read(path)
    finally:
        os.sched_setaffinity(0, cores)
    read, judge, write = (median(one[step] for one in closed) for step in range(3))
    whole = median(sum(one) for one in closed)
    return Part(
        title=f"Judging: one {MINUTES}-minute bin of {ROOMS:,} rooms ({ROWS:,} reports), on one core",
        command="python -m tests.bench judging",
        figures=[
            Figure(
                name="read, judge, write",
                value=f"{whole:.2f} s",
                reference=f"{bare:.3f} s",
                ratio=ratio(whole, bare),
                against="bare DuckDB read of the same rows",
            ),
            Figure(name="  read and merge", value=f"{read:.2f} s", ratio=ratio(read, bare)),
            Figure(name="  judge", value=f"{judge:.2f} s", ratio=ratio(judge, bare)),
            Figure(name="  write", value=f"{write:.2f} s", ratio=ratio(write, bare)),
            Figure(name="share of the bin's time", value=f"{whole / BIN_SECONDS:.2%}"),
        ],
        notes=[
            f"medians of {BINS} bins, one after the other, in a store of {ROWS * BINS:,} reports on core {MEASURED}"
        ],
    )


def _fill(store: DuckDbStore) -> None:
    chance = random.Random(1)
    samples = {
        target: [latency_report(target, seq=1, boot_ms=0, chance=chance) for _ in range(300)] for target in TYPICAL_US
    }
    for minute in range(BINS * MINUTES):
        store.write_reports(
            [
                Arrival(
                    agent=f"{room:016x}",
                    site=f"school-{room // 50}",
                    room=f"r{room}",
                    boot="b" * 16,
                    started_at=FIRST_BIN + timedelta(minutes=minute),
                    repaired=False,
                    report=replace(chance.choice(samples[target]), seq=minute * len(TYPICAL_US) + at + 1),
                )
                for room in range(ROOMS)
                for at, target in enumerate(TYPICAL_US)
            ]
        )


def _close(store: DuckDbStore, start: datetime) -> tuple[float, float, float]:
    """Seconds for each step, as `collector.engine` takes them."""
    profiles = default_profiles()
    read, found = _timed(lambda: store.latency_between(start, start + BIN, bin_seconds=BIN_SECONDS))
    judge, judged = _timed(
        lambda: [
            judge_bin(
                site=site,
                room=room,
                started_at=started_at,
                seconds=BIN_SECONDS,
                summaries=summaries,
                profiles=profiles.in_force(),
                profiles_digest=profiles.digest,
            )
            for (site, room, started_at), summaries in found.items()
        ]
    )
    bins = [one for one in judged if isinstance(one, RoomBin) and one.valid]
    if len(bins) != ROOMS:
        raise SystemExit(f"{len(bins)} of {ROOMS} rooms were judged")
    write, _ = _timed(lambda: store.write_bins(bins, judged_through=start + BIN))
    return read, judge, write


def _bare_read(path: Path) -> float:
    columns = "site, room, agent, target, method, sent, received, interval_ms, histogram, repaired"
    query = f"SELECT {columns} FROM latency WHERE started_at >= $1 AND started_at < $2"
    took = []
    with duckdb.connect(path, config=CONFIG) as connection:
        for number in range(BINS):
            start = (FIRST_BIN + number * BIN).replace(tzinfo=None)
            began = time.perf_counter()
            rows = connection.execute(query, [start, start + BIN]).fetchall()
            took.append(time.perf_counter() - began)
            if len(rows) != ROWS:
                raise SystemExit(f"{len(rows)} of {ROWS} rows were read")
    return median(took)


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done
