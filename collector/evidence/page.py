"""The page of a pack: how it was measured and judged, for somebody who has never seen the product."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from collector.page_templates import page_templates
from collector.verdict.uplinks.words import mbits


def render(template: str, **values: Any) -> str:
    """The text of `template`; everything in it that is not markup of ours is escaped."""
    return _environment().get_template(template).render(**values)


def percent(share: float | None) -> str:
    """A share (0..1) with one place where that is not 0; a dash where there is none."""
    return "\N{EN DASH}" if share is None else f"{100 * share:.1f}".removesuffix(".0") + " %"


@cache
def _environment() -> Environment:
    made = page_templates(Path(__file__).parent / "templates")
    made.filters["percent"] = percent
    made.filters["mbits"] = mbits
    return made
