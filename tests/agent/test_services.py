import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from agent.clock import NS_PER_S, Clock
from agent.fold import Draft
from agent.services import Services, broken_draft
from agent.working import WorkingTimes
from tests import virtual_time
from tests.agent.fakes import AGENT
from tests.virtual_time import VirtualLoop
from wire.enrolment import AgentConfig, Service
from wire.service_report import ServiceReport

LMS = Service(alias="service:lms", host="lms.invalid", port=443, path="/", interval_ms=300_000, timeout_ms=10_000)
MEET = replace(LMS, alias="service:meet")
HOUR_S = 3600


def config(*services: Service) -> AgentConfig:
    return AgentConfig(version=3, role="room", period_ms=60_000, push_interval_ms=60_000, targets=(), services=services)


@dataclass
class Machine:
    """An agent's services on a clock of their own; every request takes a second."""

    loop: VirtualLoop
    asked: list[tuple[str, float]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    working: WorkingTimes = field(default_factory=WorkingTimes)
    slept_ns: int = 0
    during: Callable[[], None] = lambda: None

    def boot_ns(self) -> int:
        return self.loop.ns() + self.slept_ns

    def clock(self) -> Clock:
        return replace(self.loop.clock(), boot_ns=self.boot_ns)

    async def ask(self, service: Service) -> Draft:
        self.asked.append((service.alias, self.boot_ns() / NS_PER_S))
        await asyncio.sleep(1)
        self.during()
        if service.host == "broken":
            raise OSError("the text of an error may hold 192.0.2.7")
        return broken_draft(service, self.boot_ns())

    def services(self, tasks: asyncio.TaskGroup) -> Services:
        return Services(
            tasks,
            self.ask,
            agent=AGENT,
            working=self.working,
            emit=self.drafts.append,
            clock=self.clock(),
            sleep=asyncio.sleep,
        )

    def reports(self) -> list[ServiceReport]:
        built = [draft(seq=number) for number, draft in enumerate(self.drafts, start=1)]
        return [one for one in built if isinstance(one, ServiceReport)]

    def times(self, alias: str) -> list[float]:
        return [at_s for name, at_s in self.asked if name == alias]


def after(seconds: float, *services: Service, before: Callable[[Machine], None] = lambda machine: None) -> Machine:
    """What was asked in so many seconds."""

    async def work(loop: VirtualLoop) -> Machine:
        machine = Machine(loop)
        before(machine)
        async with asyncio.TaskGroup() as tasks:
            running = machine.services(tasks)
            running.follow(config(*services))
            await asyncio.sleep(seconds)
            running.stop()
        return machine

    return virtual_time.run(work)


def test_each_service_is_asked_once_in_each_interval_at_a_moment_of_its_own() -> None:
    machine = after(2 * HOUR_S, LMS, MEET)

    for alias in ("service:lms", "service:meet"):
        times = machine.times(alias)
        assert len(times) == 24
        assert {round(later - earlier) for earlier, later in pairwise(times)} == {300}
    assert machine.times("service:lms")[0] != machine.times("service:meet")[0]
    assert len(machine.reports()) == 48


def test_agents_do_not_ask_in_step() -> None:
    def first(agent: str) -> float:
        async def work(loop: VirtualLoop) -> float:
            machine = Machine(loop)
            async with asyncio.TaskGroup() as tasks:
                running = Services(
                    tasks, machine.ask, agent=agent, working=machine.working, emit=machine.drafts.append,
                    clock=machine.clock(), sleep=asyncio.sleep,
                )  # fmt: skip
                running.follow(config(LMS))
                await asyncio.sleep(301)
                running.stop()
            return machine.asked[0][1]

        return virtual_time.run(work)

    moments = sorted(first(f"{number:016x}") for number in range(40))
    assert moments[0] < 60
    assert moments[-1] > 240
    assert len({round(one) for one in moments}) > 30


def test_nothing_is_asked_while_a_throughput_test_of_ours_runs() -> None:
    machine = after(HOUR_S, LMS, before=lambda machine: machine.working.begin(0))

    assert machine.asked == []


def test_what_a_test_fell_into_is_not_reported() -> None:
    def a_test_begins(machine: Machine) -> None:
        machine.during = lambda: machine.working.begin(machine.boot_ns()) if len(machine.asked) == 2 else None

    machine = after(HOUR_S, LMS, before=a_test_begins)

    assert len(machine.asked) == 2
    assert len(machine.drafts) == 1


def test_a_machine_that_slept_is_asked_to_find_its_network_first() -> None:
    async def work(loop: VirtualLoop) -> Machine:
        machine = Machine(loop)
        async with asyncio.TaskGroup() as tasks:
            running = machine.services(tasks)
            running.follow(config(LMS))
            await asyncio.sleep(400)
            machine.slept_ns = 8 * HOUR_S * NS_PER_S
            await asyncio.sleep(600)
            running.stop()
        return machine

    machine = virtual_time.run(work)

    awake = [at_s for at_s in machine.times("service:lms") if at_s > 400]
    assert len(awake) <= 2
    assert all(round(at_s - machine.asked[0][1]) % 300 == 0 for at_s in awake)


def test_a_request_that_the_machine_slept_through_is_not_reported() -> None:
    def sleeps(machine: Machine) -> None:
        def sleep() -> None:
            machine.slept_ns += 60 * NS_PER_S if len(machine.asked) == 1 else 0

        machine.during = sleep

    machine = after(1000, LMS, before=sleeps)

    assert len(machine.asked) >= 3
    assert len(machine.drafts) == len(machine.asked) - 1


def test_a_service_that_cannot_be_asked_hurts_nobody_else_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        machine = after(HOUR_S, replace(LMS, host="broken"), MEET)

    broken = [one for one in machine.reports() if one.target == "service:lms"]
    assert {(one.failure, one.failed_in) for one in broken} == {("probe_broke", None)}
    assert len(broken) == len(machine.times("service:meet")) == 12
    (said,) = caplog.messages
    assert said.startswith("service cannot be asked target=service:lms error=OSError at=")
    assert "192.0.2.7" not in caplog.text


def test_only_what_changed_begins_anew() -> None:
    async def work(loop: VirtualLoop) -> Machine:
        machine = Machine(loop)
        async with asyncio.TaskGroup() as tasks:
            running = machine.services(tasks)
            running.follow(config(LMS, MEET))
            await asyncio.sleep(1000)
            running.follow(config(LMS))
            await asyncio.sleep(1000)
            running.follow(config())
            await asyncio.sleep(1000)
            running.stop()
        return machine

    machine = virtual_time.run(work)

    assert max(machine.times("service:meet")) < 1000 < max(machine.times("service:lms")) < 2000
    times = machine.times("service:lms")
    assert {round(later - earlier) for earlier, later in pairwise(times)} == {300}
