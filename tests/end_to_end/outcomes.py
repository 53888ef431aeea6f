"""What was said of rooms whose trouble is known: kept, and as a confusion matrix."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.measured_school import Said

Verdict = tuple[str, str]
"""A state and its cause; of a bin how sure that is and its cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One room in one part of a lesson: what is true of it, and what was said."""

    part: str
    room: str
    truth: Verdict
    said: Verdict


def outcomes(part: str, truth: Mapping[str, Verdict], said: Mapping[str, Said]) -> list[Outcome]:
    """One for each room."""
    return [
        Outcome(part=part, room=room, truth=one, said=(said[room].state, said[room].cause))
        for room, one in truth.items()
    ]


def matrix(found: Iterable[Outcome]) -> str:
    """How many by what is true (down) and what was said (across)."""
    counts = Counter((_words(one.truth), _words(one.said)) for one in found)
    said = sorted({column for _, column in counts})
    truths = sorted({row for row, _ in counts})
    rows = [["truth \\ said", *said]]
    rows += [[truth, *(str(counts[truth, one] or ".") for one in said)] for truth in truths]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def keep(rooms: Sequence[Outcome], bins: Sequence[Outcome], path: Path) -> None:
    """Write the matrix of both, and each room, to `path`, and print it for whoever reads the log."""
    lines = [f"{one.part}: {one.room}: {_words(one.truth)}, said {_words(one.said)}" for one in rooms]
    of_bins = ("Bins", matrix(bins)) if bins else ()
    text = "\n\n".join(("Rooms", matrix(rooms), *of_bins, "\n".join(lines), ""))
    path.write_text(text)
    sys.stdout.write(f"\n{text}")


def _words(verdict: Verdict) -> str:
    state, cause = verdict
    return state if cause == "undetermined" and state in ("ok", "unknown") else f"{state}: {cause}"
