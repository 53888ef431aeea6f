"""What is measured and said at the site and elsewhere, against a real reflector, on a moved clock."""

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from agent.attachment import Attachment
from agent.clock import NS_PER_S
from agent.presence import SPARSE, measures_nothing
from agent.whereabouts import AWAY_AFTER, QUICK
from tests.agent.carried import KEY, Machine, config, follow, on_a_machine
from tests.agent.fakes import Answers
from tests.agent.test_known_place import SCHOOL
from tests.agent.test_stamp import keyed
from tests.agent.test_whereabouts import HOME, LOOKS_ALIKE
from wire.reports import AwayReport


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
        machine.holding.emit(machine.measured())
        await machine.look()

    assert [one.kind for one in on_a_machine(work, folder=tmp_path).reports] == ["latency"]


def test_carried_away_it_stops_at_once_and_says_only_that_it_is_away(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.attachment = HOME
        machine.site.answers = False
        machine.holding.emit(machine.measured())  # measured since the last look, who knows where
        await machine.look()
        assert not machine.measuring
        await machine.look(100)

    machine = on_a_machine(work, folder=tmp_path)
    assert {one.kind for one in machine.reports} == {"off_site"}
    assert sum(one.duration_ms for one in machine.reports) >= 180_000
    assert machine.notes == ["present", "away"]


def test_what_began_elsewhere_is_not_reported_when_the_machine_is_back(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.attachment = HOME
        machine.site.answers = False
        await machine.look(AWAY_AFTER + 3)
        machine.holding.emit(machine.measured())
        machine.clock.boot_ns += NS_PER_S
        machine.attachment = SCHOOL
        await machine.look()
        assert machine.measuring
        machine.holding.emit(machine.measured())
        await machine.look()

    assert [one.kind for one in on_a_machine(work, folder=tmp_path).reports].count("latency") == 1


def test_what_was_measured_up_to_the_last_look_at_school_is_reported(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.holding.emit(machine.measured())
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
        machine.holding.emit(machine.measured())
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
        machine.holding.emit(machine.measured())
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
        machine.holding.emit(machine.measured())
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
        machine.holding.emit(machine.measured())

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
    assert record.getMessage().startswith("attachment cannot be read error=OSError at=carried.py:")


def test_stopped_right_after_a_sleep_it_reports_nothing_that_may_have_been_measured_elsewhere(tmp_path: Path) -> None:
    async def work(machine: Machine) -> None:
        await follow(machine)
        machine.clock.boot_ns += 3600 * NS_PER_S
        machine.attachment = SCHOOL._replace(hardware=None)  # as at a home with the school's addresses
        machine.holding.emit(machine.measured())

    assert on_a_machine(work, folder=tmp_path).reports == []


def test_whatever_else_breaks_in_a_look_ends_nothing_either(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Breaking(list[str]):
        def append(self, _one: str) -> None:
            raise ZeroDivisionError("192.0.2.1")

    async def work(machine: Machine) -> None:
        machine.notes = Breaking()
        await follow(machine, looks=3)
        assert machine.measuring
        machine.attachment = HOME
        machine.site.answers = False
        await machine.look(AWAY_AFTER + 1)
        assert not machine.measuring

    on_a_machine(work, folder=tmp_path)
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert record.getMessage().startswith("presence broke error=ZeroDivisionError at=test_presence.py:")


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
