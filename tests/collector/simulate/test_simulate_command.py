import json
import shutil
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from collector.check import check_settings
from collector.main import app
from collector.simulate.kept import SETTINGS
from collector.store.duckdb_store import DuckDbStore

BIT = """
title = "A bit"
weeks = 2

[calendar]
time_zone = "America/Chicago"
first_monday = 2026-08-31
days = ["mon", "tue", "wed", "thu", "fri"]
lessons = ["08:00-10:00"]
closures = [2026-09-07]
early_release = [2026-09-09]
early_lessons = ["08:00-09:00"]

[[sites]]
id = "oak-hill"
rooms = 2

[[faults]]
kind = "room_wifi"
where = ["oak-hill/101"]
weeks = [1, 2]
bad_share = 0.5
burst_minutes = 30
delay_ms = 300
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    (folder / "bit.toml").write_text(BIT, encoding="utf-8")
    result = _run("simulate", str(folder / "bit.toml"), "--out", str(folder / "out"), "--seed", "3")
    assert result == 0
    return folder / "out"


def _run(*arguments: str) -> int:
    return CliRunner().invoke(app, arguments).exit_code


def test_what_simulate_leaves_is_a_district_that_serve_takes(made: Path) -> None:
    district, _ = check_settings(made / SETTINGS)
    assert district.name == "A bit (simulated)"
    assert [one.name for one in district.sites] == ["Oak Hill (simulated)"]
    assert [one.room for one in district.rooms] == ["101", "102", "wiring-closet"]


def test_simulate_says_which_week_of_the_board_to_look_at(made: Path, tmp_path: Path) -> None:
    scenario, out = made.parent / "bit.toml", tmp_path / "out"
    result = CliRunner().invoke(app, ["simulate", str(scenario), "--out", str(out), "--weeks", "1"])
    assert (
        result.stdout.splitlines()[-1]
        == f"look: bandroom serve --settings {out / SETTINGS}, then /week/2026-W36 on the board"
    )


def test_the_calendar_of_a_scenario_is_the_district_files(made: Path) -> None:
    district, _ = check_settings(made / SETTINGS)
    calendar = district.calendar_of("oak-hill")
    assert calendar.lessons_on(date(2026, 9, 7)) == ()
    assert [one.label for one in calendar.lessons_on(date(2026, 9, 9))] == ["08:00\N{EN DASH}09:00"]


def test_the_store_holds_bins_days_and_weeks(made: Path) -> None:
    with closing(DuckDbStore.open_store(made / "data" / "bandroom.duckdb")) as store:
        bins = store.bins_between(datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC))
        days = store.room_days_between(date(2026, 8, 1), date(2026, 10, 1))
        weeks = store.room_weeks_between(date(2026, 8, 1), date(2026, 10, 1))
    assert len(bins["oak-hill", "101"]) == 5 * 24 + 3 * 24 + 12
    assert len(days["oak-hill", "101"]) == 9
    assert [one.verdict for one in weeks["oak-hill", "101"]] == ["restricted", "restricted"]
    assert [one.verdict for one in weeks["oak-hill", "102"]] == ["ok", "ok"]


def test_a_folder_is_scored_by_the_truth_in_it(made: Path) -> None:
    result = CliRunner().invoke(app, ["score", str(made), "--json"])
    told = json.loads(result.stdout)
    assert told["verdicts"][0]["room_weeks"] == 2
    assert {one["said"] for one in told["confusion"]} == {"room_access"}


def test_a_folder_that_is_not_empty_is_left_alone(made: Path) -> None:
    result = CliRunner().invoke(app, ["simulate", "small", "--out", str(made)])
    assert (result.exit_code, result.stderr) == (1, f"{made} is not empty; name a new folder with --out\n")


def test_a_folder_without_truth_is_no_simulated_district(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["score", str(tmp_path)])
    assert result.exit_code == 1
    assert "holds no simulated district" in result.stderr
    assert "bandroom simulate" in result.stderr


def test_a_missed_bound_ends_with_1_and_says_so(made: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(made, copied)
    truth = copied / "truth.json"
    truth.write_text(truth.read_text(encoding="utf-8").replace('"room_access"', '"site_lan"'), encoding="utf-8")
    result = CliRunner().invoke(app, ["score", str(copied)])
    assert (result.exit_code, result.stderr) == (1, "a bound is missed\n")
    assert "| cause right, where truth is one cause | 0 % |" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("score", "semster"), 'there is no scenario "semster"'),
        (("score", "--seed", "3"), "what is published has seeds and weeks of its own"),
        (("simulate", "nothing.toml", "--out", "x"), "cannot be read"),
    ],
)
def test_a_wrong_command_is_answered_in_a_line(arguments: tuple[str, ...], told: str) -> None:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stderr.count("\n") == 1
