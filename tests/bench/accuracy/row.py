"""One comparison of our number with a reference's, and the tables that show them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`ours` and `reference` as they are shown, `difference` as the bound counts it. `holds` is ``None`` for a row that
    only stands beside the others, and has no bound."""

    what: str
    ours: str
    reference: str
    difference: str = ""
    bound: str = ""
    holds: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """As the columns go."""
        held = {True: "yes", False: "NO", None: ""}[self.holds]
        return self.what, self.ours, self.reference, self.difference, self.bound, held


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The rows of one subject; `notes` say how they were taken."""

    title: str
    rows: Sequence[Row]
    notes: Sequence[str] = ()


HEAD = ("", "ours", "reference", "difference", "bound", "holds")


def text(part: Part) -> str:
    """`part` for a terminal."""
    rows = [HEAD, *(row.cells for row in part.rows)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    lines = [part.title]
    lines += ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *(f"  - {note}" for note in part.notes)])


def markdown(part: Part) -> str:
    """`part` for a page, without its title."""
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    lines += [f"| {' | '.join(row.cells)} |" for row in part.rows]
    return "\n".join([*lines, "", *(f"- {note}" for note in part.notes)]).rstrip()
