"""InfluxDB killed, away or hanging under load: what was acknowledged is there once, and agents keep the rest."""

import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.batches import a_good_batch, batch_of, latency, new_id
from tests.end_to_end.collector_process import KINDS, CollectorFolder, Enrolled, Key, doubled
from tests.end_to_end.http_client import Answer, post_batch
from tests.end_to_end.load import Load
from tests.end_to_end.process import run
from tests.end_to_end.waiting import eventually
from tests.influx import Influx, InfluxServer

pytestmark = pytest.mark.requires("influx")

KILLS = 6
AGENTS = 3

NewCollector = Callable[..., CollectorFolder]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InfluxServer]:
    """An InfluxDB that a test may harm."""
    server = InfluxServer(tmp_path / "influx").start()
    yield server
    server.close()


@pytest.fixture
def there(server: InfluxServer) -> Influx:
    return Influx(url=server.url, token="none", org="none", prefix="maple-valley")


@pytest.fixture
def on_influx(new_collector: NewCollector, there: Influx) -> CollectorFolder:
    """A collector over it, its databases made by the command."""
    folder = new_collector(store="influx", influx_url=there.url, influx_prefix=there.prefix)
    made = run("bandroom", "store", "init", "--settings", folder.file)
    assert made.returncode == 0, made.stderr
    return folder.start()


def stored_keys(there: Influx) -> list[Key]:
    """The key of every report, as often as it is there."""
    return [
        (row["agent"], row["boot"], row["seq"])
        for kind in KINDS
        for row in there.rows("reports", f"SELECT boot, seq FROM {kind} GROUP BY agent")
    ]


def loads_on(collector: CollectorFolder, seed: int) -> list[Load]:
    return [
        Load(collector=collector, agent=agent, seed=seed + n) for n, agent in enumerate(collector.enrol_many(AGENTS))
    ]


def check(there: Influx, loads: list[Load]) -> None:
    """Everything acknowledged is there, nothing twice, and nothing that was not sent."""
    stored = stored_keys(there)
    assert doubled(stored) == []
    assert {key for load in loads for key in load.acknowledged} - set(stored) == set()
    assert set(stored) - {key for load in loads for key in load.sent} == set()


@pytest.mark.slow
def test_killed_in_mid_load_and_started_again_it_has_every_acknowledged_report_once(
    on_influx: CollectorFolder, server: InfluxServer, there: Influx
) -> None:
    moments = random.Random(4)
    loads = loads_on(on_influx, seed=4)
    for load in loads:
        load.start()
    try:
        for kill in range(KILLS):
            time.sleep(moments.uniform(0.1, 0.8))
            server.kill()
            if kill % 2:  # and the collector with it, so that it starts with what the registry knows
                assert on_influx.running is not None
                on_influx.running.kill()
            server.start()
            if kill % 2:
                on_influx.start()
    finally:
        for load in loads:
            load.finish()
    assert sum(load.resends for load in loads) > 0
    assert {word for load in loads for word in load.refusals} <= {"store_unavailable"}
    assert all(load.acknowledged == load.sent for load in loads)
    check(there, loads)
    on_influx.stop()


@pytest.mark.slow
def test_while_it_is_away_every_batch_is_turned_away_to_come_again_and_memory_stays(
    on_influx: CollectorFolder, server: InfluxServer, there: Influx
) -> None:
    assert on_influx.running is not None
    collector = psutil.Process(on_influx.running.pid)
    agent = on_influx.enrol()
    first = post_batch(on_influx.url, agent.token, a_good_batch())
    assert first.status == 200
    server.kill()

    batch = batch_of([latency(seq) for seq in range(1, 1001)], boot=new_id())
    rss: list[int] = []
    for _ in range(100):
        answer = post_batch(on_influx.url, agent.token, batch)
        assert (answer.status, answer.word) == (503, "store_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        rss.append(collector.memory_info().rss)

    # A hundred thousand reports were turned away; had they been kept, they would take twenty times as much.
    assert max(rss[50:]) < max(rss[:50]) + 10 * 2**20
    accounts = on_influx.accounts()
    assert accounts["received"] == 100_003
    assert accounts["deferred"] == 100_000
    server.start()
    assert post_batch(on_influx.url, agent.token, batch).json["stored"] == 1000
    assert len(stored_keys(there)) == 1003


@pytest.mark.slow
def test_while_it_hangs_only_so_much_waits_and_all_are_answered(
    on_influx: CollectorFolder, server: InfluxServer, there: Influx
) -> None:
    # An agent each: one agent has one boot at a time.
    agents = on_influx.enrol_many(32)
    batches = [batch_of([latency(seq) for seq in range(1, 2001)], boot=new_id()) for _ in agents]
    answers: list[Answer] = []

    def send(agent: Enrolled, batch: dict[str, object]) -> None:
        answers.append(post_batch(on_influx.url, agent.token, batch, timeout_s=120))

    threads = [threading.Thread(target=send, args=both) for both in zip(agents, batches, strict=True)]
    psutil.Process(server.pid).send_signal(signal.SIGSTOP)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    psutil.Process(server.pid).send_signal(signal.SIGCONT)

    assert len(answers) == len(batches)
    assert {answer.status for answer in answers} == {503}
    assert {answer.word for answer in answers} == {"store_unavailable", "busy"}
    accounts = on_influx.accounts()
    assert accounts["received"] == accounts["deferred"] == 64_000
    eventually("it takes reports again", lambda: post_batch(on_influx.url, agents[0].token, batches[0]).status == 200)
    for agent, batch in zip(agents[1:], batches[1:], strict=True):
        assert post_batch(on_influx.url, agent.token, batch).status == 200
    stored = stored_keys(there)
    assert doubled(stored) == []
    assert len(stored) == 64_000


def test_without_init_the_collector_says_what_to_run(new_collector: NewCollector, there: Influx) -> None:
    folder = new_collector(store="influx", influx_url=there.url, influx_prefix="nobody")
    done = run("bandroom", "serve", "--settings", folder.file)
    assert done.returncode == 1
    assert done.stderr == (
        'InfluxDB has no bucket or database "nobody_reports": run bandroom store init, or mend influx_prefix\n'
    )
