"""The page as a tagged PDF (PDF/UA-1 where fonts allow), set by typst from `brief.typ`.

What the page says reaches typst as data, never as markup, so that no name is ever read as code.
"""

import json
import logging
from dataclasses import asdict, replace
from datetime import UTC
from pathlib import Path
from typing import Any, Literal

import typst

from collector.board.phrases import unbroken
from collector.brief.brief import Brief
from collector.brief.colours import LIGHT
from collector.brief.sheet import sheet_of
from collector.brief.strip_runs import STRIP_HEIGHTS, STRIP_WORDS, runs
from collector.brief.uplink_card import FULL

logger = logging.getLogger(__name__)

_SCALES = ("1", "0.93", "0.86")
"""How much smaller letters may be to save a sheet: the least is what newspapers print."""

_LETTER = frozenset({"America", "US", "Canada", "Pacific/Honolulu"})

_TEMPLATE = Path(__file__).parent / "templates" / "brief.typ"


def pdf_of(brief: Brief) -> bytes:
    """The page as PDF: of the same brief the same bytes, on a machine with the same fonts.

    It is tagged in any case. Where no font of the machine has a sign of some name, that sign is drawn as an empty box
    and the file does not claim PDF/UA-1, which forbids that; the log says so.
    """
    inputs = {
        "sheet": unbroken(json.dumps(_sheet(brief), ensure_ascii=False)),
        "paper": paper_of(brief.time_zone),
        "style": json.dumps({"colours": LIGHT, "heights": STRIP_HEIGHTS, "words": STRIP_WORDS, "full": FULL}),
    }
    inputs["scale"] = _scale(inputs)
    try:
        return _compiled(inputs, brief, "ua-1")
    except typst.TypstError as refused:
        if "could not be displayed" not in refused.message:
            raise
        logger.warning(
            "brief pdf lacks a font: some names have empty boxes, install fonts for them (fonts-noto) error=%s",
            refused.message,
        )
        return _compiled(inputs, brief, None)


def paper_of(time_zone: str) -> Literal["us-letter", "a4"]:
    """The paper that is in a district's printers, by where its clocks are."""
    return "us-letter" if time_zone.partition("/")[0] in _LETTER or time_zone in _LETTER else "a4"


def _sheet(brief: Brief) -> dict[str, Any]:
    """The words, and each day's strip as the stretches that are drawn."""
    sheet = sheet_of(brief)
    found = asdict(replace(sheet, rooms=()))
    found["rooms"] = [
        asdict(replace(room, strip=()))
        | {
            "strip": [
                {"name": day.name, "says": day.summary, "runs": list(map(asdict, runs(day)))} for day in room.strip
            ]
        }
        for room in sheet.rooms
    ]
    return found


def _scale(inputs: dict[str, str]) -> str:
    """The largest letters with which the page needs one sheet, or else two; the smallest where it needs more."""
    sheets = {scale: _sheets(inputs | {"scale": scale}) for scale in _SCALES}
    return min(_SCALES, key=lambda scale: (max(1, sheets[scale]), -float(scale)))


def _sheets(inputs: dict[str, str]) -> int:
    return int(typst.query(_TEMPLATE.read_bytes(), "<sheets>", field="value", one=True, sys_inputs=inputs))


def _compiled(inputs: dict[str, str], brief: Brief, standard: Literal["ua-1"] | None) -> bytes:
    made = typst.compile(
        _TEMPLATE.read_bytes(),
        sys_inputs=inputs,
        pdf_standards=standard,
        timestamp=brief.made_at.astimezone(UTC).replace(microsecond=0),
    )
    assert isinstance(made, bytes)
    return made
