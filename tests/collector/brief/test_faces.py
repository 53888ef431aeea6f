import pytest

from collector.brief.html import html_of
from collector.brief.pdf import pdf_of
from collector.brief.text import text_of
from tests.collector.brief.pages import PAGES


@pytest.mark.parametrize("name", PAGES)
def test_every_kind_of_week_has_every_face(name: str) -> None:
    brief = PAGES[name]()

    assert html_of(brief).startswith("<!DOCTYPE html>")
    assert brief.headline.casefold() in text_of(brief).casefold()
    assert pdf_of(brief).startswith(b"%PDF-")
