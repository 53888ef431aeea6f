"""The same report may arrive any number of times, in any company and order: it is stored once."""

import random
import resource
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.end_to_end.batches import Json, batch_of, health, latency, new_id, throughput
from tests.end_to_end.collector_process import CollectorFolder, Enrolled
from tests.end_to_end.http_client import post_batch
from tests.end_to_end.waiting import eventually

REPORTS = 60


def a_batch() -> Json:
    """Reports of all kinds."""
    kinds = (latency, latency, throughput, health)
    return batch_of((kinds[seq % 4](seq) for seq in range(1, REPORTS + 1)), boot=new_id())


def halves(batch: Json) -> tuple[Json, Json]:
    """The batch as an agent sends it after a 413."""
    half = REPORTS // 2
    return (
        batch | {"batch": new_id(), "reports": batch["reports"][:half]},
        batch | {"batch": new_id(), "reports": batch["reports"][half:]},
    )


def deliver(collector: CollectorFolder, agent: Enrolled, batch: Json) -> tuple[int, int]:
    """How many reports were stored and how many had been before."""
    answer = post_batch(collector.url, agent.token, batch)
    assert answer.status == 200, answer
    said: dict[str, Any] = answer.json
    assert said["batch"] == batch["batch"]
    assert said["rejected"] == []
    assert said["stored"] + said["duplicate"] == len(batch["reports"])
    return said["stored"], said["duplicate"]


def test_a_batch_leaves_the_same_store_however_often_and_in_whichever_parts_it_comes(
    collector: CollectorFolder,
) -> None:
    once, ten_times, in_order, reversed_, at_once = agents = collector.enrol_many(5)
    batch = a_batch()
    first, second = halves(batch)

    assert deliver(collector, once, batch) == (REPORTS, 0)

    assert [deliver(collector, ten_times, batch) for _ in range(10)] == [(REPORTS, 0), *[(0, REPORTS)] * 9]

    for half in (first, second):
        assert deliver(collector, in_order, half) == (REPORTS // 2, 0)
    assert deliver(collector, in_order, batch) == (0, REPORTS)

    for half in (second, first):
        assert deliver(collector, reversed_, half) == (REPORTS // 2, 0)

    parts = [batch, first, second] * 8
    random.shuffle(parts)
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda part: deliver(collector, at_once, part), parts))
    assert sum(stored for stored, _ in outcomes) == REPORTS

    collector.stop()
    by_agent: dict[str, list[tuple[Any, ...]]] = {one.agent: [] for one in agents}
    for rows in collector.whole_store():
        for row in rows:
            by_agent[row[0]].append(row[1:])
    assert len(by_agent[once.agent]) == REPORTS
    for agent in agents[1:]:
        assert by_agent[agent.agent] == by_agent[once.agent]


def test_a_batch_that_was_stored_before_a_restart_is_known_after_it(collector: CollectorFolder) -> None:
    agent = collector.enrol()
    batch = a_batch()
    deliver(collector, agent, batch)
    collector.stop()
    before = collector.whole_store()
    collector.start()
    assert deliver(collector, agent, batch) == (0, REPORTS)
    collector.stop()
    assert collector.whole_store() == before


def test_the_same_number_in_another_boot_is_another_report(collector: CollectorFolder) -> None:
    agent = collector.enrol()
    batch = a_batch()
    deliver(collector, agent, batch)
    assert deliver(collector, agent, batch | {"boot": new_id()}) == (REPORTS, 0)


@pytest.mark.parametrize("room_bytes", [0, 300], ids=["full", "full in mid-write"])
def test_the_accounts_add_up_after_good_double_rejected_and_deferred_reports(
    collector: CollectorFolder, room_bytes: int
) -> None:
    agent = collector.enrol()
    boot = new_id()
    good = batch_of([latency(seq) for seq in range(1, 41)], boot=boot)
    mixed = batch_of([latency(seq, **({"received": -1} if seq % 4 == 0 else {})) for seq in range(41, 61)], boot=boot)
    for batch in (good, good, mixed, mixed):
        assert post_batch(collector.url, agent.token, batch).status == 200
    expected = {"received": 120, "stored": 55, "duplicate": 55, "rejected": 10, "deferred": 0}
    assert collector.accounts() == expected

    # The disk is full, or is so after a few bytes more: no file of the collector may grow beyond.
    later = batch_of([latency(seq) for seq in range(61, 91)], boot=boot)
    assert collector.running is not None
    pid = collector.running.pid
    unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    journal = collector.database.with_suffix(".duckdb.wal")
    limit = journal.stat().st_size + room_bytes if room_bytes else 0
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, unlimited[1]))
    try:
        answer = post_batch(collector.url, agent.token, later)
        assert (answer.status, answer.word) == (503, "store_unavailable")
        assert int(answer.headers["retry-after"]) > 0
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    accounts = collector.accounts()
    assert accounts == expected | {"received": 150, "deferred": 30}
    assert accounts["received"] == sum(v for k, v in accounts.items() if k != "received")

    # There is room again.
    def taken() -> bool:
        return post_batch(collector.url, agent.token, later).status == 200

    eventually("reports are taken again once the disk has room", taken)
    collector.running.kill()
    collector.start().stop()
    assert sorted(key[2] for key in collector.stored_keys()) == [
        seq for seq in range(1, 91) if not (41 <= seq <= 60 and seq % 4 == 0)
    ]
