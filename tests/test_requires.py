"""A test that needs what a machine may lack skips with its reason, and fails where that is demanded."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TEST = """
import pytest

@pytest.mark.requires("browser")
def test_the_board() -> None:
    raise AssertionError("ran without a browser")

@pytest.mark.requires("netns")
def test_a_school() -> None:
    raise AssertionError("ran without a network of its own")

@pytest.mark.requires("nginx")
def test_a_proxy() -> None:
    raise AssertionError("ran without a proxy")

@pytest.mark.requires("influx")
def test_a_store() -> None:
    raise AssertionError("ran without an InfluxDB")

def test_anything() -> None:
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our conftest and settings, on a machine where no command is found."""
    here = Path(__file__).parent
    shutil.copy(here.parent / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    shutil.copy(here / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_board.py").write_text(TEST)
    return tmp_path


def run(project: Path, *arguments: str, demanded: str = "") -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name == "SYSTEMROOT"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=project,
        env=kept | {"PATH": str(project), "BANDROOM_REQUIRE": demanded},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_what_a_laptop_lacks_is_skipped_with_its_reason(project: Path) -> None:
    result = run(project)
    assert result.returncode == 0
    assert "1 passed, 4 skipped" in result.stdout
    assert "needs browser: no chromium found" in result.stdout
    assert "needs influx: no influxd found" in result.stdout
    assert "needs nginx: no nginx found" in result.stdout


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="asked for as root only")
def test_everything_that_is_not_installed_is_named_at_once(project: Path) -> None:
    reason = next(line for line in run(project).stdout.splitlines() if "needs netns" in line)
    for name in ("ip (iproute2)", "tc (iproute2)", "nft (nftables)", "iperf3 (iperf3)"):
        assert name in reason


def test_what_is_demanded_fails_instead(project: Path) -> None:
    result = run(project, demanded="netns, browser")
    assert result.returncode == 1
    assert "BANDROOM_REQUIRE demands browser: no chromium found" in result.stdout
    assert "BANDROOM_REQUIRE demands netns: " in result.stdout


def test_a_demand_nobody_knows_is_refused(project: Path) -> None:
    result = run(project, demanded="brwoser")
    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert (
        "BANDROOM_REQUIRE names brwoser; known are browser, influx, netns, nginx, poppler, snmpd, systemd"
        in result.stderr
    )


def test_what_a_test_requires_chooses_it(project: Path) -> None:
    chosen = run(project, "-m", "not browser and not influx and not netns and not nginx")
    assert "1 passed, 4 deselected" in chosen.stdout
