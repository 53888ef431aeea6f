"""A reference's reflector on real sockets."""

import asyncio
import json
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from typing import Any

import pytest

from agent.place import Place
from agent.port import RETRY_S
from agent.reflector import MAX_PER_SECOND, ReflectorHost
from agent.sample import Sample
from agent.session import Session
from agent.stamp import StampPackets
from tests.agent.fakes import MovedClock
from wire.enrolment import ReflectorPlan
from wire.reflector_limits import MAX_PER_SENDER
from wire.stamp import ReflectorPacket, SenderPacket, ntp_from_unix_ns

KEY = "0b" * 32
NOW = ntp_from_unix_ns(1_760_000_000_000_000_000)


def free_port() -> int:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::", 0))
        port: int = probe.getsockname()[1]
        return port


class Host:
    """A `ReflectorHost` whose sleeps end when the test says so."""

    def __init__(self, tasks: asyncio.TaskGroup, clock: MovedClock | None = None) -> None:
        self.notes: list[dict[str, Any] | None] = []
        self.slept: list[float] = []
        self.turn = asyncio.Event()
        self.host = ReflectorHost(
            tasks,
            lambda **notes: self.notes.append(json.loads(notes["reflector"] or "null")),
            clock=(clock or MovedClock()).clock(),
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.turn.wait()
        self.turn.clear()

    async def until_it_sleeps(self, times: int = 1) -> None:
        async with asyncio.timeout(5):
            while len(self.slept) < times:  # noqa: ASYNC110 - a test may look again and again
                await asyncio.sleep(0.001)


def hosting(work: Callable[[Host], Awaitable[Any]], clock: MovedClock | None = None) -> Any:
    async def run() -> Any:
        async with asyncio.TaskGroup() as tasks:
            host = Host(tasks, clock)
            try:
                return await work(host)
            finally:
                await host.host.stop()

    return asyncio.run(run())


async def probe(port: int, key: str | None = None, to: str = "127.0.0.1") -> Sample:
    clock = MovedClock().clock()
    session = Session(
        StampPackets(clock, None if key is None else bytes.fromhex(key)),
        Place(lambda: to, port, socket.SOCK_DGRAM),
        timeout_ms=300,
        clock=clock,
    )
    sample = await session.probe()
    session.close()
    return sample


@contextmanager
def asking(port: int) -> Any:
    """A socket that asks the reflector."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setblocking(False)
        link.connect(("127.0.0.1", port))
        yield link


async def answers(link: socket.socket) -> list[bytes]:
    """What has come back once nothing more does."""
    found = []
    quiet = 0
    while quiet < 20:
        await asyncio.sleep(0.002)
        try:
            found.append(link.recv(4096))
            quiet = 0
        except BlockingIOError:
            quiet += 1
    return found


@pytest.mark.parametrize("to", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("key", [None, KEY])
def test_it_answers_over_both_versions_of_ip(to: str, key: str | None) -> None:
    port = free_port()

    async def work(host: Host) -> Sample:
        host.host.follow(ReflectorPlan(port=port, key=key))
        await host.until_it_sleeps()
        return await probe(port, key, to)

    assert hosting(work).answered


@pytest.mark.skipif(sys.platform != "linux", reason="the whole of 127.0.0.0/8 is this machine on Linux alone")
def test_the_answer_comes_from_the_address_that_was_asked() -> None:
    port = free_port()

    async def work(host: Host) -> Sample:
        host.host.follow(ReflectorPlan(port=port))
        await host.until_it_sleeps()
        return await probe(port, to="127.3.2.1")  # a connected socket hears nobody else

    assert hosting(work).answered


def test_with_a_key_whoever_has_it_not_hears_nothing_and_is_counted() -> None:
    port = free_port()

    async def work(host: Host) -> Any:
        host.host.follow(ReflectorPlan(port=port, key=KEY))
        await host.until_it_sleeps()
        return await probe(port), await probe(port, "0c" * 32), await probe(port, KEY), host.host.packets

    plain, other, right, packets = hosting(work)
    assert (plain.failure, other.failure, right.answered) == ("no_answer", "no_answer", True)
    assert (packets.answered, packets.ignored) == (1, 2)


def test_the_residence_covers_what_a_packet_waited_for_a_busy_agent() -> None:
    port = free_port()

    async def work(host: Host) -> bytes:
        host.host.follow(ReflectorPlan(port=port))
        await host.until_it_sleeps()
        with asking(port) as link:
            link.send(SenderPacket(sequence=1, timestamp=NOW).encode())
            time.sleep(0.05)  # noqa: ASYNC251 - the point is to hold up the loop
            (answer,) = await answers(link)
            return answer

    answer = ReflectorPacket.decode(hosting(work))
    assert answer is not None
    if sys.platform == "linux":
        assert answer.residence_ns >= 50_000_000


def test_a_changed_plan_is_followed_and_the_former_port_is_free_again() -> None:
    first, second = free_port(), free_port()

    async def work(host: Host) -> Any:
        host.host.follow(ReflectorPlan(port=first))
        await host.until_it_sleeps(1)
        host.host.follow(ReflectorPlan(port=first, key=KEY))
        await host.until_it_sleeps(2)
        same_port = await probe(first, KEY)
        host.host.follow(ReflectorPlan(port=second))
        await host.until_it_sleeps(3)
        moved = await probe(second), await probe(first)
        host.host.follow(None)
        await asyncio.sleep(0.01)
        return same_port, *moved, await probe(second), host.notes[-1]

    same_port, moved, former, ended, note = hosting(work)
    assert note is None  # or `status` would tell of it for ever
    assert same_port.answered
    assert moved.answered
    assert (former.failure, ended.failure) == ("unreachable", "unreachable")


def test_the_same_plan_again_disturbs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()

    async def work(host: Host) -> Any:
        for _ in range(3):
            host.host.follow(ReflectorPlan(port=port))
            await host.until_it_sleeps()
        return await probe(port)

    with caplog.at_level("INFO"):
        assert hosting(work).answered
    assert sum("reflector answers" in record.getMessage() for record in caplog.records) == 1


def test_a_taken_port_is_one_clear_line_and_tried_until_it_is_free(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()

    async def work(host: Host) -> Any:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as taken:
            taken.bind(("::", port))
            host.host.follow(ReflectorPlan(port=port))
            await host.until_it_sleeps(1)
            host.turn.set()
            await host.until_it_sleeps(2)
            assert host.slept == [RETRY_S, RETRY_S]
        host.turn.set()
        await host.until_it_sleeps(3)
        return await probe(port)

    assert hosting(work).answered
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"reflector cannot open its port, it is tried again port={port} word=taken"
    ]


def test_a_wild_sender_is_limited_told_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    clock = MovedClock(frozen=True)

    async def work(host: Host) -> Any:
        host.host.follow(ReflectorPlan(port=port))
        await host.until_it_sleeps()
        with asking(port) as wild, asking(port) as quiet:
            for number in range(3 * MAX_PER_SENDER):
                wild.send(SenderPacket(sequence=number, timestamp=NOW).encode())
                await asyncio.sleep(0)  # a socket's queue is short
            to_wild = await answers(wild)
            quiet.send(SenderPacket(sequence=1, timestamp=NOW).encode())
            to_quiet = await answers(quiet)
        host.turn.set()  # nothing was limited meanwhile
        await host.until_it_sleeps(2)
        host.turn.set()
        await host.until_it_sleeps(3)
        return len(to_wild), len(to_quiet), host.host.packets, host.notes

    to_wild, to_quiet, packets, notes = hosting(work, clock)
    assert (to_wild, to_quiet) == (MAX_PER_SENDER, 1)
    assert (packets.answered, packets.limited) == (MAX_PER_SENDER + 1, 2 * MAX_PER_SENDER)
    assert notes[-1] == {
        "port": port,
        "answered": MAX_PER_SENDER + 1,
        "ignored": 0,
        "limited": 2 * MAX_PER_SENDER,
        "unsent": 0,
    }
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == [f"reflector gets more packets than it answers limit_per_second={MAX_PER_SECOND}"]


def test_the_last_counts_are_noted_when_it_stops() -> None:
    port = free_port()
    seen: list[Host] = []

    async def work(host: Host) -> None:
        seen.append(host)
        host.host.follow(ReflectorPlan(port=port))
        await host.until_it_sleeps()
        await probe(port)

    hosting(work)
    note = seen[0].notes[-1]
    assert note is not None
    assert note["answered"] == 1


def test_a_disk_that_hangs_does_not_hold_up_the_stop() -> None:
    disk = threading.Event()

    async def work(host: Host) -> None:
        host.host.follow(ReflectorPlan(port=free_port()))
        await host.until_it_sleeps()
        host.notes = Hanging()
        async with asyncio.timeout(10):
            await host.host.stop()

    class Hanging(list[dict[str, Any] | None]):
        def append(self, _one: dict[str, Any] | None) -> None:
            disk.wait(60)

    try:
        hosting(work)
    finally:
        disk.set()


def test_no_line_of_the_log_holds_an_address(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()

    async def work(host: Host) -> None:
        host.host.follow(ReflectorPlan(port=port, key=KEY))
        await host.until_it_sleeps()
        await probe(port)

    with caplog.at_level("DEBUG", logger="agent"):
        hosting(work)
    text = " ".join(record.getMessage() for record in caplog.records)
    assert "127.0.0.1" not in text
    assert KEY not in text
