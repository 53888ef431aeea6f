"""What a printer gets: one page of A4, with what matters on it."""

import re
import zlib
from collections.abc import Iterator

import pytest

from tests.collector.board.conftest import PAGES
from tests.collector.board.large import a_large_district
from tests.collector.board.shown import Shown, shown
from tests.end_to_end.browser import Page

pytestmark = [pytest.mark.requires("browser"), pytest.mark.slow]


@pytest.fixture(scope="module")
def large() -> Iterator[Shown]:
    with shown(a_large_district()) as one:
        yield one


def sheets(pdf: bytes) -> list[tuple[float, float]]:
    """The size of each page in points; the objects may be packed in compressed streams."""
    packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    texts = [pdf]
    for one in packed:
        try:
            texts.append(zlib.decompress(one))
        except zlib.error:
            continue
    boxes = [
        box
        for text in texts
        for box in re.findall(rb"/Type\s*/Page\b(?!s).*?/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", text, re.DOTALL)
    ]
    return [(float(width), float(height)) for width, height in boxes]


@pytest.mark.parametrize("name", ["district", "room-slow", "room-short", "room-unknown", "week-site"])
def test_a_page_prints_on_one_sheet_of_a4(board: Shown, page: Page, name: str) -> None:
    page.look(1280, dark=True)
    page.go(board.url + PAGES[name])

    ((width, height),) = sheets(page.printed())
    assert (round(width), round(height)) == (595, 842)


def test_five_thousand_rooms_print_on_one_sheet_too(large: Shown, page: Page) -> None:
    page.go(f"{large.url}/")

    assert len(sheets(page.printed())) == 1


def test_paper_shows_the_answer_and_leaves_out_long_lists(large: Shown, page: Page) -> None:
    page.go(f"{large.url}/")
    page.media("print")
    try:
        paper = page.text()
    finally:
        page.media("screen")

    assert "rooms cannot teach right now" in paper
    assert len(re.findall("would have frozen", paper)) == 12
    assert re.search(r"and \d+ more, in the list by site below", paper) is None
    assert re.search(r"and \d+ more\b", paper)
    assert "and 92 more sites" in paper
    assert "renews itself" not in paper
    assert page.evaluate("matchMedia('screen').matches")
