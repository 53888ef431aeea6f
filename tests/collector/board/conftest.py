"""One Chromium for all tests of a file; each test opens the pages it looks at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.board.realistic import a_school_district
from tests.collector.board.realistic_uplinks import uplinks_of_two_years
from tests.collector.board.realistic_weeks import two_weeks, with_weeks
from tests.collector.board.shown import Shown, shown
from tests.end_to_end.browser import Page, browsing

PAGES = {
    "district": "/",
    "site": "/sites/oak-hill",
    "room-slow": "/rooms/oak-hill/106",
    "room-short": "/rooms/lakeside/207",
    "room-unknown": "/rooms/oak-hill/114",
    "week": "/week/2026-W10",
    "week-site": "/week/2026-W10?site=oak-hill",
    "budgets": "/budgets",
    "uplinks": "/uplinks",
    "incidents": "/incidents",
}
"""Every kind of page, of rooms each kind of trouble."""


@pytest.fixture(scope="module")
def page(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(chromium, tmp_path_factory.mktemp("chromium")) as one:
        yield one


@pytest.fixture(scope="module")
def board() -> Iterator[Shown]:
    """The board of an ordinary Tuesday morning."""
    with shown(with_weeks(a_school_district()), weeks=two_weeks(), uplinks=uplinks_of_two_years()) as one:
        yield one
