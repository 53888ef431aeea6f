"""The agent where nothing that only POSIX has is there: see `tests.agent.as_windows`, and what that cannot show."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.secret import Secret
from agent.settings import Settings, write_settings
from agent.windows_service import (
    CONTROL_INTERROGATE,
    CONTROL_SHUTDOWN,
    CONTROL_STOP,
    ERROR_CALL_NOT_IMPLEMENTED,
    NO_ERROR,
    RUNNING,
    START_PENDING,
    STOP_PENDING,
    STOPPED,
    NotAService,
    Service,
    StopOn,
    run_as_service,
)
from tests.agent.as_windows import BREAK, modules
from tests.agent.fakes import AGENT, TOKEN, FakeCollector, Reply, Seen, acknowledge, as_json, collector, reflector

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no need to pretend")


def pretending(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.agent.as_windows", *arguments]


@contextmanager
def school() -> Iterator[FakeCollector]:
    """A collector that wants one target measured, and a period of one second."""
    with reflector() as port:

        def script(seen: Seen) -> Reply:
            if not seen.path.startswith("/v1/agent/config"):
                return acknowledge(seen)
            target = {
                "alias": "district",
                "method": "stamp",
                "host": "127.0.0.1",
                "port": port,
                "tcp_port": None,
                "interval_ms": 100,
                "timeout_ms": 500,
            }
            gateway = target | {"alias": "gateway", "host": None}
            told = {"version": 3, "role": "room", "period_ms": 1000, "push_interval_ms": 1000}
            return as_json(200, told | {"targets": [target, gateway]})

        with collector(script) as fake:
            yield fake


@contextmanager
def agent(folder: Path, fake: FakeCollector, command: str) -> Iterator[subprocess.Popen[str]]:
    write_settings(folder / "agent.toml", Settings(url=fake.url, agent=AGENT, token=Secret(TOKEN)))
    running = subprocess.Popen(
        pretending("agent", command, "--state", str(folder)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate()


def until(happened: Callable[[], object], seconds: float = 30) -> None:
    ends_at = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.02)


def measured(fake: FakeCollector) -> bool:
    kinds = [one["kind"] for one in fake.reports]
    return kinds.count("latency") >= 2 and kinds.count("health") >= 2


def test_every_module_can_be_imported_without_what_only_posix_has() -> None:
    done = subprocess.run(pretending("import"), capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == modules()
    assert {"agent.main", "agent.stop", "agent.lock", "agent.wifi_windows", "wire.stamp"} < set(modules())


def test_an_agent_measures_and_ends_with_control_break(tmp_path: Path) -> None:
    with school() as fake, agent(tmp_path, fake, "run") as running:
        until(lambda: measured(fake))
        running.send_signal(BREAK)
        assert running.wait(15) == 0

    health = [one for one in fake.reports if one["kind"] == "health"]
    assert {one["platform"] for one in health} == {"windows"}
    assert all(one["slept_ms"] < 1000 for one in health), "the clock that stands still in sleep is Windows' own"
    assert all(one["link_full_duplex"] is None for one in health), "psutil cannot know it there"
    district = [one for one in fake.reports if one.get("target") == "district"]
    assert sum(one["received"] for one in district) > 0


def test_a_service_starts_runs_and_stops_when_its_manager_says_so(tmp_path: Path) -> None:
    with school() as fake, agent(tmp_path, fake, "service") as running:
        until(lambda: measured(fake))
        said, complaints = running.communicate("", timeout=15)

    states = [json.loads(line) for line in said.splitlines()]
    assert [one["state"] for one in states] == [START_PENDING, RUNNING, STOP_PENDING, STOPPED]
    assert [one["accepted"] for one in states] == [0, 1 | 4, 0, 0]
    assert {one["kind"] for one in states} == {0x10}
    assert (states[-1]["error"], states[-1]["exit_code"], running.returncode) == (0, 0, 0)
    assert complaints == ""
    log = (tmp_path / "agent.log").read_text()
    assert "agent started" in log
    assert "agent stopped" in log
    assert "127.0.0.1" not in log


def test_a_service_that_has_not_joined_says_so_in_its_log_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        pretending("agent", "service", "--state", str(tmp_path)),
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["state"], last["error"], last["exit_code"], done.returncode) == (STOPPED, 1066, 1, 1)
    assert "this machine has not joined a district yet" in (tmp_path / "agent.log").read_text()


class Heard:
    """A manager that notes what it is told."""

    def __init__(self) -> None:
        self.states: list[int] = []
        self.code: int | None = None
        self.told = threading.Event()

    def tell(self, state: int, *, accepted: int = 0, exit_code: int = 0, wait_ms: int = 0) -> None:
        assert (accepted != 0) == (state == RUNNING)
        assert (wait_ms != 0) == (state in (START_PENDING, STOP_PENDING))
        self.states.append(state)
        self.code = exit_code
        self.told.set()


def works(stop_on: StopOn) -> int:
    async def work() -> int:
        stop = asyncio.Event()
        with stop_on(stop):
            await stop.wait()
        return 0

    return asyncio.run(work())


@pytest.mark.parametrize("control", [CONTROL_STOP, CONTROL_SHUTDOWN])
def test_a_service_stops_by_either_word_from_another_thread(control: int) -> None:
    heard, service = Heard(), Service(works)
    thread = threading.Thread(target=service.run, args=(heard,))
    thread.start()
    until(lambda: RUNNING in heard.states)

    assert service.handle(control) == NO_ERROR
    thread.join(15)
    assert heard.states == [START_PENDING, RUNNING, STOP_PENDING, STOPPED]
    assert heard.code == 0


def test_a_service_that_is_stopped_before_its_loop_runs_never_says_that_it_does() -> None:
    heard = Heard()
    service = Service(lambda stop_on: (service.handle(CONTROL_STOP), works(stop_on))[1])

    assert service.run(heard) == 0
    assert heard.states == [START_PENDING, STOP_PENDING, STOPPED]


def test_a_service_that_has_stopped_says_no_more() -> None:
    heard, service = Heard(), Service(lambda _stop_on: 0)
    service.run(heard)

    assert service.handle(CONTROL_STOP) == NO_ERROR
    assert heard.states == [START_PENDING, STOPPED]


def test_a_service_that_breaks_has_stopped_with_an_error() -> None:
    def breaks(_stop_on: StopOn) -> int:
        raise ZeroDivisionError

    heard = Heard()
    with pytest.raises(ZeroDivisionError):
        Service(breaks).run(heard)
    assert (heard.states, heard.code) == ([START_PENDING, STOPPED], 1)


def test_a_service_answers_what_it_does_not_know() -> None:
    service = Service(works)

    assert service.handle(CONTROL_INTERROGATE) == NO_ERROR
    assert service.handle(2) == ERROR_CALL_NOT_IMPLEMENTED


def test_other_systems_have_no_such_manager() -> None:
    with pytest.raises(NotAService):
        run_as_service(works)
