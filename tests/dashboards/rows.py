"""What is said of the rows of an answer."""

from typing import Any

from tests.dashboards.asked import Rows


def only(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    """Some columns of each row, in a fixed order."""
    return sorted(tuple(row[name] for name in names) for row in rows)


def drawn(rows: Rows, name: str) -> list[Any]:
    """What a line has: its values without gaps, in the order of time."""
    return [row[name] for row in sorted(rows, key=lambda row: row["time"]) if row[name] is not None]


def of(rows: Rows, **wanted: str) -> Rows:
    """The rows that have these values."""
    return [row for row in rows if wanted.items() <= row.items()]


def counted(rows: Rows, name: str) -> dict[Any, int]:
    """How often a line has each value."""
    values = drawn(rows, name)
    return {value: values.count(value) for value in values}
