"""At the site or not: by attachment and answers, on a moved clock."""

from pathlib import Path

import pytest

from agent.attachment import Attachment
from agent.clock import NS_PER_S
from agent.known_place import KnownPlace
from agent.whereabouts import AWAY_AFTER, UNPLUGGED_NS, Whereabouts
from tests.agent.test_known_place import REFLECTOR, SCHOOL

HOME = Attachment("wlan0", "192.168.1.0/24", "192.168.1.1", "02:00:00:00:00:01")
LOOKS_ALIKE = SCHOOL._replace(hardware="02:00:00:00:00:01")


class Machine:
    """A machine that looks and asks as `agent.presence` does, a look every two seconds."""

    def __init__(self, path: Path, *, portable: bool = True) -> None:
        self.known = KnownPlace(path)
        self.known.belongs_to(REFLECTOR)
        self.known.load()
        self.where = Whereabouts(self.known, portable=portable)
        self.now_ns = 0

    def looks(self, attachment: Attachment | None, times: int = 1, *, answers: bool = False) -> str:
        for _ in range(times):
            self.now_ns += 2 * NS_PER_S
            self.where.see(attachment, self.now_ns)
            if attachment is not None and self.where.whether != "present":
                if answers:
                    self.where.answered(attachment, attachment)
                else:
                    self.where.unanswered()
        return self.where.whether


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One that has been verified at school."""
    one = Machine(tmp_path / "place.json")
    assert one.looks(SCHOOL, answers=True) == "present"
    one.known.save()
    return one


def test_a_machine_that_was_never_answered_is_away_after_three_questions(tmp_path: Path) -> None:
    new = Machine(tmp_path / "place.json")

    assert new.looks(SCHOOL, AWAY_AFTER - 1) == "unsure"
    assert new.looks(SCHOOL) == "away"
    assert new.looks(SCHOOL, 1000) == "away"


def test_one_answer_makes_it_present_and_silence_does_not_undo_that(machine: Machine) -> None:
    assert machine.looks(SCHOOL, 10_000) == "present"
    assert machine.where.sure


def test_an_outage_that_takes_the_gateway_with_it_is_no_going_away(machine: Machine) -> None:
    assert machine.looks(SCHOOL._replace(hardware=None), 10_000) == "present"


def test_carried_home_it_stops_at_the_first_look_and_is_away_soon(machine: Machine) -> None:
    assert machine.looks(HOME) == "unsure"
    assert not machine.where.sure
    assert machine.looks(HOME, AWAY_AFTER) == "away"


def test_back_at_school_it_is_known_at_once_by_its_attachment(machine: Machine) -> None:
    machine.looks(HOME, 100)

    assert machine.looks(SCHOOL) == "present"


def test_another_network_of_the_site_needs_an_answer_and_is_the_known_one_then(machine: Machine) -> None:
    other = SCHOOL._replace(network="10.21.0.0/24", gateway="10.21.0.1")

    assert machine.looks(other) == "unsure"
    assert machine.looks(other, answers=True) == "present"
    assert machine.looks(other, 100) == "present"


def test_a_home_with_the_same_addresses_is_told_by_the_gateways_hardware(machine: Machine) -> None:
    machine.looks(None)

    assert machine.looks(LOOKS_ALIKE, AWAY_AFTER + 1) == "away"
    # its gateway falls silent some day: that does not make it the school's
    assert machine.looks(LOOKS_ALIKE._replace(hardware=None), 1000) == "away"


def test_a_start_in_an_outage_at_school_measures(machine: Machine, tmp_path: Path) -> None:
    uplink_down = Machine(tmp_path / "place.json")
    assert uplink_down.looks(SCHOOL) == "present"

    gateway_down = Machine(tmp_path / "place.json")
    assert gateway_down.looks(SCHOOL._replace(hardware=None), AWAY_AFTER - 1) == "unsure"
    assert gateway_down.looks(SCHOOL._replace(hardware=None)) == "present"


def test_a_start_elsewhere_measures_nothing(machine: Machine, tmp_path: Path) -> None:
    assert Machine(tmp_path / "place.json").looks(HOME, AWAY_AFTER) == "away"
    assert Machine(tmp_path / "place.json").looks(LOOKS_ALIKE, AWAY_AFTER) == "away"


def test_after_a_sleep_it_looks_again_before_it_measures(machine: Machine) -> None:
    machine.where.interrupt()
    assert machine.where.whether == "unsure"
    assert machine.looks(SCHOOL) == "present"

    machine.where.interrupt()
    assert machine.looks(HOME, AWAY_AFTER) == "away"


def test_an_answer_to_a_question_from_elsewhere_proves_nothing(tmp_path: Path) -> None:
    new = Machine(tmp_path / "place.json")
    new.where.see(HOME, 0)

    assert not new.where.answered(SCHOOL, HOME)
    assert not new.where.answered(SCHOOL, None)
    assert new.where.whether == "unsure"


def test_attached_to_nothing_a_desktop_is_where_it_was_and_a_laptop_perhaps_not(
    machine: Machine, tmp_path: Path
) -> None:
    desktop = Machine(tmp_path / "place.json", portable=False)
    desktop.looks(SCHOOL)
    assert desktop.looks(None, 10_000) == "present"
    assert desktop.where.sure

    assert machine.looks(None) == "present"
    assert not machine.where.sure  # reports wait
    assert machine.looks(SCHOOL) == "present"
    assert machine.where.sure  # it was an outage
    assert machine.looks(None, UNPLUGGED_NS // (2 * NS_PER_S) + 2) == "away"


def test_a_machine_that_starts_attached_to_nothing_is_unsure(machine: Machine, tmp_path: Path) -> None:
    assert Machine(tmp_path / "place.json", portable=False).looks(None, 1000) == "unsure"


def test_a_new_network_is_asked_about_quickly_again(machine: Machine) -> None:
    machine.looks(HOME, 500)
    assert machine.where.tries == 500

    machine.looks(HOME._replace(network="172.16.0.0/12"))
    assert machine.where.tries == 1
