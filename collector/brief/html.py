"""The page as HTML that mail programs show: tables, styles within the tags, and nothing that is fetched or run."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment

from collector.board.phrases import unbroken
from collector.brief.brief import Brief
from collector.brief.colours import DARK, LIGHT
from collector.brief.sheet import Sheet, sheet_of
from collector.brief.strip_runs import STRIP_HEIGHTS, STRIP_WORDS, runs
from collector.brief.uplink_card import FULL, Range
from collector.page_templates import page_templates

MOST_BYTES = 100_000
"""Gmail shows no more than 102 kB of a mail, and hides the rest behind a link."""

_COARSER = (64, 24, 12)
"""How many cells a day's strip has, at most, finest first: in most schools of 5, 15 or 30 minutes."""


def html_of(brief: Brief) -> str:
    """The page, shorter than `MOST_BYTES` in UTF-8: where it were longer, its strips are coarser, and at last the rooms
    that lost least have none."""
    sheet = sheet_of(brief)
    page = ""
    for strips, cells in _ways(len(sheet.rooms)):
        page = (
            _environment()
            .get_template("mail.html")
            .render(sheet=_with_strips(sheet, strips), runs=partial(runs, most_cells=cells))
        )
        if len(page.encode()) < MOST_BYTES:
            break
    return page


def pieces(bar: Range) -> tuple[tuple[str, float], ...]:
    """A bar on a scale of the capacity: what each piece is (``used``, ``over`` beyond the mark, and where nothing is,
    ``free`` or ``spare`` beyond the mark) and how many percent of the scale it takes."""
    found = []
    for left, right in pairwise(sorted({0.0, bar.low, bar.high, FULL, 1.0})):
        inside = bar.low <= left and right <= bar.high
        kind = ("over" if left >= FULL else "used") if inside else ("spare" if left >= FULL else "free")
        found.append((kind, round(100 * (right - left), 1)))
    return tuple(found)


def _ways(rooms: int) -> Iterator[tuple[int, int]]:
    for cells in _COARSER:
        yield rooms, cells
    for strips in range(rooms - 1, -1, -1):
        yield strips, _COARSER[-1]


def _with_strips(sheet: Sheet, count: int) -> Sheet:
    return replace(sheet, rooms=(*sheet.rooms[:count], *(replace(one, strip=()) for one in sheet.rooms[count:])))


def _held_together(value: object) -> object:
    return unbroken(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    made = page_templates(Path(__file__).parent / "templates", finalize=_held_together)
    made.filters.update(pieces=pieces)
    made.globals.update(c=LIGHT, dark=DARK, strip_heights=STRIP_HEIGHTS, strip_words=STRIP_WORDS, full=FULL)
    return made
