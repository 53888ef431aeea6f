"""Fixtures of the collector's tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collector.store.duckdb_store import DuckDbStore


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[], DuckDbStore]]:
    """Opens the same store again and again, closing the one before, as a restart would."""
    opened: list[DuckDbStore] = []

    def reopen() -> DuckDbStore:
        if opened:
            opened.pop().close()
        opened.append(DuckDbStore.open_store(tmp_path / "bandroom.duckdb"))
        return opened[-1]

    yield reopen
    if opened:
        opened.pop().close()
