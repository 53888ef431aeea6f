"""One table of a pack: its columns say what they hold, so that file and method page cannot tell different things."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from collector.csv_file import Cell, csv_lines

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """`about` says in plain words what the column `name` holds, with its unit; `of` takes it from a row."""

    name: str
    about: str
    of: Callable[[Row], Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[Row]):
    """A file of a pack. `rows` are made while it is written, once."""

    file: str
    about: str
    columns: tuple[Column[Row], ...]
    rows: Iterable[Row]

    def lines(self) -> Iterator[bytes]:
        """The file, line by line."""
        rows = ([column.of(row) for column in self.columns] for row in self.rows)
        return csv_lines([column.name for column in self.columns], rows)


def local(instant: datetime, time_zone: ZoneInfo) -> datetime:
    """The instant as the district's clocks show it, with its distance from UTC."""
    return instant.astimezone(time_zone)
