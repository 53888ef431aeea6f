"""What of the machine bounds a throughput test, and how it is found out."""

import asyncio
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.clock import NS_PER_S, system_clock
from agent.device import ceiling_bps, read_device
from agent.effort import Effort, Exertion, effort, held_back_us, look
from agent.link import Link
from agent.loopback import FIRST_S, FIRST_WITHIN_S, LONGEST_S, Loopback, measure_loopback
from agent.machine import Machine
from agent.working import WorkingTimes
from tests.agent.fakes import AGENT, MovedClock

CABLE = Link(name="eth0", mbps=100, errors=0, drops=0, medium="wired", full_duplex=True)
M = 1_000_000


@pytest.mark.parametrize(
    ("loopback_bps", "link", "ceiling"),
    [
        (None, None, None),
        (2_000 * M, None, 2_000 * M),
        (2_000 * M, CABLE, 94 * M),
        (50 * M, CABLE, 50 * M),
        (None, CABLE, 94 * M),
        (None, replace(CABLE, full_duplex=False), 47 * M),
        (None, replace(CABLE, full_duplex=None, medium=None), 94 * M),  # Windows does not say which it is
        (2_000 * M, replace(CABLE, mbps=None), 2_000 * M),
        (2_000 * M, replace(CABLE, medium="wifi"), 2_000 * M),  # its rate is the room's
        (2_000 * M, replace(CABLE, medium="other", mbps=10), 2_000 * M),  # what a tunnel says of itself means nothing
    ],
)
def test_the_ceiling_is_what_the_machine_or_its_cable_can_do(
    loopback_bps: int | None, link: Link | None, ceiling: int | None
) -> None:
    assert ceiling_bps(loopback_bps, link) == ceiling


def test_a_device_is_known_by_what_leads_to_the_collector() -> None:
    found = asyncio.run(read_device(("127.0.0.1", 8600), 123))
    assert (found.ceiling_bps, found.link_mbps) == (123, None)

    nowhere = asyncio.run(read_device(("no-such-host.invalid", 1), None))
    assert (nowhere.ceiling_bps, nowhere.link_mbps, nowhere.full_duplex) == (None, None, None)


def exerted(seconds: float, *, busy_s: float = 0, own_s: float = 0, held_back_s: float = 0) -> Exertion:
    """So many seconds after the start of a machine with two processors."""
    return Exertion(
        boot_ns=int(seconds * NS_PER_S),
        machine=Machine(busy_s=busy_s, idle_s=2 * seconds - busy_s),
        own_ns=int(own_s * NS_PER_S),
        held_back_us=int(held_back_s * 1_000_000),
    )


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (exerted(5, busy_s=1), Effort(cpu_permille=100, was_full=False)),
        (exerted(5, busy_s=9), Effort(cpu_permille=900, was_full=True)),
        (exerted(5, busy_s=5, own_s=4.6), Effort(cpu_permille=500, was_full=True)),
        (exerted(5, busy_s=5, own_s=4.4), Effort(cpu_permille=500, was_full=False)),
        (exerted(5, busy_s=3, own_s=2.4, held_back_s=2.2), Effort(cpu_permille=300, was_full=True)),
        (replace(exerted(5), machine=Machine()), Effort(cpu_permille=None, was_full=False)),
    ],
)
def test_a_machine_is_full_by_all_processors_by_one_or_by_its_units_bound(after: Exertion, found: Effort) -> None:
    assert effort(exerted(0), after) == found


def test_the_bound_of_a_unit_is_read_from_its_control_group(tmp_path: Path) -> None:
    own, groups = tmp_path / "cgroup", tmp_path / "groups"
    (groups / "system.slice" / "agent.service").mkdir(parents=True)
    stat = groups / "system.slice" / "agent.service" / "cpu.stat"
    own.write_text("1:name=systemd:/old\n0::/system.slice/agent.service\n")

    assert held_back_us(own, groups) == 0, "no bound, no file"
    stat.write_text("usage_usec 99\nnr_throttled 4\nthrottled_usec 7300\n")
    assert held_back_us(own, groups) == 7300
    for length in range(len("throttled_usec ")):
        stat.write_text("throttled_usec 1"[:length])
        assert held_back_us(own, groups) == 0
    assert held_back_us(tmp_path / "none", groups) == 0


def test_work_between_two_looks_is_seen() -> None:
    clock = system_clock()
    before = look(clock)
    while look(clock).own_ns - before.own_ns < NS_PER_S // 20:
        pass
    after = look(clock)

    assert after.own_ns - before.own_ns >= NS_PER_S // 20
    assert effort(before, after).cpu_permille is not None


def test_the_loopback_carries_something_within_its_bounds() -> None:
    bps = measure_loopback(system_clock())

    assert bps is not None
    assert bps > 10 * M, "no machine that runs Python is as slow"


def test_the_loopback_is_measured_though_its_priority_cannot_be_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_arguments: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuses, raising=False)
    assert measure_loopback(system_clock(), most_bytes=1_000_000) is not None


def test_the_loopback_ends_at_its_limit_of_bytes() -> None:
    moved = MovedClock(frozen=True)  # time never comes
    ticks = iter(range(10**9))
    clock = replace(moved.clock(), precise_ns=lambda: next(ticks))

    assert measure_loopback(clock, seconds=3600, most_bytes=1_000_000) is not None
    assert next(ticks) < 200, "a look at the clock for each block that was sent, and that came"


def test_without_a_connection_there_is_no_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_args: object, **_more: object) -> None:
        raise PermissionError

    monkeypatch.setattr("socket.create_server", refuses)
    assert measure_loopback(system_clock()) is None


def kept(working: WorkingTimes, measure: Callable[[], int | None], naps: int) -> tuple[list[float], Loopback]:
    """What a `Loopback` waited for, so many times, on a clock that only its waiting moves."""
    moved = MovedClock(frozen=True)
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        if len(waited) == naps:
            raise asyncio.CancelledError
        waited.append(seconds)
        moved.boot_ns += int(seconds * NS_PER_S)

    loopback = Loopback(measure)

    async def work() -> None:
        with pytest.raises(asyncio.CancelledError):
            await loopback.keep(AGENT, working=working, clock=moved.clock(), sleep=sleep)

    asyncio.run(work())
    return waited, loopback


def test_the_loopback_is_measured_after_the_start_and_then_once_a_day() -> None:
    found = iter([1 * M, None, 3 * M])
    waited, loopback = kept(WorkingTimes(), lambda: next(found), naps=3)

    assert FIRST_S <= waited[0] <= FIRST_S + FIRST_WITHIN_S
    assert waited[1:] == [86_400, 86_400]
    assert loopback.bps == 3 * M
    assert LONGEST_S <= 0.3


def test_a_measurement_that_breaks_is_a_ceiling_that_is_not_known(caplog: pytest.LogCaptureFixture) -> None:
    found: Iterator[int | Exception] = iter([1 * M, 2 * M, RuntimeError("can't start new thread")])

    def measure() -> int:
        one = next(found)
        if isinstance(one, Exception):
            raise one
        return one

    waited, loopback = kept(WorkingTimes(), measure, naps=3)

    assert waited[1:] == [86_400, 86_400]
    assert loopback.bps is None
    assert [one.getMessage() for one in caplog.records] == ["the loopback cannot be measured error=RuntimeError"]


def test_the_loopback_is_never_measured_beside_a_throughput_test() -> None:
    working = WorkingTimes()
    working.begin(0)
    waited, loopback = kept(working, lambda: 5 * M, naps=4)

    assert waited[1:] == [60, 60, 60]
    assert loopback.bps is None
