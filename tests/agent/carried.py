"""An agent's presence on a machine that a test carries about, against a real reflector and on a moved clock."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.attachment import Attachment
from agent.clock import NS_PER_MS, NS_PER_S
from agent.fold import Draft
from agent.holding import Holding
from agent.known_place import KnownPlace
from agent.presence import Presence, measures_nothing
from tests.agent.fakes import Answers, MovedClock, reflector
from tests.agent.reports import latency
from tests.agent.test_known_place import SCHOOL
from tests.agent.test_stamp import keyed
from wire.enrolment import AgentConfig, PathPlan, Service, Target, ThroughputPlan
from wire.reports import Report

KEY = "0b" * 32
LOOK_S = 2.0


def config(port: int) -> AgentConfig:
    site = Target(
        alias="site",
        method="stamp",
        host="127.0.0.1",
        port=port,
        tcp_port=None,
        interval_ms=int(LOOK_S * 1000),
        timeout_ms=100,
        key=KEY,
    )
    return AgentConfig(
        version=3,
        role="room",
        period_ms=60_000,
        push_interval_ms=60_000,
        targets=(site, replace(site, alias="district", key=None)),
        throughput=ThroughputPlan(interval_ms=60_000),
        services=(
            Service(alias="service:lms", host="lms.example", port=443, path="/", interval_ms=60_000, timeout_ms=1000),
        ),
        path=PathPlan(interval_ms=60_000, targets=("district",)),
        presence=site,
    )


@dataclass
class Site:
    """A reflector that may fall silent, and counts who asks."""

    answers: bool = True
    asked: int = 0

    def answer(self, packet: bytes, count: int) -> list[bytes]:
        self.asked += 1
        return keyed(bytes.fromhex(KEY))(packet, count) if self.answers else []


@dataclass
class Machine:
    """An agent's presence: what it would measure now, and what went to its spool."""

    clock: MovedClock
    site: Site
    config: AgentConfig
    attachment: Attachment | Exception | None = SCHOOL
    presence: Presence = field(init=False)
    holding: Holding = field(init=False)
    obeyed: list[AgentConfig] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    looks: "asyncio.Queue[asyncio.Event]" = field(default_factory=asyncio.Queue)
    turn: asyncio.Event | None = None

    def read(self) -> Attachment | None:
        if isinstance(self.attachment, Exception):
            raise self.attachment
        return self.attachment

    def measured(self) -> Draft:
        """A report of what has been measured just now."""
        return latency(boot_ms=self.clock.boot_ns // NS_PER_MS)

    async def sleep(self, seconds: float) -> None:
        self.clock.boot_ns += int(seconds * NS_PER_S)
        turn = asyncio.Event()
        self.looks.put_nowait(turn)
        await turn.wait()

    async def look(self, times: int = 1) -> None:
        """Let it look so often; it is asleep afterwards."""
        for _ in range(times):
            if self.turn is not None:
                self.turn.set()
            async with asyncio.timeout(10):
                self.turn = await self.looks.get()

    @property
    def measuring(self) -> bool:
        now = self.obeyed[-1]
        assert now in (self.config, measures_nothing(self.config))
        assert self.presence.measuring == (now == self.config)
        return now == self.config

    @property
    def reports(self) -> list[Report]:
        return [draft(seq=number) for number, draft in enumerate(self.drafts, start=1)]


def on_a_machine(
    *works: Callable[[Machine], Awaitable[Any]],
    folder: Path,
    portable: bool = True,
    answers: Answers | None = None,
) -> Machine:
    """The machine after these, each of them a run of the agent with the same folder and the same reflector."""
    site = Site()

    async def run(work: Callable[[Machine], Awaitable[Any]], port: int) -> Machine:
        clock = MovedClock(frozen=True)
        one = Machine(clock, site, config(port))
        async with asyncio.TaskGroup() as tasks:
            one.holding = Holding(one.drafts.append)
            one.presence = Presence(
                tasks,
                KnownPlace(folder / "known-place.json"),
                obey=one.obeyed.append,
                holding=one.holding,
                emit=one.drafts.append,
                note=lambda **notes: one.notes.append(notes["presence"]),
                clock=clock.clock(),
                sleep=one.sleep,
                read=lambda fresh: one.read(),
                portable=portable,
            )
            try:
                await work(one)
            finally:
                await one.presence.stop()
        return one

    with reflector(answers or site.answer) as port:
        return [asyncio.run(run(work, port)) for work in works][-1]


async def follow(machine: Machine, *, looks: int = 1) -> None:
    machine.presence.follow(machine.config)
    await machine.look(looks)
