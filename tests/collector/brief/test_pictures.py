"""The page as it looks, as mail in a browser and as paper: for people to look at, and never blank.

``make screenshots`` writes the ones that the documentation shows.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from collector.brief.brief import Brief
from collector.brief.html import html_of
from collector.brief.pdf import pdf_of
from tests.collector.board.png import Pixels, colours, pixels, small
from tests.collector.board.test_accessibility import findings
from tests.collector.brief.pages import PAGES, a_normal_week
from tests.end_to_end.browser import Page, browsing

pytestmark = [pytest.mark.slow]

DOCS = Path(__file__).parents[3] / "docs"
WRITE = "BANDROOM_SCREENSHOTS"
MOST_BYTES = 150_000
SHOWN = {
    "mail-672-light": (672, False, 2200),
    "mail-top-672-light": (672, False, 1200),
    "mail-672-dark": (672, True, 1100),
    "mail-390-light": (390, False, 1500),
}
"""The pictures of the documentation: how wide, how dark, and how much of the page."""


@pytest.fixture(scope="module")
def page(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(chromium, tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where each kind of page is kept."""
    folder = tmp_path_factory.mktemp("mails")
    found = {}
    for name, brief in PAGES.items():
        path = folder / f"{name}.html"
        path.write_text(html_of(brief()), "utf-8")
        found[name] = path.as_uri()
    return found


@pytest.mark.requires("browser")
def test_no_page_scrolls_sideways_or_asks_for_anything(page: Page, mails: dict[str, str]) -> None:
    for name, address in mails.items():
        page.look(1280)
        page.go(address)
        for width in (320, 390, 640, 1280):
            page.look(width)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, (name, width, wide)
        assert page.evaluate("performance.getEntriesByType('resource').length") == 0, name
    assert page.complaints == []


@pytest.mark.requires("browser")
def test_axe_finds_nothing_on_any_page(page: Page, mails: dict[str, str]) -> None:
    for name, dark in (("normal", False), ("normal", True), ("nothing-known", False), ("any-script", False)):
        page.look(640, dark=dark)
        page.go(mails[name])
        assert findings(page) == [], name


@pytest.mark.requires("browser")
def test_a_mail_is_drawn_in_light_and_in_the_dark_and_without_its_style_sheet(
    page: Page, mails: dict[str, str]
) -> None:
    page.look(640, dark=True, height=1000)
    page.go(mails["normal"])
    dark = pixels(page.picture(whole=False))
    page.look(640, height=1000)
    light = pixels(page.picture(whole=False))
    page.evaluate("document.querySelectorAll('style').forEach(one => one.remove())")

    assert np.array_equal(pixels(page.picture(whole=False)), light)
    assert dark[3, 3].astype(int).sum() < 3 * 64
    assert light[3, 3].astype(int).sum() > 3 * 200
    for part in (*np.array_split(light, 4), *np.array_split(dark, 4)):
        assert len(colours(part)) > 20, "no quarter of it is empty"


@pytest.mark.requires("browser")
def test_three_questions_are_answered_in_the_top_third(page: Page, mails: dict[str, str]) -> None:
    """What to do, what it cost, who pays: `docs/brief.md` promises a minute for them."""
    brief = a_normal_week()
    page.look(640, height=900)
    page.go(mails["normal"])
    places = (
        "[...document.querySelectorAll('h1, h3, p, td')].filter(one => one.innerText.includes({text!r}))"
        ".map(one => one.getBoundingClientRect().bottom / document.documentElement.scrollHeight).sort()[0]"
    )

    assert page.evaluate(places.format(text=brief.headline)) < 1 / 3
    assert page.evaluate(places.format(text="was too poor to teach online")) < 1 / 3
    assert page.evaluate(places.format(text="Who pays:")) < 1 / 3
    for one in brief.to_do:
        assert page.evaluate(places.format(text=one.title)) < 1 / 3


@pytest.mark.requires("poppler")
def test_a_sheet_of_paper_is_printed(tmp_path: Path) -> None:
    for sheet in paper(PAGES["five-thousand"](), tmp_path, dots=45):
        height, width, _ = sheet.shape
        assert round(width / height, 2) in {0.77, 0.71}
        assert len(colours(sheet)) > 20
        margin = np.concatenate(
            [sheet[:10].reshape(-1, 3), sheet[:, :10].reshape(-1, 3), sheet[:, -10:].reshape(-1, 3)]
        )
        assert (margin == 255).all(), "nothing runs off the paper"


@pytest.mark.requires("browser", "poppler")
def test_the_documentation_shows_the_page_and_no_picture_that_is_not_there(page: Page, tmp_path: Path) -> None:
    pages = "".join(path.read_text("utf-8") for path in (DOCS / "brief.md", DOCS.parent / "README.md"))
    named = set(re.findall(r"images/brief/([a-z0-9-]+)\.png\)", pages))
    kept = {path.stem for path in (DOCS / "images" / "brief").glob("*.png")}

    assert named == {*SHOWN, "paper"}
    if os.environ.get(WRITE):
        write(page, tmp_path)
    assert kept == named or os.environ.get(WRITE)


def write(page: Page, folder: Path) -> None:
    """Pictures of a simulated week, labelled so."""
    brief = a_normal_week(simulated=True)
    (folder / "mail.html").write_text(html_of(brief), "utf-8")
    (DOCS / "images" / "brief").mkdir(exist_ok=True)
    for name, (width, dark, height) in SHOWN.items():
        page.look(width, dark=dark)
        page.go((folder / "mail.html").as_uri())
        keep(name, pixels(page.picture())[:height])
    keep("paper", paper(brief, folder, dots=110)[0])


def keep(name: str, picture: Pixels) -> None:
    png = small(picture)
    assert len(png) < MOST_BYTES
    (DOCS / "images" / "brief" / f"{name}.png").write_bytes(png)


def paper(brief: Brief, folder: Path, *, dots: int) -> list[Pixels]:
    """The sheets of the PDF, as a printer would draw them with so many dots to the inch."""
    (folder / "brief.pdf").write_bytes(pdf_of(brief))
    subprocess.run(["pdftoppm", "-png", "-r", str(dots), folder / "brief.pdf", folder / "sheet"], check=True)
    return [pixels(path.read_bytes()) for path in sorted(folder.glob("sheet-*.png"))]
