"""The units that an installer copies: systemd has no complaint, and they open little."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.process import COMMANDS, run

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
AGENT = UNITS / "bandroom-agent.service"
COLLECTOR = UNITS / "bandroom-collector.service"
RAW = UNITS / "bandroom-agent-raw.conf"
MOST_EXPOSURE = {AGENT: 1.5, COLLECTOR: 1.1}
"""What `systemd-analyze security` of systemd 252 says, from 0 to 10."""

each_unit = pytest.mark.parametrize("unit", [AGENT, COLLECTOR], ids=lambda path: path.stem)


def analyze(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["systemd-analyze", *arguments], check=False, capture_output=True, text=True, timeout=60, stdin=None
    )


def commands(unit: Path) -> list[str]:
    """The command line of a unit."""
    (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    return str(line).split()


@pytest.mark.requires("systemd")
@each_unit
def test_systemd_has_no_complaint(unit: Path, tmp_path: Path) -> None:
    here = tmp_path / unit.name
    text = unit.read_text(encoding="utf-8")
    here.write_text(re.sub(r"^ExecStart=/opt/[^/]+/bin/", f"ExecStart={COMMANDS}/", text, flags=re.MULTILINE))

    checked = analyze("verify", "--man=no", here)

    complaints = [line for line in checked.stderr.splitlines() if unit.stem in line]
    assert (checked.returncode, complaints) == (0, [])


@pytest.mark.requires("systemd")
@each_unit
def test_a_unit_opens_little(unit: Path) -> None:
    judged = analyze("security", "--offline=true", "--no-pager", unit)

    exposure = re.search(r"exposure level for \S+: ([0-9.]+)", judged.stdout)
    assert exposure is not None, judged.stdout + judged.stderr
    assert float(exposure[1]) <= MOST_EXPOSURE[unit], judged.stdout


@pytest.mark.requires("systemd")
def test_raw_sockets_open_that_one_right_and_no_other(tmp_path: Path) -> None:
    both = tmp_path / AGENT.name
    started = f"ExecStart={COMMANDS}/"
    text = AGENT.read_text(encoding="utf-8").replace("ExecStart=/opt/bandroom-agent/bin/", started)
    both.write_text(f"{text}\n{RAW.read_text(encoding='utf-8')}", encoding="utf-8")  # as a drop-in is read

    assert [line for line in analyze("verify", "--man=no", both).stderr.splitlines() if AGENT.stem in line] == []
    alone, with_raw = (open_in(unit) for unit in (AGENT, both))
    assert with_raw - alone == {
        "AmbientCapabilities=",
        "CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)",
        "PrivateUsers=",
        "RestrictAddressFamilies=~AF_PACKET",
    }


def open_in(unit: Path) -> set[str]:
    """What `systemd-analyze security` says is open in a unit."""
    judged = analyze("security", "--offline=true", "--no-pager", unit)
    assert judged.returncode == 0, judged.stderr
    return set(re.findall(r"^✗ (\S+)", judged.stdout, re.MULTILINE))


@each_unit
def test_a_unit_starts_a_command_that_there_is(unit: Path) -> None:
    program, command, *options = commands(unit)
    said = run(Path(program).name, command, "--help")
    assert said.returncode == 0, said.stderr
    assert all(option in said.stdout for option in options if option.startswith("-"))


@each_unit
def test_a_unit_names_its_own_environment_and_user(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    folder = Path(commands(unit)[0]).parents[1].name
    assert f"\nUser={folder}\n" in text
    assert f"\nStateDirectory={folder}\n" in text


@each_unit
def test_a_unit_has_a_watchdog_and_bounds(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    assert "\nType=notify\n" in text
    for key in ("WatchdogSec", "MemoryMax", "CPUQuota", "TasksMax", "Restart", "RestartSec"):
        assert f"\n{key}=" in text, key


@pytest.mark.skipif(sys.platform == "win32", reason="paths of a unit are POSIX")
def test_the_agent_finds_its_folder_where_systemd_makes_it() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(AGENT)
    folder = f"/var/lib/{unit['Service']['StateDirectory']}"
    assert unit["Service"]["Environment"] == f"BANDROOM_AGENT_STATE={folder}"
    assert unit["Unit"]["ConditionPathExists"] == f"{folder}/agent.toml"


def test_the_agent_does_not_wait_for_a_network() -> None:
    settings = [line for line in AGENT.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert not any("network" in line for line in settings)
