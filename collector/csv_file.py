"""Comma-separated values as spreadsheets open them, and as programs read them back (RFC 4180).

UTF-8 with a byte order mark, without which a spreadsheet takes names in other scripts for Latin-1; Python reads it as
``utf-8-sig``. A text that a spreadsheet would run as a formula has an apostrophe before it. Numbers have a point,
truths are ``yes`` and ``no``, absent is empty, times are ISO 8601.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime

BOM = "\ufeff"

Cell = str | int | float | bool | date | datetime | None

_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_lines(head: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    """The file, line by line: `head`, then `rows` as they come, each as many cells. Floats keep twelve digits."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(list(head))
    yield (BOM + line.text).encode()
    for row in rows:
        writer.writerow([text_of(one) for one in row])
        yield line.text.encode()


def text_of(cell: Cell) -> str:
    """One cell as it is written."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.12g}"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str):
        return f"'{cell}" if cell.lstrip(" ").startswith(_RUN_BY_SPREADSHEETS) else cell
    return str(cell)


class _Line:
    """Takes what `csv.writer` writes: one line at a time."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text
