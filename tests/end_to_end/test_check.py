"""The page for teachers in a real browser, in rooms whose connection can carry a lesson and in rooms where it cannot.

What the page says is read as a teacher reads it.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.end_to_end.browser import Page, browsing
from tests.end_to_end.collector_process import CollectorFolder, basic
from tests.end_to_end.school import Link, Room, School, Shape, school
from tests.end_to_end.waiting import eventually

pytestmark = [pytest.mark.requires("netns", "browser"), pytest.mark.slow]

PASSWORD = "correct horse"
PORT = 8600
NARROW_BPS = 400_000
WIDE_BPS = 50_000_000
LINKS = {
    "narrow": Link(down=Shape(bps=NARROW_BPS), up=Shape(bps=NARROW_BPS)),
    "narrow-up": Link(down=Shape(bps=WIDE_BPS), up=Shape(bps=NARROW_BPS)),
    "wide": Link(down=Shape(bps=WIDE_BPS), up=Shape(bps=WIDE_BPS)),
}


class Checked:
    """What a check in a room came to: the page's text, its figures, and what the collector keeps of it."""

    def __init__(self, page: Page, kept: Mapping[str, object]) -> None:
        page.evaluate("document.getElementById('figures').open = true")
        self.text = page.text()
        self.headline = page.evaluate("document.getElementById('verdict').innerText.trim()")
        self.focused = page.evaluate("document.activeElement.id")
        self.complaints = [one for one in page.complaints if "ERR_ABORTED" not in one]
        self.kept = kept


@contextmanager
def browser_in(room: Room, chromium: Path, folder: Path) -> Iterator[Page]:
    """A browser on the machine in the room."""
    with ExitStack() as stack:
        yield room.namespace.call(lambda: stack.enter_context(browsing(chromium, folder)))


@pytest.fixture(scope="module")
def checked(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Checked]:
    """One check in each room, by a teacher who has the password, one after the other."""
    folder = tmp_path_factory.mktemp("check")
    with school(LINKS) as at, _collector(at, folder) as collector:
        return {name: _check(at, collector, name, chromium, folder / name) for name in LINKS}


@contextmanager
def _collector(at: School, folder: Path) -> Iterator[CollectorFolder]:
    collector = CollectorFolder(
        folder / "collector",
        host=at.address,
        port=PORT,
        public_port=PORT,
        public_url=f"http://{at.address}:{PORT}",
        behind_proxy=True,
        reader_password=PASSWORD,
    )
    try:
        collector.write_rooms(LINKS)
        at.district.call(collector.start)
        yield collector
    finally:
        collector.close()


def _check(at: School, collector: CollectorFolder, name: str, chromium: Path, folder: Path) -> Checked:
    folder.mkdir()
    with browser_in(at.rooms[name], chromium, folder) as page:
        page.send(Authorization=basic(PASSWORD))
        page.go(f"{collector.url}/check")
        eventually("the rooms are listed", lambda: name in page.text())
        page.evaluate(f"document.querySelector('#room-list input[value={name}]').click()")
        page.evaluate("document.getElementById('begin').click()")
        eventually("there is an answer", lambda: page.evaluate("!document.getElementById('found').hidden"))
        kept = at.district.call(partial(collector.room, name))["check"]
        return Checked(page, kept)


def test_a_room_with_four_tenths_of_a_megabit_cannot_carry_the_lesson(checked: dict[str, Checked]) -> None:
    one = checked["narrow"]
    assert one.headline == "This room cannot carry a video lesson right now"
    assert re.search(r"Only 0\.\d+ Mbit/s arrives; one device needs 1 Mbit/s\.", one.text)
    assert re.search(r"Cloud documents\s+cannot", one.text)


def test_a_room_that_sends_too_little_is_told_so(checked: dict[str, Checked]) -> None:
    one = checked["narrow-up"]
    assert one.headline == "This room cannot carry a video lesson right now"
    assert re.search(r"Only 0\.\d+ Mbit/s gets out; one device needs 0\.5 Mbit/s\.", one.text)
    assert re.search(r"Cloud documents\s+can\b(?!not)", one.text), "a quarter of a megabit is enough"


def test_a_room_with_enough_can_carry_the_lesson(checked: dict[str, Checked]) -> None:
    one = checked["wide"]
    assert one.headline == "This room can carry a video lesson"
    assert re.search(r"Cloud documents\s+can\b(?!not)", one.text)
    assert "at least 1 Mbit/s" in one.text
    assert "at least 0.5 Mbit/s" in one.text


@pytest.mark.parametrize("room", LINKS)
def test_the_page_says_how_long_it_took(checked: dict[str, Checked], room: str) -> None:
    """Longer than its lease, which is twenty seconds, no check has an answer but that it broke off."""
    assert re.search(r"Checked at \d+:\d\d.*, in \d+ seconds\.", checked[room].text)
    assert "broke off" not in checked[room].text


@pytest.mark.parametrize("room", LINKS)
def test_the_answer_is_spoken_and_nothing_went_wrong(checked: dict[str, Checked], room: str) -> None:
    assert checked[room].focused == "verdict"
    assert checked[room].complaints == []


@pytest.mark.parametrize(("room", "answer"), [("narrow", "cannot"), ("narrow-up", "cannot"), ("wide", "can")])
def test_the_answer_is_kept_with_the_room(checked: dict[str, Checked], room: str, answer: str) -> None:
    assert checked[room].kept["answer"] == answer
