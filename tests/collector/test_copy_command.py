"""``bandroom store copy`` as an admin types it, stopped and killed in the middle."""

import json
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from collector.registry.registry import Registry
from collector.store.duckdb_history import DuckDbHistory
from collector.store.history import Extent, StoredReport
from collector.store.influx_history import InfluxHistory
from tests.collector.builders import arrival, latency
from tests.collector.influx import influx_access
from tests.end_to_end.collector_process import free_port
from tests.end_to_end.process import Running, run
from tests.end_to_end.waiting import eventually
from tests.influx import Influx

pytestmark = pytest.mark.requires("influx")

REPORTS = 300
"""Stored over two weeks: some two thousand steps."""


@pytest.fixture
def folder(influx: Influx, tmp_path: Path) -> Path:
    """A district's folder with two weeks of reports in DuckDB."""
    (tmp_path / "influx.token").write_text(influx.token or "a-token")
    (tmp_path / "bandroom.toml").write_text(
        f'port = {free_port()}\ninflux_url = "{influx.url}"\ninflux_org = "{influx.org}"\n'
        f'influx_prefix = "{influx.prefix}"\ninflux_token_file = "influx.token"\n'
    )
    (tmp_path / "data").mkdir()
    first = datetime.now(UTC).replace(microsecond=0) - timedelta(days=14)
    every = timedelta(days=13) / REPORTS
    with closing(DuckDbHistory.open_store(tmp_path / "data" / "bandroom.duckdb")) as store:
        reports = [arrival(latency(seq), started_at=first + seq * every) for seq in range(1, REPORTS + 1)]
        store.take_reports(
            [StoredReport(arrival=one, stored_at=one.started_at + timedelta(minutes=2)) for one in reports]
        )
        store.write_bins([], judged_through=first + timedelta(days=9))
    return tmp_path


def command(folder: Path, to: str = "influx") -> tuple[str, ...]:
    return ("store", "copy", "--to", to, "--settings", str(folder / "bandroom.toml"))


@pytest.fixture
def copying(folder: Path) -> Iterator[Running]:
    """A copy under way, with something copied."""
    one = Running(folder / "copy.log", "bandroom", *command(folder))
    try:
        eventually("something is copied", lambda: one.ended or (folder / "data" / "copy-to-influx.json").exists())
        yield one
    finally:
        one.end()


def in_influx(influx: Influx, folder: Path) -> tuple[Extent, datetime]:
    registry = Registry.open_registry(f"sqlite:///{folder / 'data' / 'registry.sqlite'}")
    with closing(registry), closing(InfluxHistory.open_store(influx_access(influx), registry)) as store:
        return store.extent(), store.judged_through()


def in_duckdb(folder: Path) -> tuple[Extent, datetime]:
    with closing(DuckDbHistory.open_store(folder / "data" / "bandroom.duckdb")) as store:
        return store.extent(), store.judged_through()


@pytest.mark.slow
def test_a_copy_that_was_killed_goes_on_and_says_what_it_brought(
    influx: Influx, folder: Path, copying: Running
) -> None:
    assert not copying.ended, copying.said()
    copying.kill()
    mark = json.loads((folder / "data" / "copy-to-influx.json").read_text())
    assert 0 < mark["counts"]["reports"] < REPORTS

    said = run("bandroom", *command(folder))

    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith(
        f'copied 0 weeks, 0 days, 0 bins, {REPORTS} reports; to use it, set store = "influx" in '
    )
    assert in_influx(influx, folder) == in_duckdb(folder)
    assert not (folder / "data" / "copy-to-influx.json").exists()


@pytest.mark.slow
def test_a_copy_that_was_interrupted_says_how_to_go_on(folder: Path, copying: Running) -> None:
    copying.signal(signal.SIGINT)
    assert copying.wait() == 130, copying.said()
    assert copying.said().splitlines()[-1] == "stopped; the same command goes on from here"
    assert "Traceback" not in copying.said()


def test_a_copy_beside_a_collector_is_refused(folder: Path) -> None:
    port = int((folder / "bandroom.toml").read_text().split()[2])
    with socket.create_server(("127.0.0.1", port)):
        said = run("bandroom", *command(folder))
    assert (said.returncode, said.stderr) == (
        1,
        f"the collector runs on port {port}: stop it, copy, and start it again\n",
    )


def test_a_database_that_another_process_has_open_is_said(folder: Path) -> None:
    with closing(DuckDbHistory.open_store(folder / "data" / "bandroom.duckdb")):
        said = run("bandroom", *command(folder))
    assert said.returncode == 1
    assert "is open in another process" in said.stderr
    assert len(said.stderr.splitlines()) == 1


def test_an_influxdb_without_our_buckets_names_the_command(folder: Path) -> None:
    settings = folder / "bandroom.toml"
    settings.write_text(settings.read_text().replace('influx_prefix = "', 'influx_prefix = "no'))
    said = run("bandroom", *command(folder))
    assert said.returncode == 1
    assert "run bandroom store init" in said.stderr
    assert len(said.stderr.splitlines()) == 1
