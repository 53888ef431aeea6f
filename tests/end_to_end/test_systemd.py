"""The commands under a service manager: ready, signs of life, stopping."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import CollectorFolder
from tests.end_to_end.http_client import ask
from tests.end_to_end.waiting import PATIENCE_S

WATCHDOG_S = 0.3

NewCollector = Callable[..., CollectorFolder]
NewAgent = Callable[..., AgentFolder]


class ServiceManager:
    """Listens where systemd would."""

    def __init__(self, address: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(address))
        self._listener.settimeout(PATIENCE_S)
        self.env = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": str(int(WATCHDOG_S * 1_000_000))}

    def next(self) -> str:
        """The next thing that is told."""
        return self._listener.recv(100).decode()

    def last(self) -> str:
        """What comes after the signs of life that are under way."""
        while (told := self.next()) == "WATCHDOG=1":
            pass
        return told

    def silent(self) -> bool:
        """Whether nothing was told."""
        self._listener.setblocking(False)
        try:
            self._listener.recv(100)
        except BlockingIOError:
            return True
        return False

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[ServiceManager]:
    made = ServiceManager(tmp_path / "notify")
    yield made
    made.close()


def test_a_collector_is_ready_when_it_answers_lives_and_says_that_it_stops(
    new_collector: NewCollector, manager: ServiceManager
) -> None:
    collector = new_collector()
    running = collector.launch(**manager.env)

    assert manager.next() == "READY=1"
    assert ask(f"http://127.0.0.1:{collector.settings['port']}", "/healthz").status == 200
    assert [manager.next() for _ in range(4)] == ["WATCHDOG=1"] * 4

    assert running.stop() == 0
    assert manager.last() == "STOPPING=1"


def test_a_collector_that_cannot_start_never_says_that_it_is_ready(
    new_collector: NewCollector, manager: ServiceManager
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        running = new_collector(port=other.getsockname()[1]).launch(**manager.env)
        assert running.wait() == 1
    assert manager.silent()


def test_an_agent_is_ready_when_it_measures_lives_and_says_that_it_stops(
    collector: CollectorFolder, new_agent: NewAgent, manager: ServiceManager
) -> None:
    agent = new_agent(env=manager.env)
    agent.join(collector.url, collector.code())
    running = agent.start()

    assert manager.next() == "READY=1"
    assert [manager.next() for _ in range(4)] == ["WATCHDOG=1"] * 4

    assert running.stop() == 0
    assert manager.last() == "STOPPING=1"


def test_an_agent_is_ready_and_lives_where_its_collector_is_away(
    collector: CollectorFolder, new_agent: NewAgent, manager: ServiceManager
) -> None:
    agent = new_agent(env=manager.env)
    agent.join(collector.url, collector.code())
    collector.stop()
    running = agent.start()

    assert manager.next() == "READY=1"
    assert [manager.next() for _ in range(4)] == ["WATCHDOG=1"] * 4

    assert running.stop() == 0
    assert manager.last() == "STOPPING=1"
