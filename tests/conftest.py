"""What a test may need of its machine: asked for with @pytest.mark.requires, and never skipped in silence."""

import atexit
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from tests.influx import Influx

Reason = str | None
NETNS_COMMANDS = {"ip": "iproute2", "tc": "iproute2", "ss": "iproute2", "nft": "nftables", "iperf3": "iperf3"}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
OLDEST_SYSTEMD = 252
"""Debian 12's; older ones do not know every setting of our units."""


@functools.cache
def netns_missing() -> Reason:
    """Makes a network namespace and deletes it, because root alone does not grant one in a container."""
    if not hasattr(os, "geteuid"):
        return "network namespaces are Linux's"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if absent := [f"{name} ({package})" for name, package in NETNS_COMMANDS.items() if shutil.which(name) is None]:
        return f"not installed (in brackets what Debian calls it): {', '.join(absent)}"
    name = f"bandroom-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True, text=True, timeout=10)
    if made.returncode != 0:
        return f"ip netns add: {made.stderr.strip()}"
    subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True, timeout=10)
    return None


@functools.cache
def find_chromium() -> Path | None:
    found = (shutil.which(name) for name in CHROMIUM_NAMES)
    return next((Path(path) for path in found if path is not None), None)


@functools.cache
def browser_missing() -> Reason:
    """Asks for the version, because Ubuntu's chromium-browser may be a stub that only names a snap."""
    chromium = find_chromium()
    if chromium is None:
        return "no chromium found"
    try:
        asked = subprocess.run([chromium, "--version"], check=False, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        return f"{chromium} --version does not answer"
    return None if asked.returncode == 0 else f"{chromium} --version: {asked.stderr.strip()}"


@functools.cache
def systemd_missing() -> Reason:
    """Only its programs are needed: units are judged where systemd does not run, too."""
    if shutil.which("systemd-analyze") is None:
        return "the command systemd-analyze is not installed (systemd)"
    asked = subprocess.run(["systemd-analyze", "--version"], check=False, capture_output=True, text=True, timeout=30)
    version = int(asked.stdout.split()[1].partition(".")[0]) if asked.returncode == 0 else 0
    return None if version >= OLDEST_SYSTEMD else f"systemd {version} is older than {OLDEST_SYSTEMD}"


def influx_missing() -> Reason:
    if os.environ.get("BANDROOM_INFLUX_URL"):
        return None
    if shutil.which("influxd") is None:
        return "no influxd found (Debian's influxdb has it; or name a server in BANDROOM_INFLUX_URL)"
    return nginx_missing()


def nginx_missing() -> Reason:
    return None if shutil.which("nginx") else "no nginx found (Debian's nginx-light has it)"


def poppler_missing() -> Reason:
    return None if shutil.which("pdftotext") and shutil.which("pdftoppm") else "no poppler-utils found"


def snmpd_missing() -> Reason:
    """Debian keeps it where a user's PATH may not look."""
    found = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")
    return None if found else "no snmpd found (Debian's snmpd has it)"


MISSING: dict[str, Callable[[], Reason]] = {
    "browser": browser_missing,
    "influx": influx_missing,
    "netns": netns_missing,
    "nginx": nginx_missing,
    "poppler": poppler_missing,
    "snmpd": snmpd_missing,
    "systemd": systemd_missing,
}


def demanded() -> set[str]:
    """What BANDROOM_REQUIRE names: there a missing requirement is a failure, not a skip."""
    return {name.strip() for name in os.environ.get("BANDROOM_REQUIRE", "").split(",") if name.strip()}


def required_by(item: pytest.Item) -> list[str]:
    return [name for mark in item.iter_markers("requires") for name in mark.args]


def refuse_unknown(names: set[str], where: str) -> None:
    if unknown := names - MISSING.keys():
        raise pytest.UsageError(f"{where} names {', '.join(sorted(unknown))}; known are {', '.join(MISSING)}")


class FailuresAsTheyHappen:
    """Says at once what failed, for the log of a run that never comes to its summary."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and (terminal := self._config.pluginmanager.getplugin("terminalreporter")) is not None:
            terminal.write_line("")
            terminal.write_line(f"FAILED in {report.when}, after {report.duration:.0f} s: {report.nodeid}")


# With CI's time, the same examples every time and fewer; whoever runs make test looks for new ones.
settings.register_profile("few", parent=settings.get_profile("ci"), max_examples=40)


def pytest_configure(config: pytest.Config) -> None:
    refuse_unknown(demanded(), "BANDROOM_REQUIRE")
    config.pluginmanager.register(FailuresAsTheyHappen(config))
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0" and hasattr(os, "nice"):
        os.nice(10)  # The first worker has what shapes networks, whose packets others must not keep waiting.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Lets -m netns and -m 'not browser' choose by what a test requires, and begins with what shapes networks."""
    for item in items:
        names = required_by(item)
        refuse_unknown(set(names), item.nodeid)
        for name in names:
            item.add_marker(name)
    items.sort(key=lambda item: not shapes_networks(item.nodeid))


@functools.cache
def network_files() -> frozenset[str]:
    root = Path(__file__).parent.parent
    return frozenset(
        path.relative_to(root).as_posix()
        for path in root.glob("tests/**/test_*.py")
        if 'requires("netns"' in path.read_text(encoding="utf-8")
    )


def shapes_networks(nodeid: str) -> bool:
    return nodeid.partition("::")[0] in network_files()


class OneForNetworks(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """With several workers a file stays with one of them, and one does all that shapes networks: that waits far more
    than it works, and two at once would feel each other."""

    def _split_scope(self, nodeid: str) -> str:
        return "networks" if shapes_networks(nodeid) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneForNetworks:
    return OneForNetworks(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for name in required_by(item):
        if (reason := MISSING[name]()) is None:
            continue
        if name in demanded():
            pytest.fail(f"BANDROOM_REQUIRE demands {name}: {reason}", pytrace=False)
        pytest.skip(f"needs {name}: {reason}")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser of a test that requires it."""
    path = find_chromium()
    assert path is not None, "a test that uses this fixture is marked requires('browser')"
    return path


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an InfluxDB that all tests share; a test that harms it starts an `InfluxServer` of its own."""
    from tests.influx import InfluxServer

    if url := os.environ.get("BANDROOM_INFLUX_URL"):
        yield url
        return
    server = InfluxServer(tmp_path_factory.mktemp("influx"))
    try:
        yield server.start().url
    finally:
        server.close()


@pytest.fixture
def influx(influx_server: str) -> Iterator["Influx"]:
    """Databases of a test's own, empty, under a prefix that nobody had before."""
    from tests.influx import new_databases

    with new_databases(influx_server) as made:
        yield made


@atexit.register
def _end_on_the_summary() -> None:
    """Let pytest's summary be the last thing that is read.

    DuckDB's binding prints a page about leaked instances when its module outlives the interpreter's
    own clean-up, as it does when an exception or a garbage collector callback still knows it.
    """
    sys.stderr.flush()
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
