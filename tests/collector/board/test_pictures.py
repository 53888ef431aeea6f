"""Every page as it looks, in both widths and both colour schemes: for people to look at, and never blank.

``make screenshots`` writes the ones that the documentation shows.
"""

import os
import re
import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.collector.board.conftest import PAGES
from tests.collector.board.png import Pixels, colours, pixels, small
from tests.collector.board.shown import Shown
from tests.end_to_end.browser import Page

pytestmark = [pytest.mark.requires("browser"), pytest.mark.slow]

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "board.md"
WRITE = "BANDROOM_SCREENSHOTS"
HEIGHTS = {1280: 1440, 390: 1400}
"""How much of a page the documentation shows: about two screens."""
MOST_BYTES = 150_000
_RESTS = tuple(f"{width}-{scheme}" for width in HEIGHTS for scheme in ("light", "dark"))


@pytest.mark.parametrize("width", HEIGHTS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn(board: Shown, page: Page, tmp_path: Path, name: str, width: int) -> None:
    for dark in (False, True):
        draw(board, page, tmp_path, name=name, width=width, dark=dark)


def draw(board: Shown, page: Page, folder: Path, *, name: str, width: int, dark: bool) -> None:
    page.look(width, dark=dark, height=HEIGHTS[width])
    page.go(board.url + PAGES[name])
    png = page.picture()
    (folder / f"{name}-{width}-{'dark' if dark else 'light'}.png").write_bytes(png)
    picture = pixels(png)

    assert picture.shape[1] in (width, width - 15), "no wider than the screen, but for the scroll bar"
    assert picture.shape[0] >= HEIGHTS[width] * 0.5
    ground = picture[-3, 3].astype(int).sum()
    assert (ground < 3 * 64) if dark else (ground > 3 * 200)
    for part in np.array_split(trimmed(picture), 4):
        assert len(colours(part)) > 20, "no quarter of it is empty"
    image = f"images/{name}-{width}-{'dark' if dark else 'light'}.png"
    if os.environ.get(WRITE) and image in PAGE.read_text("utf-8"):
        shown = small(trimmed(picture[: HEIGHTS[width]]))
        assert len(shown) < MOST_BYTES
        (DOCS / image).write_bytes(shown)


def test_the_documentation_shows_every_kind_of_page_and_no_picture_that_is_not_there() -> None:
    shown = set(re.findall(r"\(images/([a-z-]+-\d+-[a-z]+)\.png\)", PAGE.read_text("utf-8")))

    assert shown == {path.stem for path in (DOCS / "images").glob("*-*.png")}
    assert {f"{name}-{rest}" for name in ("district", "site", "room-slow") for rest in _RESTS} <= shown


def test_a_small_picture_is_the_same_but_for_its_rarest_colours(board: Shown, page: Page) -> None:
    page.look(390, height=300)
    page.go(board.url)
    picture = pixels(page.picture(whole=False))

    again = palette_pixels(small(picture))
    assert again.shape == picture.shape
    assert np.abs(again.astype(int) - picture).max() < 48
    assert np.abs(again.astype(int) - picture).mean() < 1


def trimmed(picture: Pixels) -> Pixels:
    """Without the empty ground at its foot."""
    used = np.flatnonzero((picture != picture[-1, 0]).any(axis=(1, 2)))
    return picture[: used[-1] + 24]


def palette_pixels(png: bytes) -> Pixels:
    """What `small` wrote, read in the plainest way."""
    palette_at, data_at = png.index(b"PLTE"), png.index(b"IDAT")
    palette = np.frombuffer(png[palette_at + 4 : data_at - 8], np.uint8).reshape(-1, 3)
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))
    rows = np.frombuffer(zlib.decompress(png[data_at + 4 : -16]), np.uint8).reshape(height, width + 1)
    return palette[rows[:, 1:]]
