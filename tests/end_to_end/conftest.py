"""Real commands over temporary folders; whatever a test starts is gone after it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import CollectorFolder, Enrolled
from tests.end_to_end.http_client import ask
from tests.end_to_end.waiting import eventually


@pytest.fixture
def new_collector(tmp_path: Path) -> Iterator[Callable[..., CollectorFolder]]:
    """Makes folders of collectors with the settings it is given."""
    made: list[CollectorFolder] = []

    def make(name: str = "collector", **settings: object) -> CollectorFolder:
        made.append(CollectorFolder(tmp_path / name, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def collector(new_collector: Callable[..., CollectorFolder]) -> CollectorFolder:
    """A collector that answers, and has had its first look at the district."""
    started = new_collector().start()
    eventually("the board is shown", lambda: ask(started.url, "/v1/sites").status == 200)
    return started


@pytest.fixture
def new_agent(tmp_path: Path) -> Iterator[Callable[..., AgentFolder]]:
    """Makes state folders of agents that have not joined yet."""
    made: list[AgentFolder] = []

    def make(name: str = "agent", **options: object) -> AgentFolder:
        made.append(AgentFolder(tmp_path / name, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def one_collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorFolder]:
    """One collector for all tests of a file: none of them may harm it for the next."""
    folder = CollectorFolder(tmp_path_factory.mktemp("one") / "collector").start()
    yield folder
    folder.stop()
    folder.close()


@pytest.fixture(scope="module")
def one_agent(one_collector: CollectorFolder) -> Enrolled:
    """One agent for all tests of a file; each batch is of a boot of its own."""
    return one_collector.enrol()
