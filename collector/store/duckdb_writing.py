"""How rows get into the DuckDB engine's tables and out of them: whole columns at a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from collector.store.duckdb_columns import columns


def append(
    cursor: duckdb.DuckDBPyConnection,
    table: str,
    kinds: Mapping[str, str],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Insert `rows`. DuckDB finds the columns by the name of the variable, which costs a third of what it takes
    to register them as a view: a millisecond a statement."""
    if rows:
        appended = columns(kinds, rows)  # noqa: F841  # read by the statement
        cursor.execute(f"INSERT INTO {table} SELECT {', '.join(kinds)} FROM appended")  # noqa: S608


def delete(
    cursor: duckdb.DuckDBPyConnection, table: str, key: Mapping[str, str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Delete the rows of these keys. The last of a key is a time or a date, by which little of a table is read."""
    if rows:
        rewritten = columns(key, rows)  # noqa: F841  # read by the statement
        same = " AND ".join(f"{table}.{name} = rewritten.{name}" for name in key)
        last = [naive(row[-1]) if isinstance(row[-1], datetime) else row[-1] for row in rows]
        cursor.execute(
            f"DELETE FROM {table} USING rewritten WHERE {same} AND {table}.{list(key)[-1]} BETWEEN $1 AND $2",  # noqa: S608
            [min(last), max(last)],
        )


def delete_before(cursor: duckdb.DuckDBPyConnection, table: str, column: str, before: datetime) -> int:
    """Delete the rows whose `column` lies before that moment. Returns how many went."""
    count: int = cursor.execute(f"DELETE FROM {table} WHERE {column} < $1", [naive(before)]).fetchall()[0][0]  # noqa: S608
    return count


def naive(instant: datetime) -> datetime:
    """A time as DuckDB's ``TIMESTAMP`` has it: UTC, and not saying so."""
    return instant.astimezone(UTC).replace(tzinfo=None)
