"""Fixtures of the collector's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from collector.registry.registry import Registry
from collector.store.duckdb_store import DuckDbStore
from collector.store.influx_client import InfluxClient, InfluxPlace
from collector.store.influx_store import InfluxStore
from collector.store.protocol import Store

if TYPE_CHECKING:
    from tests.influx import Influx

Open = Callable[[], Store]


@pytest.fixture(params=["duckdb", pytest.param("influx", marks=pytest.mark.requires("influx"))])
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store again and again, closing the one before, as a restart would."""
    open_engine: Open = request.getfixturevalue(f"open_{request.param}")
    opened: list[Store] = []

    def reopen() -> Store:
        if opened:
            opened.pop().close()
        opened.append(open_engine())
        return opened[-1]

    yield reopen
    if opened:
        opened.pop().close()


@pytest.fixture
def open_duckdb(tmp_path: Path) -> Open:
    """The embedded engine's."""
    return lambda: DuckDbStore.open_store(tmp_path / "bandroom.duckdb")


@pytest.fixture
def open_influx(influx: "Influx", tmp_path: Path) -> Iterator[Open]:
    """InfluxDB's, with a registry beside it."""
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    place = InfluxPlace(url=influx.url, token=influx.token, org=influx.org, prefix=influx.prefix)
    yield lambda: InfluxStore(InfluxClient(place), registry.stored_ranges)
    registry.close()
