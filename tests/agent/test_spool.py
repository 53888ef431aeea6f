import logging
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.spool import Boot, Spool, SpoolLost, rank_of
from tests.agent.reports import READING, health, latency
from wire.reports import Report

MIB = 2**20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.sqlite"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    opened = open_spool(path)
    yield opened
    opened.close()


def open_spool(path: Path, marker: str | None = "boot-1", limit_bytes: int = 64 * MIB) -> Spool:
    opened = Spool(path, limit_bytes=limit_bytes)
    opened.open(marker=marker, reading=READING)
    return opened


def everything(spool: Spool) -> list[Report]:
    return [report for boot in spool.boots() for report in spool.read(boot, 100_000)]


def test_what_was_added_is_read_in_order_until_it_is_settled(spool: Spool) -> None:
    spool.add([latency(), health()], READING)
    (boot,) = spool.boots()
    first, second = spool.read(boot, 10)
    assert (first.seq, second.seq) == (1, 2)
    assert boot.current

    spool.settle(boot, delivered=[1], refused={})

    assert spool.read(boot, 10) == [second]
    assert len(spool.read(boot, 0)) == 0


def test_every_number_is_accounted_for(spool: Spool) -> None:
    spool.add([latency() for _ in range(10)], READING, lost=3)
    (boot,) = spool.boots()
    spool.settle(boot, delivered=[4, 5, 6], refused={7: "out_of_range"})
    spool.settle(boot, delivered=[4], refused={7: "out_of_range"})  # said twice, counted once

    counts = spool.counts()

    assert (counts.delivered, counts.dropped, counts.quarantined, counts.waiting) == (3, 3, 1, 6)
    assert counts.numbered == counts.delivered + counts.dropped + counts.quarantined + counts.waiting


def test_a_number_is_never_given_twice(path: Path) -> None:
    given = []
    for _ in range(3):
        spool = open_spool(path)
        spool.add([latency()], READING)
        (boot,) = spool.boots()
        (report,) = spool.read(boot, 10)
        given.append((boot.boot, report.seq))
        spool.settle(boot, delivered=[report.seq], refused={})
        spool.close()

    assert [seq for _, seq in given] == [1, 2, 3]


def test_a_new_spool_draws_a_new_name_for_the_same_boot(tmp_path: Path) -> None:
    names = set()
    for number in range(3):
        spool = open_spool(tmp_path / f"{number}.sqlite")
        spool.add([latency()], READING)
        names.add(spool.boots()[0].boot)
        spool.close()

    assert len(names) == 3


def test_the_systems_own_name_of_the_boot_is_never_what_travels(spool: Spool) -> None:
    spool.add([latency()], READING)

    assert spool.boots()[0].boot != "boot-1"
    assert len(spool.boots()[0].boot) == 16


def test_a_restart_within_a_boot_goes_on_with_it_and_a_new_boot_does_not(path: Path) -> None:
    def add(marker: str | None, boot_ms: int = READING.boot_ms) -> None:
        spool = Spool(path)
        spool.open(marker=marker, reading=replace(READING, boot_ms=boot_ms))
        spool.add([latency()], replace(READING, boot_ms=boot_ms))
        spool.close()

    add("boot-1")
    add("boot-1")
    add("boot-2")
    add(None)
    add(None)
    add("boot-2", boot_ms=5)  # the system says so, but its clock began anew
    spool = open_spool(path)

    assert [len(spool.read(boot, 10)) for boot in spool.boots()] == [2, 1, 1, 1, 1]
    spool.close()


def test_the_best_reading_of_a_past_boot_is_kept(path: Path) -> None:
    spool = Spool(path)
    wrong = replace(READING, wall_ms=1, synchronised=False)
    spool.open(marker="boot-1", reading=wrong)
    good = replace(READING, boot_ms=1_060_000, wall_ms=1_760_000_060_000)
    spool.add([latency()], good)
    spool.add([latency()], replace(wrong, boot_ms=1_120_000))
    spool.close()
    spool = open_spool(path, marker="boot-2")

    (boot,) = spool.boots()

    assert not boot.current
    assert boot.clock == replace(good, live=False)
    spool.close()


def test_a_full_spool_drops_the_oldest_latency_first_and_failures_last(path: Path) -> None:
    spool = open_spool(path, limit_bytes=MIB)
    for minute in range(600):
        spool.add([latency(minute), latency(minute), health(minute), latency(minute, failure="no_answer")], READING)
    reports = everything(spool)
    counts = spool.counts()

    assert path.stat().st_size <= MIB + 64 * 1024
    assert counts.numbered == 2400 == counts.dropped + counts.waiting
    assert counts.dropped > 500
    kept = {rank: [report.boot_ms for report in reports if rank_of(report) == rank] for rank in (0, 1, 2)}
    assert len(kept[2]) == 600
    assert len(kept[1]) == 600
    assert kept[0] == sorted(kept[0])
    assert kept[0][-1] == 599
    assert kept[0][0] > 100

    for minute in range(600, 4000):
        spool.add([health(minute), latency(minute, failure="no_answer")], READING)
    reports = everything(spool)
    assert path.stat().st_size <= MIB + 64 * 1024
    assert rank_of(reports[-1]) == 2
    assert reports[-1].boot_ms == 3999
    assert sum(rank_of(report) == 1 for report in reports) < 100
    assert not any(rank_of(report) == 0 for report in reports)
    spool.close()


def test_a_full_spool_is_said_once_and_so_is_its_end(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = open_spool(path, limit_bytes=MIB)
    with caplog.at_level(logging.INFO):
        for _ in range(40):
            spool.add([latency() for _ in range(200)], READING)
        (boot,) = spool.boots()
        spool.settle(boot, delivered=[report.seq for report in spool.read(boot, 100_000)], refused={})
        for _ in range(2):
            spool.add([latency()], READING)
    spool.close()

    assert caplog.messages == [f"spool is full, the oldest go limit_bytes={MIB}", "spool has room again"]


def test_quarantine_is_bounded_and_its_count_is_not(spool: Spool) -> None:
    spool.add([latency() for _ in range(1500)], READING)
    (boot,) = spool.boots()

    spool.settle(boot, delivered=[], refused=dict.fromkeys(range(1, 1501), "out_of_range"))

    assert spool.counts().quarantined == 1500
    assert spool.counts().waiting == 0


def test_a_file_that_is_no_database_is_moved_aside_and_said(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"not a database at all" * 1000)

    with caplog.at_level(logging.WARNING):
        spool = open_spool(path)

    spool.add([latency()], READING)
    assert spool.counts().waiting == 1
    assert (path.parent / "spool.corrupt-1").exists()
    assert "spool.corrupt-1" in caplog.text
    spool.close()


def test_a_damaged_page_is_noticed_at_the_start(path: Path) -> None:
    spool = open_spool(path)
    for _ in range(20):
        spool.add([latency() for _ in range(50)], READING)
    spool.close()
    damage(path)

    spool = open_spool(path)

    assert spool.counts().numbered == 0
    assert (path.parent / "spool.corrupt-1").exists()
    spool.close()


def test_damage_while_running_starts_a_new_file_with_a_new_boot(path: Path) -> None:
    spool = open_spool(path)
    for _ in range(20):
        spool.add([latency() for _ in range(50)], READING)
    (boot,) = spool.boots()
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    damage(path)

    with pytest.raises(SpoolLost):
        use_until_noticed(spool)

    spool.add([latency()], READING)
    (after,) = spool.boots()
    assert after.boot != boot.boot
    spool.settle(boot, delivered=[1], refused={})  # an answer for the file that is gone
    assert spool.counts().waiting == 1
    spool.close()


def test_a_report_that_can_no_longer_be_read_does_not_stop_the_others(path: Path) -> None:
    spool = open_spool(path)
    spool.add([latency(), latency(), latency()], READING)
    with sqlite3.connect(path) as other:
        other.execute('UPDATE report SET body = \'{"kind": "latency"\' WHERE seq = 2')
    other.close()
    (boot,) = spool.boots()

    assert [report.seq for report in spool.read(boot, 10)] == [1, 3]
    assert spool.counts().quarantined == 1
    spool.close()


def test_a_draft_that_cannot_be_true_is_dropped_and_counted(spool: Spool) -> None:
    spool.add([latency(), latency(boot_ms=-1), latency()], READING)

    assert (spool.counts().waiting, spool.counts().dropped) == (2, 1)


WRITE = """
import sys
from pathlib import Path
from agent.spool import Spool
from tests.agent.reports import READING, health, latency
spool = Spool(Path(sys.argv[1]))
spool.open(marker="boot-1", reading=READING)
while True:
    spool.add([latency(), health()], READING)
    print(spool.counts().numbered, flush=True)
    boot = spool.boots()[0]
    if len(spool.read(boot, 40)) == 40:
        seqs = [report.seq for report in spool.read(boot, 20)]
        spool.settle(boot, delivered=seqs, refused={})
"""


@pytest.mark.skipif("sys.platform == 'win32'")
def test_kill_9_at_any_moment_loses_nothing_that_was_committed(path: Path) -> None:
    chance = random.Random(9)
    committed = 0
    for _ in range(20):
        writer = subprocess.Popen([sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(chance.uniform(0, 0.05))
        os.kill(writer.pid, signal.SIGKILL)
        said = writer.stdout.read().split()
        writer.stdout.close()
        writer.wait()
        spool = open_spool(path)
        counts = spool.counts()
        reports = everything(spool)
        spool.close()
        if said:
            assert counts.numbered >= int(said[-1])
        assert counts.numbered > committed
        committed = counts.numbered
        assert counts.numbered == counts.delivered + counts.waiting
        assert len({report.seq for report in reports}) == counts.waiting
        assert max(report.seq for report in reports) == counts.numbered

    assert not list(path.parent.glob("spool.corrupt-*"))


def use_until_noticed(spool: Spool) -> None:
    for _ in range(100):
        spool.add([latency() for _ in range(50)], READING)
        everything(spool)


def damage(path: Path) -> None:
    """Overwrite the middle of the file, but not its first pages."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(16_384)
        file.write(os.urandom(size - 16_384))


def test_two_boots_with_reports_are_both_named(path: Path) -> None:
    for marker in ("boot-1", "boot-2"):
        spool = open_spool(path, marker)
        spool.add([latency()], READING)
        spool.close()
    spool = open_spool(path, "boot-2")
    boots: list[Boot] = spool.boots()

    assert [boot.current for boot in boots] == [False, True]
    spool.close()
