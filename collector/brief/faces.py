"""The forms that a page is asked for in: each by the ending of its file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from collector.brief.brief import Brief
from collector.brief.html import html_of
from collector.brief.tables import csv_zip
from collector.brief.text import text_of
from collector.iso_week import week_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One form: its media type, whether a browser shows it or keeps it, and how it is made."""

    media_type: str
    shown: bool
    make: Callable[[Brief], bytes]


def _pdf(brief: Brief) -> bytes:
    from collector.brief.pdf import pdf_of  # its library is large, and most starts never make a page

    return pdf_of(brief)


FACES: Mapping[str, Face] = {
    "html": Face(media_type="text/html", shown=True, make=lambda brief: html_of(brief).encode()),
    "pdf": Face(media_type="application/pdf", shown=True, make=_pdf),
    "txt": Face(media_type="text/plain; charset=utf-8", shown=True, make=lambda brief: text_of(brief).encode()),
    "zip": Face(media_type="application/zip", shown=False, make=csv_zip),
}


def file_name(brief: Brief) -> str:
    """What its files are called, without an ending: ``bandroom-brief-2026-W47``, ``bandroom-brief-2026-W47-oak-hill``.
    A site's id has no sign that a file's name must not have."""
    return f"bandroom-brief-{week_text(brief.week)}" + (f"-{quote(brief.site, safe='')}" if brief.site else "")
