"""A day's strip as it is drawn: neighbouring cells that are alike as one stretch, as high as it was bad."""

from dataclasses import dataclass
from itertools import groupby

from collector.brief.brief import StripDay
from collector.verdict.marks import WORST_FIRST, MarkQuality

STRIP_HEIGHTS: dict[MarkQuality, int] = {"bad": 20, "degraded": 11, "good": 4, "unknown": 0}
"""In CSS pixels: what was bad is seen without colour, and what was not measured is a gap."""

STRIP_WORDS = "tall red, too poor for lessons; half-high amber, slow; low green, good; a gap, not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of a day that was alike, `percent` of the day wide."""

    quality: MarkQuality
    percent: float


def runs(day: StripDay, most_cells: int | None = None) -> tuple[Run, ...]:
    """The stretches from left to right. With more than `most_cells` cells, neighbours are drawn as one, as bad as the
    worst of them."""
    cells = day.cells
    if most_cells is not None and len(cells) > most_cells:
        each = -(-len(cells) // most_cells)
        cells = tuple(min(cells[at : at + each], key=WORST_FIRST.index) for at in range(0, len(cells), each))
    found = [(quality, len(list(group))) for quality, group in groupby(cells)]
    return tuple(Run(quality=quality, percent=round(100 * count / len(cells), 2)) for quality, count in found)
