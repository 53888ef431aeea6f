"""The board for those who use a keyboard, a screen reader, large letters or a small screen."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.collector.board.conftest import PAGES
from tests.collector.board.shown import Shown
from tests.end_to_end.browser import Page

pytestmark = [pytest.mark.requires("browser"), pytest.mark.slow]

TAB, ENTER = ("Tab", 9), ("Enter", 13)


@cache
def axe() -> str:
    """axe-core as its package has it; found without importing the package, which would start Playwright."""
    package = importlib.util.find_spec("axe_playwright_python")
    assert package is not None
    assert package.submodule_search_locations
    return (Path(package.submodule_search_locations[0]) / "axe.min.js").read_text("utf-8")


def findings(page: Page) -> list[str]:
    page.evaluate(f"{axe()}; 0")
    found: list[dict[str, Any]] = json.loads(
        page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations))"
        )
    )
    return [f"{one['impact']}: {one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"][:3]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_on_any_page(board: Shown, page: Page, width: int, dark: bool) -> None:
    for name, path in {**PAGES, "missing": "/rooms/oak-hill/999", "no-week": "/week/2026-W05"}.items():
        page.look(width, dark=dark)
        page.go(board.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert findings(page) == [], name


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_page_scrolls_sideways(board: Shown, page: Page, width: int) -> None:
    for name, path in PAGES.items():
        page.look(width)
        page.go(board.url + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (name, wide)


def test_the_keyboard_goes_past_the_header_to_the_rooms_in_their_order(board: Shown, page: Page) -> None:
    page.look(1280)
    page.go(f"{board.url}/")
    focused = "document.activeElement.textContent.trim()"

    page.press(*TAB)
    assert page.evaluate(focused) == "Skip to the rooms"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.press(*ENTER)
    assert page.evaluate("document.activeElement.id") == "main"
    links = []
    for _ in range(5):
        page.press(*TAB)
        links.append(page.evaluate(focused))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", links
    assert links == ["203", "207", "106", "The week’s verdicts", "the week on one page"]


def test_a_room_is_reached_from_the_district_through_its_site_and_back(board: Shown, page: Page) -> None:
    page.look(1280)
    page.go(f"{board.url}/")
    page.follow("Oak Hill Elementary")
    assert page.evaluate("location.pathname") == "/sites/oak-hill"
    page.follow("106")
    assert page.evaluate("location.pathname") == "/rooms/oak-hill/106"
    page.follow("Oak Hill Elementary")
    page.follow("Cedar Valley Schools")
    assert page.evaluate("location.pathname") == "/"


def test_a_week_is_reached_from_every_page_and_a_site_and_a_room_from_it(board: Shown, page: Page) -> None:
    page.look(1280)
    page.go(f"{board.url}/budgets")
    page.follow("The week’s verdicts")
    assert page.evaluate("location.pathname") == "/week"
    assert page.evaluate("document.querySelector('h1').textContent").strip().startswith("2 to 8 March 2026")
    page.follow("Oak Hill Elementary")
    assert page.evaluate("location.pathname + location.search") == "/week/2026-W10?site=oak-hill"
    page.follow("Week before")
    assert page.evaluate("location.pathname + location.search") == "/week/2026-W09?site=oak-hill"
    page.follow("106")
    assert page.evaluate("location.pathname + location.hash") == "/rooms/oak-hill/106#weeks"


def test_an_address_may_name_a_room_or_a_site_within_the_page(board: Shown, page: Page) -> None:
    page.look(1280, height=500)
    page.go("about:blank")
    page.go(f"{board.url}/#room:summit/304")

    top = page.evaluate("document.getElementById('room:summit/304').getBoundingClientRect().top")
    head = page.evaluate("document.querySelector('.rooms thead th').getBoundingClientRect().bottom")
    assert head <= top < 500


def test_the_check_does_find_what_is_wrong(board: Shown, page: Page) -> None:
    page.go(f"{board.url}/")
    page.evaluate("document.querySelector('main').append(document.createElement('img'))")

    assert [one.partition(": <")[0] for one in findings(page)] == ["critical: image-alt"]
