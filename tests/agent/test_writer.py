import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from agent.fold import Draft
from agent.spool import Spool, SpoolLost
from agent.writer import DRAFTS_MOST, Writer
from tests.agent.fakes import MovedClock
from tests.agent.reports import READING, latency
from wire.batch import BootClock


class FullDisk(Spool):
    """A spool whose disk takes nothing for the first `errors` times."""

    def __init__(self, path: Path, errors: list[Exception]) -> None:
        super().__init__(path)
        self.errors = errors

    def add(self, drafts: Sequence[Draft], reading: BootClock, *, lost: int = 0) -> None:
        if self.errors:
            raise self.errors.pop(0)
        super().add(drafts, reading, lost=lost)


async def no_pause(_seconds: float) -> None:
    await asyncio.sleep(0)


def write(path: Path, drafts: int, errors: list[Exception]) -> tuple[int, int]:
    """How many reports wait and how many were dropped, once the writer is finished."""
    spool = FullDisk(path, errors)
    spool.open(marker="boot-1", reading=READING)

    async def work() -> None:
        writer = Writer(spool, clock=MovedClock().clock(), sleep=no_pause)
        for _ in range(drafts):
            writer.emit(latency())
        writing = asyncio.create_task(writer.run())
        writer.finish()
        await writing

    asyncio.run(work())
    counts = spool.counts()
    spool.close()
    return counts.waiting, counts.dropped


def test_everything_emitted_before_the_end_is_on_disk_after_it(tmp_path: Path) -> None:
    assert write(tmp_path / "spool.sqlite", 10, []) == (10, 0)


def test_a_full_disk_is_tried_again_and_said_once_with_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[Exception] = [sqlite3.OperationalError("database or disk is full")] * 3

    with caplog.at_level(logging.INFO):
        assert write(tmp_path / "spool.sqlite", 10, errors) == (10, 0)

    assert caplog.messages == [
        "reports cannot be kept on disk word=spool_error",
        "reports are kept on disk again",
    ]


def test_what_memory_cannot_hold_is_counted_as_dropped(tmp_path: Path) -> None:
    assert write(tmp_path / "spool.sqlite", DRAFTS_MOST + 7, []) == (DRAFTS_MOST, 7)


def test_a_spool_that_was_lost_gets_the_reports_again(tmp_path: Path) -> None:
    assert write(tmp_path / "spool.sqlite", 10, [SpoolLost()]) == (10, 0)


@pytest.mark.parametrize("errors", [[], [sqlite3.OperationalError("database or disk is full")], [SpoolLost()]])
def test_what_comes_while_the_disk_is_slow_is_bounded_and_what_is_lost_then_is_counted(
    errors: list[Exception], tmp_path: Path
) -> None:
    meanwhile = DRAFTS_MOST + 5
    began, go_on = Event(), Event()

    class SlowDisk(FullDisk):
        def add(self, drafts: Sequence[Draft], reading: BootClock, *, lost: int = 0) -> None:
            held.append(len(drafts))
            began.set()
            go_on.wait(10)
            super().add(drafts, reading, lost=lost)

    held: list[int] = []
    failing = bool(errors)
    spool = SlowDisk(tmp_path / "spool.sqlite", list(errors))
    spool.open(marker="boot-1", reading=READING)

    async def work() -> None:
        writer = Writer(spool, clock=MovedClock().clock(), sleep=no_pause)
        for _ in range(10):
            writer.emit(latency())
        writing = asyncio.create_task(writer.run())
        writer.finish()
        await asyncio.to_thread(began.wait, 10)
        for _ in range(meanwhile):
            writer.emit(latency())
        go_on.set()
        await writing
        writer.emit(latency())  # what was lost is told with the next write
        await writer.run()

    asyncio.run(work())
    counts = spool.counts()
    spool.close()

    assert max(held) <= DRAFTS_MOST
    assert counts.numbered == 10 + meanwhile + 1 == counts.waiting + counts.dropped
    assert counts.dropped == (15 if failing else 5)
