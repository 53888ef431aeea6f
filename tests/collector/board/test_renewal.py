"""A page renews itself in place, in the real Chromium: nothing flickers, and what does not answer is said."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from collector.board.assets import script
from collector.board.pages import district_page
from collector.now import RoomNow
from collector.verdict.room_state import State
from tests.collector.board.districts import NOW, a_bin, a_district, a_room, a_site
from tests.collector.board.reader import read
from tests.collector.board.shown import Shown, shown
from tests.end_to_end.browser import Page
from tests.end_to_end.waiting import eventually

pytestmark = [pytest.mark.requires("browser"), pytest.mark.slow]

NAMES = [str(number) for number in range(101, 141)]
RENEW = "document.dispatchEvent(new Event('visibilitychange'))"
"""What a tab hears when it is looked at again: it renews itself at once."""


def rooms(**states: State) -> list[RoomNow]:
    return [a_room(name, states.get(f"r{name}", "ok")) for name in NAMES]


@pytest.fixture
def board() -> Iterator[Shown]:
    with shown(a_district(a_site(*rooms()))) as one:
        yield one


def renewed(board: Shown, page: Page, *changed: RoomNow) -> None:
    """Show `changed` a quarter of a minute later, and wait until the page does."""
    board.district = a_district(a_site(*changed))
    board.now += timedelta(seconds=15)
    age = f"{int((board.now - NOW).total_seconds()) + 4} s old"
    page.evaluate(RENEW)
    eventually("the page is renewed", lambda: age in page.text())


def test_what_did_not_change_is_the_same_and_what_did_is_new(board: Shown, page: Page) -> None:
    page.go(f"{board.url}/")
    page.evaluate("window.before = Object.fromEntries([...document.querySelectorAll('tr.room')].map(r => [r.id, r]))")

    renewed(board, page, *rooms(r120="bad"))

    assert page.evaluate("document.querySelector('h1').textContent") == "1 of 40 rooms cannot teach right now"
    assert page.evaluate("document.title").startswith("1 of 40 rooms cannot teach")
    assert page.evaluate("[...document.querySelectorAll('tr.room')].every(row => before[row.id] === row)")
    assert page.evaluate("document.querySelector('tr.room').id") == "room:north/120"
    assert len(page.rows("bad")) == 1


def test_a_page_that_was_renewed_is_the_page_that_would_be_loaded(board: Shown, page: Page) -> None:
    page.go(f"{board.url}/")
    renewed(board, page, *rooms(r120="bad", r101="unknown", r140="degraded")[3:])
    renewed(board, page, *rooms(r110="bad", r120="degraded")[:30])

    in_place = page.evaluate("document.querySelector('main').outerHTML")
    page.go(f"{board.url}/")
    assert page.evaluate("document.querySelector('main').outerHTML") == in_place


def test_scroll_focus_selection_and_open_details_stay(board: Shown, page: Page) -> None:
    page.look(1280)
    page.go(f"{board.url}/")
    where = "document.getElementById('room:north/126').getBoundingClientRect().top"
    page.evaluate("document.getElementById('room:north/125').scrollIntoView({block: 'start'})")
    page.evaluate("document.querySelector('#room\\\\:north\\\\/125 a').focus({preventScroll: true})")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#room\\\\:north\\\\/126 .evidence'))")
    selected, top = page.evaluate("getSelection().toString()"), page.evaluate(where)

    renewed(board, page, *rooms(r120="bad", r125="bad", r130="bad"))

    assert page.evaluate("document.activeElement.textContent") == "125"
    assert page.evaluate("getSelection().toString()") == selected
    assert selected.startswith("10:25: 1 in 20 packets")
    assert abs(page.evaluate(where) - top) < 60, "what was read is where it was, but for the line that left its place"

    room = a_room("101", bins=(a_bin(),))
    board.district = a_district(a_site(room))
    page.go(f"{board.url}/rooms/north/101")
    page.evaluate("document.getElementById('bins-as-numbers').open = true")
    renewed(board, page, replace(room, bins=(*room.bins, a_bin(started_at=NOW))))
    assert page.evaluate("document.getElementById('bins-as-numbers').open")
    assert page.evaluate("document.querySelectorAll('#bins-as-numbers tbody tr').length") == 2


def test_a_line_that_comes_above_does_not_move_what_is_read(board: Shown, page: Page) -> None:
    page.look(1280)
    page.go(f"{board.url}/")
    page.evaluate("document.getElementById('room:north/130').scrollIntoView({block: 'center'})")
    before = page.evaluate("[...document.querySelectorAll('tr.room')].map(row => row.getBoundingClientRect().top)")
    first = next(number for number, top in enumerate(before) if top >= 0)

    renewed(board, page, *rooms(r101="bad", r102="bad"))

    after = page.evaluate("[...document.querySelectorAll('tr.room')].map(row => row.getBoundingClientRect().top)")
    assert abs(after[first] - before[first]) < 1


def test_a_renewal_that_brings_new_ages_moves_nothing(board: Shown, page: Page) -> None:
    page.look(1280)
    page.go(f"{board.url}/")
    page.evaluate(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(one => { shift += one.value }))"
        ".observe({type: 'layout-shift'})"
    )

    renewed(board, page, *rooms())

    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate("shift") < 0.001, "only what stands beside an age that got longer"


def test_only_a_new_headline_is_spoken(board: Shown, page: Page) -> None:
    page.go(f"{board.url}/")
    renewed(board, page, *rooms())
    assert page.evaluate("document.getElementById('heard').textContent") == ""

    renewed(board, page, *rooms(r120="bad"))
    assert page.evaluate("document.getElementById('heard').textContent") == "1 of 40 rooms cannot teach right now"


def test_a_collector_that_is_gone_is_said_with_its_time_and_taken_back(board: Shown, page: Page) -> None:
    page.go(f"{board.url}/")
    lost = "document.getElementById('lost').hidden ? '' : document.getElementById('lost').textContent"
    assert page.evaluate(lost) == ""
    top = page.evaluate("document.querySelector('main').getBoundingClientRect().top")

    board.stop()
    page.evaluate(RENEW)
    eventually("the page says so", lambda: page.evaluate(lost))
    assert page.evaluate(lost) == (
        "No answer from the collector since Tue 10 Mar, 10:31. What you see is from then; asking again every "
        "15 seconds."
    )
    assert "All 40 rooms can teach" in page.text()
    assert page.evaluate("document.querySelector('main').getBoundingClientRect().top") == top

    board.start()
    page.evaluate(RENEW)
    eventually("it is taken back", lambda: not page.evaluate(lost))


def test_the_page_of_another_is_no_answer(board: Shown, page: Page) -> None:
    page.go(f"{board.url}/")
    page.evaluate("window.fetch = async () => new Response('<h1>Please log in to the Wi-Fi</h1>')")
    page.evaluate(RENEW)

    eventually("the page says so", lambda: "No answer from the collector" in page.text())
    assert "All 40 rooms can teach" in page.text()


def test_nothing_is_asked_while_the_page_is_hidden(board: Shown, page: Page) -> None:
    page.go(f"{board.url}/")
    page.evaluate("window.asked = 0; window.fetch = async () => { asked += 1; throw new Error('none') }")
    page.evaluate("window.setTimeout = () => { asked += 1; return 0 }")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")

    page.evaluate(RENEW)
    assert page.evaluate("asked") == 0

    page.evaluate("delete document.hidden")
    page.evaluate(RENEW)
    eventually("it asks again, and will once more", lambda: page.evaluate("asked") == 2)


def test_a_page_of_another_version_of_the_board_is_loaded_as_a_whole(board: Shown, page: Page) -> None:
    page.go(f"{board.url}/")
    page.evaluate(
        "window.old = true; document.querySelector('link[rel=stylesheet]').setAttribute('href', '/style.css?v=old')"
    )
    page.evaluate(RENEW)

    eventually("the page is loaded again", lambda: page.evaluate("window.old === undefined && document.body !== null"))


def test_without_scripts_the_page_is_loaded_again_as_a_whole() -> None:
    page = read(district_page(a_district(a_site(a_room())), now=NOW))

    assert page.one("noscript").one("meta").attributes == {"http-equiv": "refresh", "content": "15"}
    assert page.one("script").attributes == {"src": script().address, "data-seconds": "15", "defer": ""}
