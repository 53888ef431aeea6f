"""The reference of ingest: DuckDB alone takes the rows that a collector stored, from columns that lie ready.

``python -m tests.bench.bare_insert SOURCE TARGET --rows N`` inserts N rows a commit, or with ``--rows 0`` as
many as the collector's own commits had, and prints one line of JSON.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from collector.store.duckdb_schema import REPORT_TABLES

CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": "1GB"}


def bare_insert(source: Path, target: Path, *, rows: int, seconds: float) -> dict[str, float]:
    """Rows a second and commits made. A commit is on the disk when DuckDB returns from it, as in the collector."""
    columns, groups = _stored(source)
    with duckdb.connect(target, config=CONFIG) as connection:
        kinds = ", ".join(f"{name} {kind}" for name, kind in REPORT_TABLES["latency"].items())
        connection.execute(f"CREATE TABLE latency ({kinds})")
        commits = taken = 0
        began = time.perf_counter()
        for start, end in _spans(groups, rows, len(columns["seq"])):
            connection.begin()
            appended = {name: values[start:end] for name, values in columns.items()}  # noqa: F841  # read by name
            connection.execute("INSERT INTO latency SELECT * FROM appended")
            connection.commit()
            commits += 1
            taken += end - start
            if time.perf_counter() - began > seconds:
                break
        took = time.perf_counter() - began
    return {"rows_per_second": taken / took, "rows_per_commit": taken / commits}


def _stored(source: Path) -> tuple[dict[str, np.ndarray[Any, Any]], list[int]]:
    with duckdb.connect(source, read_only=True) as connection:
        columns = connection.execute("SELECT * FROM latency ORDER BY stored_at").fetchnumpy()
        sizes = connection.execute("SELECT count(*) FROM latency GROUP BY stored_at ORDER BY stored_at").fetchall()
    return columns, [size for (size,) in sizes]


def _spans(groups: list[int], rows: int, total: int) -> Iterator[tuple[int, int]]:
    sizes = [rows] * (total // rows) if rows else groups
    return itertools.pairwise(itertools.accumulate(sizes, initial=0))


def main() -> None:
    """Measure once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    print(json.dumps(bare_insert(options.source, options.target, rows=options.rows, seconds=options.seconds)))


if __name__ == "__main__":
    main()
