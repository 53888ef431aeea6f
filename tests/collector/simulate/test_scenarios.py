from pathlib import Path

import pytest

from collector.district.mistakes import BadFile
from collector.simulate.kinds import KINDS
from collector.simulate.scenario_file import SHIPPED, find_scenario, load_scenario, shipped

BAD = Path(__file__).parent / "bad_scenarios"
SMALL = (SHIPPED / "small.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_is_without_mistakes(name: str) -> None:
    scenario = load_scenario(find_scenario(name))
    assert scenario.rooms
    assert scenario.days(1)


def test_the_semester_has_a_fault_of_nearly_each_kind() -> None:
    kinds = {one.kind for name in shipped() for one in load_scenario(find_scenario(name)).faults}
    assert kinds == set(KINDS)


@pytest.mark.parametrize("path", sorted(BAD.glob("*.toml")), ids=lambda path: path.stem)
def test_every_mistake_is_told_in_a_line_that_names_the_fix(path: Path) -> None:
    expected = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
    with pytest.raises(BadFile) as told:
        load_scenario(path)
    assert str(told.value) == expected


def test_an_unknown_scenario_is_told_with_those_that_there_are() -> None:
    with pytest.raises(BadFile, match=r'there is no scenario "semster"; shipped are .*did you mean "semester"'):
        find_scenario("semster")


def test_a_new_scenario_needs_no_code(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SMALL.replace("weeks = 5", "weeks = 9"), encoding="utf-8")
    assert load_scenario(path).weeks == 9


def test_rooms_on_an_access_point_have_its_trouble_together() -> None:
    (fault,) = (one for one in load_scenario(find_scenario("semester")).faults if len(one.groups[0]) == 2)
    assert fault.groups == ((("lakeside", "105"), ("lakeside", "106")),)


def test_an_early_day_ends_early_and_a_closed_one_has_no_bins() -> None:
    scenario = load_scenario(find_scenario("small"))
    lengths = {
        day: len(starts) for day, starts in zip(scenario.days(3), scenario.starts(scenario.days(3)), strict=True)
    }
    assert list(lengths.values()) == [84, 84, 84, 84, 24]
    assert len(scenario.days(1)) == 4
