"""The backup of InfluxDB 1.x that docs/install-server.md shows, made and restored."""

import re
import subprocess
from pathlib import Path

import pytest

from collector.registry.registry import Registry
from collector.store.influx_connection import InfluxAccess
from collector.store.influx_history import InfluxHistory
from collector.store.protocol import StoreError
from tests.collector.builders import arrival, latency
from tests.end_to_end.waiting import eventually
from tests.influx import Influx, InfluxServer


def influxd(folder: Path, command: str, backup: Path) -> None:
    """Run `command` against the server whose files are in `folder`."""
    (where,) = re.findall(r'^bind-address = "(\S+)"\n\[meta\]', (folder / "influxdb.conf").read_text(), re.MULTILINE)
    subprocess.run(
        ["influxd", command, "-portable", "-host", where, str(backup)],
        check=True,
        capture_output=True,
        timeout=60,
    )


@pytest.mark.requires("influx")
def test_a_server_that_was_restored_has_what_the_other_had(tmp_path: Path) -> None:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")

    def opened(server: InfluxServer) -> InfluxHistory:
        access = InfluxAccess(url=server.url, token="t", org="o", prefix="bandroom")
        return InfluxHistory.open_store(access, registry)

    def opened_or_none(server: InfluxServer) -> InfluxHistory | None:
        try:
            return opened(server)
        except StoreError:
            return None

    backup = tmp_path / "backup"
    first = InfluxServer(tmp_path / "first").start()
    try:
        Influx(url=first.url, token="t", org="o", prefix="bandroom").make_databases()
        store = opened(first)
        store.write_reports([arrival(latency(seq)) for seq in range(1, 101)])
        before = store.extent()
        store.close()
        influxd(tmp_path / "first", "backup", backup)
    finally:
        first.close()

    second = InfluxServer(tmp_path / "second").start()
    try:
        influxd(tmp_path / "second", "restore", backup)
        # What was restored is opened piece by piece, and refused until then.
        restored = eventually("the restored server opens", lambda: opened_or_none(second))
        assert restored.extent() == before
        assert before.reports == 100
        assert restored.write_reports([arrival(latency(1))]).new == (False,)
        restored.close()
    finally:
        second.close()
        registry.close()
