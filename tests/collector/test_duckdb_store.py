"""What is the DuckDB engine's alone: a file that one process may have open."""

import subprocess
import sys
from pathlib import Path

import pytest

from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import StoreError


def test_a_second_collector_on_the_same_file_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "bandroom.duckdb"
    store = DuckDbStore.open_store(path)
    script = (
        "import sys; from pathlib import Path\n"
        "from collector.store.duckdb_store import DuckDbStore, StoreError\n"
        "try: DuckDbStore.open_store(Path(sys.argv[1]))\n"
        "except StoreError as error: print(error)\n"
    )

    said = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    store.close()

    assert "open in another process" in said


def test_a_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bandroom.duckdb"
    store = DuckDbStore.open_store(path)
    store._connection.execute("UPDATE meta SET schema_version = 99")
    store.close()

    with pytest.raises(StoreError, match="upgrade Bandroom"):
        DuckDbStore.open_store(path)
