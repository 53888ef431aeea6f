"""What systemd is told, the same of agent and collector."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

import agent.systemd
import collector.systemd

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="systemd is Linux's")

PID = 4711


class Told(Protocol):
    """Whoever is told."""

    @property
    def address(self) -> str: ...
    @property
    def watchdog_s(self) -> float | None: ...
    def tell(self, state: str) -> None: ...


Find = Callable[[Mapping[str, str], int], Told | None]
Attend = Callable[..., Awaitable[None]]


def agent_attend(systemd: agent.systemd.Systemd | None, **others: object) -> Awaitable[None]:
    begun = asyncio.Event()
    begun.set()
    return agent.systemd.attend(systemd, begun=begun, **others)  # type: ignore[arg-type]


both_find = pytest.mark.parametrize(
    "find", [agent.systemd.systemd_of, collector.systemd.systemd_of], ids=["agent", "collector"]
)
both = pytest.mark.parametrize(
    ("find", "attend"),
    [(agent.systemd.systemd_of, agent_attend), (collector.systemd.systemd_of, collector.systemd.attend)],
    ids=["agent", "collector"],
)


@contextmanager
def service_manager(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + address[1:] if address[0] == "@" else address)
        listener.setblocking(False)
        yield listener


def heard(listener: socket.socket) -> list[str]:
    """Everything that was told since the last time."""
    found = []
    while True:
        try:
            found.append(listener.recv(100).decode())
        except BlockingIOError:
            return found


@both_find
@pytest.mark.parametrize("kind", ["/", "@"])
def test_a_state_reaches_a_socket_with_a_file_and_one_without(find: Find, kind: str, tmp_path: Path) -> None:
    address = f"{tmp_path}/notify" if kind == "/" else f"@bandroom-test-{os.getpid()}"
    with service_manager(address) as listener:
        systemd = find({"NOTIFY_SOCKET": address}, PID)
        assert systemd is not None
        systemd.tell("READY=1")
        assert heard(listener) == ["READY=1"]


@both_find
@pytest.mark.parametrize("address", [None, "", "vsock:2:1234", "notify"])
def test_where_nobody_asks_nobody_is_told(find: Find, address: str | None) -> None:
    assert find({} if address is None else {"NOTIFY_SOCKET": address}, PID) is None


@both_find
def test_a_service_manager_that_is_gone_is_no_trouble(find: Find, tmp_path: Path) -> None:
    systemd = find({"NOTIFY_SOCKET": str(tmp_path / "nobody")}, PID)
    assert systemd is not None
    systemd.tell("READY=1")


@both_find
@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(PID)}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_petted_where_it_is_ours(find: Find, wanted: dict[str, str], seconds: float | None) -> None:
    systemd = find({"NOTIFY_SOCKET": "/run/notify", **wanted}, PID)
    assert systemd is not None
    assert systemd.watchdog_s == seconds


class Attended:
    """A service on a clock that its own sleep moves, with events at moments of that clock."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.stuck: str | None = None
        self.stop = asyncio.Event()
        self.events: dict[float, Callable[[], None]] = {}

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        for moment in [one for one in self.events if one <= self.now_s]:
            self.events.pop(moment)()
        await asyncio.sleep(0)

    async def run(self, attend: Attend, systemd: Told | None) -> None:
        await attend(systemd, stuck=lambda: self.stuck, stop=self.stop.wait(), sleep=self.sleep)


def story(find: Find, attend: Attend, folder: Path, tell: Callable[[Attended], None], **wanted: str) -> list[str]:
    """What was told of a service to which `tell` made things happen."""

    async def run() -> None:
        service = Attended()
        tell(service)
        await service.run(attend, find({"NOTIFY_SOCKET": str(folder / "notify"), **wanted}, PID))

    with service_manager(str(folder / "notify")) as listener:
        asyncio.run(run())
        return heard(listener)


@both
def test_ready_then_three_signs_of_life_a_period_then_stopping(find: Find, attend: Attend, tmp_path: Path) -> None:
    def tell(service: Attended) -> None:
        service.events[30.0] = service.stop.set

    said = story(find, attend, tmp_path, tell, WATCHDOG_USEC="30000000")

    assert said == ["READY=1", *["WATCHDOG=1"] * 3, "STOPPING=1"]


@both
def test_what_is_stuck_is_not_vouched_for_and_said_once(
    find: Find, attend: Attend, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def tell(service: Attended) -> None:
        service.events[10.0] = partial(setattr, service, "stuck", "judging")
        service.events[1000.0] = service.stop.set

    said = story(find, attend, tmp_path, tell, WATCHDOG_USEC="30000000")

    assert said == ["READY=1", "WATCHDOG=1", "STOPPING=1"]
    assert [record.getMessage() for record in caplog.records] == [
        "a part is stuck, systemd will start us anew part=judging"
    ]


@both
def test_what_was_stuck_and_comes_round_again_is_vouched_for(find: Find, attend: Attend, tmp_path: Path) -> None:
    def tell(service: Attended) -> None:
        service.stuck = "judging"
        service.events[20.0] = partial(setattr, service, "stuck", None)
        service.events[30.0] = service.stop.set

    said = story(find, attend, tmp_path, tell, WATCHDOG_USEC="30000000")

    assert said == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


@both
def test_without_a_watchdog_only_beginning_and_end_are_told(find: Find, attend: Attend, tmp_path: Path) -> None:
    def tell(service: Attended) -> None:
        asyncio.get_running_loop().call_later(0.05, service.stop.set)

    assert story(find, attend, tmp_path, tell) == ["READY=1", "STOPPING=1"]


@both
def test_without_systemd_it_only_waits_for_the_end(find: Find, attend: Attend) -> None:
    async def run() -> None:
        service = Attended()
        service.stop.set()
        await service.run(attend, find({}, PID))

    asyncio.run(run())


def test_an_agent_is_not_ready_before_its_loops_are_on_their_way(tmp_path: Path) -> None:
    async def run(listener: socket.socket) -> None:
        begun, stop = asyncio.Event(), asyncio.Event()
        systemd = agent.systemd.systemd_of({"NOTIFY_SOCKET": str(tmp_path / "notify")}, PID)
        attending = asyncio.create_task(
            agent.systemd.attend(systemd, begun=begun, stuck=lambda: None, stop=stop.wait(), sleep=asyncio.sleep)
        )
        for is_set, expected in ((False, []), (True, ["READY=1"])):
            if is_set:
                begun.set()
            for _ in range(5):
                await asyncio.sleep(0)
            assert heard(listener) == expected
        stop.set()
        await attending

    with service_manager(str(tmp_path / "notify")) as listener:
        asyncio.run(run(listener))
