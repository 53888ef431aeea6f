"""One number with what it stands beside, and the table that shows them."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`reference` was measured in the same run, by the means that `against` names; `aim` is the issue's."""

    name: str
    value: str
    aim: str = ""
    reference: str = ""
    against: str = ""
    ratio: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The figures of one subject. `command` reproduces them; `notes` say how they were taken."""

    title: str
    command: str
    figures: Sequence[Figure]
    notes: Sequence[str] = ()


COLUMNS = ("name", "value", "aim", "reference", "ratio", "against")


def table(part: Part) -> str:
    """`part` for people."""
    rows = [tuple(str(getattr(one, column)) for column in COLUMNS) for one in part.figures]
    head = ("", "value", "aim", "reference", "ratio", "reference is")
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(COLUMNS))]
    lines = [part.title, f"  reproduce: {part.command}"]
    for row in (head, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  " + "  ".join(cells).rstrip())
    lines.extend(f"  - {note}" for note in part.notes)
    return "\n".join(lines)


def machine() -> str:
    """What the figures were taken on."""
    return f"{platform.system()} {platform.release()}, {platform.machine()}, Python {platform.python_version()}"


def ratio(value: float, reference: float) -> str:
    """How often `reference` goes into `value`."""
    return f"{value / reference:.2f}" if reference else ""
