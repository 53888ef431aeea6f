"""What is measured and said at the site and elsewhere, against a real reflector, on a moved clock."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.attachment import Attachment
from agent.clock import NS_PER_S
from agent.fold import Draft
from agent.holding import Holding
from agent.known_place import KnownPlace
from agent.presence import SPARSE, Presence, measures_nothing
from agent.whereabouts import AWAY_AFTER, QUICK
from tests.agent.fakes import Answers, MovedClock, reflector
from tests.agent.reports import latency
from tests.agent.test_known_place import SCHOOL
from tests.agent.test_stamp import keyed
from tests.agent.test_whereabouts import HOME, LOOKS_ALIKE
from wire.enrolment import AgentConfig, PathPlan, Service, Target, ThroughputPlan
from wire.reports import AwayReport, Report

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


def test_nothing_is_measured_before_the_site_has_answered_and_all_of_it_after(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        machine.presence.follow(machine.config)
        assert not machine.measuring
        await machine.look()
        assert machine.measuring

    machine = on_a_machine(work, folder=tmp_path)
    assert machine.notes == ["present"]
    assert machine.site.asked == 1
    assert machine.reports == []


def test_what_is_measured_nowhere_is_every_kind_of_probe() -> None:
    silent = measures_nothing(config(1))

    assert (silent.targets, silent.services, silent.path, silent.throughput) == ((), (), None, None)
    assert silent.presence is not None
    assert silent.period_ms == 60_000


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(lambda packet, count: [], id="nobody"),
        pytest.param(keyed(b"o" * 32), id="a reflector with another key"),
        pytest.param(lambda packet, count: [packet], id="an echo"),
        pytest.param(lambda packet, count: [packet[:44], bytes(112), b""], id="something else"),
    ],
)
def test_only_the_sites_own_answer_proves_presence(answers: Answers, tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine, looks=AWAY_AFTER)
        assert not machine.measuring

    assert on_a_machine(work, folder=tmp_path, answers=answers).notes == ["away"]


def test_an_outage_at_school_is_measured_on(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.site.answers = False
        await machine.look(100)
        assert machine.measuring
        machine.holding.emit(latency())
        await machine.look()

    assert [one.kind for one in on_a_machine(work, folder=tmp_path).reports] == ["latency"]


def test_carried_away_it_stops_at_once_and_says_only_that_it_is_away(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.attachment = HOME
        machine.site.answers = False
        machine.holding.emit(latency())  # measured since the last look, who knows where
        await machine.look()
        assert not machine.measuring
        await machine.look(100)

    machine = on_a_machine(work, folder=tmp_path)
    assert {one.kind for one in machine.reports} == {"off_site"}
    assert sum(one.duration_ms for one in machine.reports) >= 180_000
    assert machine.notes == ["present", "away"]


def test_what_was_measured_up_to_the_last_look_at_school_is_reported(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.holding.emit(latency())
        await machine.look()
        machine.attachment = HOME
        machine.site.answers = False
        await machine.look(AWAY_AFTER)

    kinds = [one.kind for one in on_a_machine(work, folder=tmp_path).reports]
    assert kinds.count("latency") == 1
    assert set(kinds) == {"latency", "off_site"}


def test_reports_of_a_laptop_without_a_network_wait_until_it_is_known_where_it_was(tmp_path: Path) -> None:
    async def unplugged(machine: Machine, then: Attachment) -> None:
        await follow(machine)
        machine.attachment = None
        await machine.look()
        machine.holding.emit(latency())
        await machine.look(3)
        assert machine.measuring
        assert machine.drafts == []
        machine.site.answers = False
        machine.attachment = then
        await machine.look(AWAY_AFTER)

    outage = on_a_machine(partial(unplugged, then=SCHOOL), folder=tmp_path / "outage")
    carried = on_a_machine(partial(unplugged, then=HOME), folder=tmp_path / "carried")
    alike = on_a_machine(partial(unplugged, then=LOOKS_ALIKE), folder=tmp_path / "alike")

    assert [one.kind for one in outage.reports] == ["latency"]
    assert "latency" not in {one.kind for one in (*carried.reports, *alike.reports)}


def test_a_desktop_without_a_network_is_in_its_room_and_reports_that(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.attachment = None
        machine.holding.emit(latency())
        await machine.look(1000)
        assert machine.measuring
        assert len(machine.drafts) == 1

    on_a_machine(work, folder=tmp_path, portable=False)


def test_a_restart_in_an_outage_at_school_measures_and_one_at_home_does_not(tmp_path: Path) -> None:
    async def silent(machine: Machine, at: Attachment, measures: bool) -> None:
        machine.site.answers = False
        machine.attachment = at
        await follow(machine, looks=AWAY_AFTER + 1)
        assert machine.measuring == measures

    on_a_machine(
        follow,
        partial(silent, at=SCHOOL, measures=True),
        partial(silent, at=HOME, measures=False),
        partial(silent, at=LOOKS_ALIKE, measures=False),
        folder=tmp_path,
    )


def test_a_machine_that_slept_asks_again_before_it_measures(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.clock.boot_ns += 3600 * NS_PER_S
        machine.attachment = LOOKS_ALIKE
        machine.site.answers = False
        await machine.look()
        assert not machine.measuring
        machine.attachment = SCHOOL
        machine.site.answers = True
        await machine.look()
        assert machine.measuring

    on_a_machine(work, folder=tmp_path)


def test_away_it_asks_often_at_first_and_then_seldom(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        machine.site.answers = False
        await follow(machine, looks=QUICK)
        assert machine.site.asked == QUICK
        await machine.look(5 * SPARSE)
        assert QUICK + 4 <= machine.site.asked <= QUICK + 6
        before = machine.site.asked
        machine.attachment = HOME  # something changed: it may be school again
        await machine.look(3)
        assert machine.site.asked == before + 3

    on_a_machine(work, folder=tmp_path)


def test_without_presence_in_the_config_everything_passes_as_ever(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        machine.config = replace(machine.config, presence=None)
        machine.presence.follow(machine.config)
        assert machine.measuring
        machine.holding.emit(latency())
        assert len(machine.drafts) == 1

    machine = on_a_machine(work, folder=tmp_path)
    assert machine.site.asked == 0


def test_a_config_that_no_longer_asks_where_the_machine_is_lets_it_measure(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        machine.site.answers = False
        await follow(machine, looks=60)
        machine.config = replace(machine.config, presence=None)
        machine.presence.follow(machine.config)
        assert machine.measuring
        machine.holding.emit(latency())

    machine = on_a_machine(work, folder=tmp_path)
    assert [one.kind for one in machine.reports][-1] == "latency"
    away = [one for one in machine.reports if isinstance(one, AwayReport)]
    assert sum(one.duration_ms for one in away) >= 100_000


def test_another_site_is_to_be_proved_anew(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        assert machine.config.presence is not None
        machine.config = replace(machine.config, presence=replace(machine.config.presence, key="0c" * 32))
        machine.presence.follow(machine.config)
        assert not machine.measuring
        await machine.look(AWAY_AFTER)
        assert not machine.measuring

    on_a_machine(work, folder=tmp_path)


def test_a_look_that_breaks_is_said_once_and_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.attachment = OSError("no such device")
        await machine.look(5)
        assert machine.measuring

    on_a_machine(work, folder=tmp_path, portable=False)
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert record.getMessage().startswith("attachment cannot be read error=OSError at=test_presence.py:")


def test_no_line_of_the_log_says_where_the_machine_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.attachment = HOME
        machine.site.answers = False
        await machine.look(AWAY_AFTER + 1)

    with caplog.at_level("DEBUG", logger="agent"):
        on_a_machine(work, folder=tmp_path)
    said = [record.getMessage() for record in caplog.records]
    assert "this machine is at its site" in said
    assert "this machine is away from its site" in said
    for word in (*SCHOOL, *HOME, "127.0.0.1", KEY):
        assert all(str(word) not in line for line in said)
