import asyncio
import logging
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest

from agent.http import Collector
from agent.push import Push
from agent.secret import Secret
from agent.settings import Settings
from agent.spool import Spool
from agent.spool_file import open_file
from agent.state import State
from agent.status import read_status
from tests.agent.fakes import AGENT, TOKEN, MovedClock, as_json, collector
from tests.agent.reports import READING, latency


@pytest.mark.parametrize(
    ("word", "next_step"),
    [
        ("revoked_token", "this agent was revoked: join again with a new code and --force"),
        ("unknown_agent", "this agent is not known there: join again with a new code and --force"),
    ],
)
def test_what_only_a_person_can_mend_is_said_with_the_next_step(
    word: str, next_step: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = State(tmp_path)
    spool = Spool(state.spool)
    spool.open(marker="boot-1", reading=READING)
    spool.add([latency()], READING)
    with (
        caplog.at_level(logging.INFO),
        collector(lambda seen: as_json(401, {"error": word, "detail": "A sentence."})) as fake,
    ):
        link = Collector(fake.url)
        push = Push(spool, link, agent=AGENT, token=TOKEN, clock=MovedClock().clock(), sleep=asyncio.sleep)
        asyncio.run(push.deliver_all())
    spool.close()

    status = read_status(Settings(url=fake.url, agent=AGENT, token=Secret(TOKEN)), state, 0)

    assert caplog.messages == [f"reports wait, {next_step} word={word}"]
    assert status.as_text().splitlines()[-1] == f"next        {next_step}"
    assert status.push_problem == word


def test_a_spool_that_is_just_being_made_counts_nothing(tmp_path: Path) -> None:
    state = State(tmp_path)
    with closing(open_file(state.spool)) as db:
        db.execute("DELETE FROM counter")  # as it is between its tables and its counters

    settings = Settings(url="http://127.0.0.1:1", agent=AGENT, token=Secret(TOKEN))
    reports = read_status(settings, state, 0).reports

    assert (reports.numbered, reports.delivered, reports.waiting) == (0, 0, 0)


def test_what_is_read_beside_a_busy_agent_adds_up(tmp_path: Path) -> None:
    state = State(tmp_path)
    spool = Spool(state.spool)
    spool.open(marker="boot-1", reading=READING)
    settings = Settings(url="http://127.0.0.1:1", agent=AGENT, token=Secret(TOKEN))
    done = Event()

    def work() -> None:
        while not done.is_set():
            spool.add([latency(), latency()], READING)
            [boot] = spool.boots()
            spool.settle(boot, delivered=[one.seq for one in spool.read(boot, 10)], refused={})

    busy = Thread(target=work)
    busy.start()
    try:
        read = [read_status(settings, state, 0).reports for _ in range(300)]
    finally:
        done.set()
        busy.join()
        spool.close()

    assert all(one.numbered == one.delivered + one.dropped + one.quarantined + one.waiting for one in read)
    assert read[-1].numbered > read[0].numbered


def test_a_reflectors_counts_are_told_where_this_agent_is_one(tmp_path: Path) -> None:
    state = State(tmp_path)
    settings = Settings(url="http://127.0.0.1:1", agent=AGENT, token=Secret(TOKEN))
    spool = Spool(state.spool)
    spool.open(marker="boot-1", reading=READING)
    assert read_status(settings, state, 0).reflector is None
    spool.note(reflector='{"port": 8621, "answered": 12, "ignored": 1, "limited": 0, "unsent": 0}')
    status = read_status(settings, state, 0)
    spool.close()

    assert status.reflector == {"port": 8621, "answered": 12, "ignored": 1, "limited": 0, "unsent": 0}
    assert "reflector   port 8621, answered 12, ignored 1, limited 0, unsent 0" in status.as_text().splitlines()
