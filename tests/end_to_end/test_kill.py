"""kill -9 at any moment: nothing that was acknowledged or kept is lost, nothing is stored twice."""

import logging
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import CollectorFolder, Key, doubled
from tests.end_to_end.load import Load
from tests.end_to_end.relay import TcpRelay
from tests.end_to_end.waiting import eventually

KILLS = 50
SIDE_BY_SIDE = 2
"""Collectors that are killed in turns, because most of the time goes into starting them again."""

log = logging.getLogger(__name__)

NewCollector = Callable[..., CollectorFolder]


@pytest.fixture
def seed() -> int:
    """Of the moments; shown where a test fails, and taken from BANDROOM_SEED to try them again."""
    chosen = int(os.environ.get("BANDROOM_SEED") or random.SystemRandom().randrange(2**32))
    log.warning("BANDROOM_SEED=%d", chosen)
    return chosen


def acknowledged_at_least(loads: list[Load], reports: int) -> bool:
    return sum(len(load.acknowledged) for load in loads) >= reports


def check_store(stored: list[Key], loads: list[Load]) -> None:
    sent = {key for load in loads for key in load.sent}
    acknowledged = {key for load in loads for key in load.acknowledged}
    assert doubled(stored) == []
    assert acknowledged - set(stored) == set()
    assert set(stored) - sent == set()


@pytest.mark.slow
def test_a_collector_killed_in_mid_ingest_loses_and_doubles_nothing(new_collector: NewCollector, seed: int) -> None:
    def kill_again_and_again(number: int) -> tuple[CollectorFolder, list[Load]]:
        moments = random.Random(seed + number)
        collector = new_collector(f"collector-{number}").start()
        loads = [
            Load(collector=collector, agent=agent, seed=moments.randrange(2**32)) for agent in collector.enrol_many(3)
        ]
        for load in loads:
            load.start()
        try:
            for _ in range(KILLS // SIDE_BY_SIDE):
                time.sleep(moments.uniform(0, 0.5))
                assert collector.running is not None
                collector.running.kill()
                collector.start()
        finally:
            if collector.running is not None and collector.running.ended:
                collector.start()
            for load in loads:
                load.finish()
        return collector, loads

    with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
        killed = list(threads.map(kill_again_and_again, range(SIDE_BY_SIDE)))
    for collector, loads in killed:
        collector.stop()
        check_store(collector.stored_keys(), loads)
        assert sum(load.resends for load in loads) > 0
        assert all(load.acknowledged == load.sent for load in loads)
        assert [word for load in loads for word in load.refusals] == []


@pytest.fixture
def slow_answers(collector: CollectorFolder, seed: int) -> Iterator[TcpRelay]:
    """Holds answers back, so that many a moment lies between the store and the acknowledgement."""
    moments = random.Random(seed + 100)
    relay = TcpRelay(("127.0.0.1", int(str(collector.settings["port"]))), hold_s=lambda: moments.uniform(0, 0.6))
    yield relay
    relay.close()


@pytest.mark.slow
def test_an_agent_killed_while_it_measures_and_pushes_loses_and_doubles_nothing(
    collector: CollectorFolder, slow_answers: TcpRelay, new_agent: Callable[[], AgentFolder], seed: int
) -> None:
    moments = random.Random(seed)
    agent = new_agent()
    agent.join(slow_answers.url, collector.code())
    seen: set[tuple[str, int]] = set()
    for _ in range(KILLS):
        running = agent.start()
        # Reports reach the disk two seconds after a start; half of the moments lie before, half about then.
        time.sleep(moments.choice([moments.uniform(0, 1.5), moments.uniform(1.5, 3.0)]))
        assert not running.ended, running.said()
        running.kill()
        seen |= agent.spooled().waiting
        assert not list(agent.folder.glob("spool.corrupt-*"))

    running = agent.start()
    eventually("it listens to signals", lambda: "agent started" in running.said())
    agent.wait_until_all_is_delivered(at_least=len(seen))
    agent.stop()
    reports = agent.reports()
    assert (reports["dropped"], reports["quarantined"]) == (0, 0)
    made_last = agent.spooled().waiting
    duplicates = collector.accounts()["duplicate"]
    assert duplicates > 0, "no moment lay between store and acknowledgement: the relay does not do its work"

    collector.stop()
    stored = collector.stored_keys()
    assert doubled(stored) == []
    assert {key[0] for key in stored} == {agent.agent}
    assert len({key[1] for key in stored}) == 1  # one start of the machine, however often the agent started
    kept = {key[1:] for key in stored} | made_last
    assert seen - kept == set()
    assert sorted(seq for _, seq in kept) == list(range(1, reports["numbered"] + 1))


@pytest.mark.slow
def test_a_collector_stopped_in_mid_ingest_ends_well_and_keeps_what_it_acknowledged(
    new_collector: NewCollector, seed: int
) -> None:
    collector = new_collector().start()
    loads = [Load(collector=collector, agent=agent, seed=seed + n) for n, agent in enumerate(collector.enrol_many(4))]
    for load in loads:
        load.start()
    try:
        for _ in range(3):
            enough = sum(len(load.acknowledged) for load in loads) + 500
            eventually("500 more reports are acknowledged", partial(acknowledged_at_least, loads, enough))
            assert collector.running is not None
            collector.running.signal(random.Random(seed).choice([signal.SIGTERM, signal.SIGINT]))
            assert collector.running.wait() == 0
            acknowledged = {key for load in loads for key in load.acknowledged}
            assert "collector stopped" in collector.running.said()
            stored = collector.stored_keys()
            assert doubled(stored) == []
            assert acknowledged - set(stored) == set()
            collector.start()
    finally:
        if collector.running is not None and collector.running.ended:
            collector.start()
        for load in loads:
            load.finish()
    collector.stop()
    check_store(collector.stored_keys(), loads)
