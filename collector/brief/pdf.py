"""The page as a tagged PDF (PDF/UA-1 where fonts allow), set by typst from `brief.typ`.

What the page says reaches typst as data, never as markup, so that no name is ever read as code.
"""

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import typst

from collector.brief.brief import Brief
from collector.brief.colours import LIGHT
from collector.brief.html import STRIP_HEIGHTS
from collector.brief.sheet import STRIP_WORDS, sheet_of
from collector.brief.uplink_card import FULL

logger = logging.getLogger(__name__)

_TEMPLATE = Path(__file__).parent / "templates" / "brief.typ"


def pdf_of(brief: Brief) -> bytes:
    """The page as PDF: of the same brief the same bytes, on a machine with the same fonts.

    It is tagged in any case. Where no font of the machine has a sign of some name, that sign is drawn as an empty box
    and the file does not claim PDF/UA-1, which forbids that; the log says so.
    """
    inputs = {
        "sheet": json.dumps(asdict(sheet_of(brief)), ensure_ascii=False),
        "style": json.dumps({"colours": LIGHT, "heights": STRIP_HEIGHTS, "words": STRIP_WORDS, "full": FULL}),
    }
    try:
        return _compiled(inputs, brief, "ua-1")
    except typst.TypstError as refused:
        if "could not be displayed" not in refused.message:
            raise
        logger.warning(
            "brief pdf lacks a font, install one that has these signs (fonts-noto) error=%s", refused.message
        )
        return _compiled(inputs, brief, None)


def _compiled(inputs: dict[str, str], brief: Brief, standard: Literal["ua-1"] | None) -> bytes:
    made = typst.compile(
        _TEMPLATE.read_bytes(),
        sys_inputs=inputs,
        pdf_standards=standard,
        timestamp=brief.made_at,
    )
    assert isinstance(made, bytes)
    return made
