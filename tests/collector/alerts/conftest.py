"""A registry of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.registry.registry import Registry
from tests.collector.alerts.town import Town


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def town(registry: Registry) -> Town:
    """A school with 40 rooms."""
    return Town(registry)
