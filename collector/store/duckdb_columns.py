"""Rows as the columns that the DuckDB engine is fed with, and the columns that it answers as objects.

A semester of bins is millions of objects: made one by one, their making would take longer than all else.
"""

import gc
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Any, TypeVar

import duckdb
import numpy as np

Columns = Mapping[str, Sequence[Any]]
"""By name, the values of as many rows."""

T = TypeVar("T")
_NUMPY_TYPES = {
    "BOOLEAN": np.bool_,
    "SMALLINT": np.int16,
    "INTEGER": np.int32,
    "BIGINT": np.int64,
    "DOUBLE": np.float64,
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NOT_A_TIME = np.iinfo(np.int64).min
"""What numpy has for none."""


def answered(cursor: duckdb.DuckDBPyConnection) -> Columns:
    """The columns of what a cursor found; NULL is ``None``."""
    return {name: column.tolist() for name, column in cursor.fetchnumpy().items()}


def built(kind: type[T], values: Columns) -> list[T]:
    """Objects of a slotted dataclass that has no checks of its own, from a column for each of its fields; one that has
    a default may be missing, columns that are no field are passed over."""
    count = len(next(iter(values.values())))
    made = [object.__new__(kind) for _ in range(count)]
    for field in fields(kind):  # type: ignore[arg-type]  # a dataclass
        default = repeat(field.default, count) if field.default is not MISSING else ()
        place = getattr(kind, field.name).__set__
        deque(map(place, made, values.get(field.name, default)), maxlen=0)
    return made


def alike(values: Sequence[T]) -> list[T]:
    """The same values, equal ones as one object: of many rows few texts differ."""
    known: dict[T, T] = {}
    return [known.setdefault(one, one) for one in values]


def instants(elapsed_us: Sequence[int | None]) -> list[Any]:
    """The times that lie so many microseconds after 1970; equal ones are one object."""
    known: dict[int | None, datetime | None] = {
        us: None if us is None else _EPOCH + us * _MICROSECOND for us in set(elapsed_us)
    }
    return [known[us] for us in elapsed_us]


def selected(kinds: Mapping[str, str]) -> str:
    """What to select of a table for `instants`: each time in microseconds since 1970, by its column's name."""
    return ", ".join(f"epoch_us({name}) AS {name}" if kind == "TIMESTAMP" else name for name, kind in kinds.items())


@contextmanager
def no_collection() -> Iterator[None]:
    """While much is made no garbage is looked for: that would go through all of it again and again for nothing."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def columns(kinds: Mapping[str, str], rows: Sequence[tuple[object, ...]]) -> dict[str, np.ndarray[Any, Any]]:
    """Rows as one array a column, typed so that DuckDB need not guess; ``None`` becomes NULL."""
    return {
        name: _column(kind, values) for (name, kind), values in zip(kinds.items(), zip(*rows, strict=True), strict=True)
    }


def _column(kind: str, values: Sequence[Any]) -> np.ndarray[Any, Any]:
    if kind == "VARCHAR":
        return np.array(values, dtype=object)
    if kind == "DATE":
        return np.array([day.isoformat() for day in values], dtype=object)  # DuckDB reads no datetime64[D]
    if kind == "TIMESTAMP":  # from whole numbers: numpy takes ten times as long over a datetime
        elapsed_us = [_NOT_A_TIME if instant is None else (instant - _EPOCH) // _MICROSECOND for instant in values]
        return np.array(elapsed_us, dtype=np.int64).view("datetime64[us]")
    if None not in values:
        return np.array(values, dtype=_NUMPY_TYPES[kind])
    mask = [value is None for value in values]
    filled = [0 if value is None else value for value in values]
    return np.ma.MaskedArray(np.array(filled, dtype=_NUMPY_TYPES[kind]), mask=mask)
