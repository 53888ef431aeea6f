"""The page as HTML that mail programs show: tables, styles within the tags, and nothing that is fetched or run."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from collector.brief.brief import Brief, Strip, StripDay
from collector.brief.colours import DARK, LIGHT
from collector.brief.sheet import STRIP_WORDS, Sheet, sheet_of
from collector.brief.uplink_card import FULL, Range

MOST_BYTES = 100_000
"""Gmail shows no more than 102 kB of a mail, and hides the rest behind a link."""

STRIP_HEIGHTS: dict[Strip, int] = {"bad": 20, "degraded": 11, "good": 4, "unknown": 0}
"""How high a stretch of lesson time stands, in CSS pixels: what was bad is seen without colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Neighbouring cells of a strip that are alike, as wide as `percent` of their day."""

    quality: Strip
    percent: float


def html_of(brief: Brief) -> str:
    """The page, less than `MOST_BYTES` long in UTF-8: where it were longer, the last rooms go without their strips."""
    sheet = sheet_of(brief)
    for strips in range(len(sheet.rooms), -1, -1):
        page = _render(_with_strips(sheet, strips))
        if len(page.encode()) < MOST_BYTES:
            return page
    raise AssertionError("a page without strips is short, because all its lists are")


def runs(day: StripDay) -> tuple[Run, ...]:
    """The cells of a day from left to right."""
    found = [(quality, len(list(group))) for quality, group in groupby(day.cells)]
    return tuple(Run(quality=quality, percent=round(100 * count / len(day.cells), 1)) for quality, count in found)


def pieces(bar: Range) -> tuple[tuple[str, float], ...]:
    """A bar on a scale of the capacity: what each piece is (``free``, ``used``, ``over`` beyond the mark, ``spare``
    between mark and capacity) and how many percent of the scale it takes."""
    edges = sorted({0.0, bar.low, min(bar.high, 1.0), FULL, 1.0})
    found = []
    for left, right in pairwise(edges):
        inside = bar.low <= left and right <= bar.high
        kind = ("over" if left >= FULL else "used") if inside else ("spare" if left >= FULL else "free")
        found.append((kind, round(100 * (right - left), 1)))
    return tuple(found)


def _with_strips(sheet: Sheet, count: int) -> Sheet:
    rooms = (*sheet.rooms[:count], *(replace(one, strip=()) for one in sheet.rooms[count:]))
    return replace(sheet, rooms=rooms)


def _render(sheet: Sheet) -> str:
    return _environment().get_template("mail.html").render(sheet=sheet)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(runs=runs, pieces=pieces)
    made.globals.update(
        c=LIGHT,
        dark=DARK,
        strip_heights=STRIP_HEIGHTS,
        strip_words=STRIP_WORDS,
        full=FULL,
    )
    return made
