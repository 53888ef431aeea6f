"""Fixtures of the collector's tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from collector.registry.registry import Registry
from collector.store.duckdb_store import DuckDbStore
from collector.store.influx_store import InfluxStore
from collector.store.protocol import Store
from tests.collector.influx import influx_access
from tests.influx import Influx

OpenStore = Callable[[], Store]
T = TypeVar("T", bound=Store)


@pytest.fixture
def open_duckdb(tmp_path: Path) -> Iterator[Callable[[], DuckDbStore]]:
    """Opens the same store again and again, closing the one before, as a restart would."""
    with _reopening(lambda: DuckDbStore.open_store(tmp_path / "bandroom.duckdb")) as reopen:
        yield reopen


@pytest.fixture
def open_influx(influx: Influx, tmp_path: Path) -> Iterator[Callable[[], InfluxStore]]:
    """The same with InfluxDB."""
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    with _reopening(lambda: InfluxStore.open_store(influx_access(influx), registry)) as reopen:
        yield reopen
    registry.close()


@pytest.fixture(params=["open_duckdb", pytest.param("open_influx", marks=pytest.mark.requires("influx"))])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """The same with each engine."""
    reopen: OpenStore = request.getfixturevalue(request.param)
    return reopen


@contextmanager
def _reopening(open_it: Callable[[], T]) -> Iterator[Callable[[], T]]:
    opened: list[T] = []

    def reopen() -> T:
        if opened:
            opened.pop().close()
        opened.append(open_it())
        return opened[-1]

    yield reopen
    if opened:
        opened.pop().close()
