import logging
from pathlib import Path

import pytest

from agent.last_counts import LastCounts
from agent.spool import Spool
from tests.agent.reports import READING, latency


def test_a_spool_that_cannot_be_counted_is_said_once_and_so_is_its_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "spool.sqlite"
    spool = Spool(path)
    spool.open(marker="boot-1", reading=READING)
    spool.add([latency(), latency()], READING)
    counts = LastCounts(spool)
    with caplog.at_level(logging.INFO):
        before = counts.now()
        spool.close()
        closed = [counts.now() for _ in range(3)]
        spool.open(marker="boot-1", reading=READING)
        spool.add([latency()], READING)
        after = [counts.now() for _ in range(2)]
    spool.close()

    assert closed == [before] * 3
    assert [one.waiting for one in (before, *after)] == [2, 3, 3]
    assert caplog.messages == ["the spool cannot be counted word=spool_error", "the spool can be counted again"]
