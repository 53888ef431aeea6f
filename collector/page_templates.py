"""Where pages of HTML come from: templates of ours, in which everything that is not markup of ours is escaped."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def page_templates(folder: Path, *, finalize: Callable[[object], object] | None = None) -> Environment:
    """The templates in `folder`. A name that a template is not given is an error, and never an empty text. `finalize`
    is asked for each value before it is written."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=finalize,
    )
