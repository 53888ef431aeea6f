"""The page for teachers in each of its states: read, heard, by keyboard, small, in the dark and in pictures."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.collector.board.canned import FOUND, open_page, press_begin, see
from tests.collector.board.png import pixels, small
from tests.collector.board.shown import Shown
from tests.collector.board.test_accessibility import TAB, findings
from tests.collector.board.test_pictures import DOCS, MOST_BYTES, WRITE, trimmed
from tests.end_to_end.browser import Page
from tests.end_to_end.waiting import eventually

pytestmark = [pytest.mark.requires("browser"), pytest.mark.slow]

SPACE, DOWN = (" ", 32), ("ArrowDown", 40)


def to_choose(board: Shown, page: Page) -> None:
    open_page(board, page)


def to_no_room(board: Shown, page: Page) -> None:
    open_page(board, page)
    find(page, "zzz")


def to_checking(board: Shown, page: Page) -> None:
    open_page(board, page, down="never")
    press_begin(page)
    eventually("it receives", lambda: page.evaluate("document.getElementById('step-down').className") == "is-on")


def to_waiting(board: Shown, page: Page) -> None:
    open_page(board, page, checks={"error": "lease_taken", "status": 409})
    press_begin(page)
    eventually("it waits", lambda: page.evaluate("!document.getElementById('step-wait').hidden"))


def to_answer(board: Shown, page: Page, *, answer: str, language: str = "en") -> None:
    open_page(board, page, end=FOUND[answer], language=language)
    press_begin(page)
    see(page, "found")


def to_no_answer(board: Shown, page: Page) -> None:
    open_page(board, page, checks={"error": "throughput_off", "status": 403})
    press_begin(page)
    see(page, "found")


STATES: dict[str, Callable[[Shown, Page], None]] = {
    "choose": to_choose,
    "no-room": to_no_room,
    "checking": to_checking,
    "waiting": to_waiting,
    **{name: partial(to_answer, answer=name) for name in FOUND},
    "spanish": partial(to_answer, answer="cannot-up", language="es"),
    "no-answer": to_no_answer,
}


def find(page: Page, text: str) -> None:
    page.evaluate(
        f"const box = document.getElementById('find'); box.value = '{text}'; box.dispatchEvent(new Event('input'))"
    )


def text_of(page: Page, part: str) -> str:
    return str(page.evaluate(f"document.getElementById('{part}').textContent.trim()"))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_no_state_has_what_axe_finds_nor_scrolls_sideways(
    board: Shown, page: Page, tmp_path: Path, state: str, width: int
) -> None:
    page.look(width, dark=width == 390)
    STATES[state](board, page)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    (tmp_path / f"{state}-{width}.png").write_bytes(page.picture())


@pytest.mark.parametrize("state", ["choose", "can", "cannot"])
def test_what_a_finger_touches_is_large_enough(board: Shown, page: Page, state: str) -> None:
    page.look(390)
    STATES[state](board, page)
    sizes = page.evaluate(
        "[...document.querySelectorAll('main button, main select, main input[type=search], .choices label')]"
        ".filter(one => one.offsetParent).map(one => [one.textContent, one.offsetHeight, one.offsetWidth])"
    )
    assert len(sizes) >= 3
    assert [one for one in sizes if min(one[1:]) < 44] == []


def test_a_room_is_found_by_a_part_of_its_name_and_the_address_keeps_it(board: Shown, page: Page) -> None:
    open_page(board, page, "")
    assert page.evaluate("document.getElementById('begin').disabled")
    page.evaluate("document.getElementById('school').value = 'north'")
    page.evaluate("document.getElementById('school').dispatchEvent(new Event('change'))")
    find(page, "LAB")
    shown = (
        "[...document.querySelectorAll('#room-list li')].filter(one => !one.hidden).map(one => one.innerText.trim())"
    )
    assert page.evaluate(shown) == ["Computer lab 2"]
    page.evaluate("document.querySelector('#room-list li:not([hidden]) input').click()")
    assert text_of(page, "begin") == "Check Computer lab 2"
    assert page.evaluate("location.hash") == "#room:north/Computer%20lab%202"


def test_a_room_is_chosen_and_checked_by_keyboard_and_the_answer_is_spoken(board: Shown, page: Page) -> None:
    page.look(1280)
    open_page(board, page, "129", end=FOUND["cannot"])
    page.evaluate("document.getElementById('find').focus()")
    page.press(*TAB)
    assert page.evaluate("document.activeElement.value") == "129"
    page.press(*DOWN)
    assert page.evaluate("document.activeElement.value") == "130"
    page.press(*TAB)
    assert page.evaluate("document.activeElement.id") == "begin"
    page.press(*SPACE)
    assert "cannot carry a video lesson" in see(page, "found")
    assert page.evaluate("document.activeElement.id") == "verdict", "what has focus is read out"
    page.press(*TAB)
    assert page.evaluate("document.activeElement.id") == "again"


def test_each_step_is_spoken(board: Shown, page: Page) -> None:
    to_checking(board, page)
    assert text_of(page, "heard") == "Receiving, as in a video lesson"
    assert page.evaluate("document.getElementById('heard').getAttribute('role')") == "status"


def test_each_answer_is_said_in_plain_words(board: Shown, page: Page) -> None:
    said = {
        "can": "This room can carry a video lesson",
        "stutters": "This room can carry a video lesson, but it may stutter",
        "cannot": "This room cannot carry a video lesson right now",
        "cannot-up": "This room cannot carry a video lesson right now",
        "busy": "This check could not tell",
        "spanish": "Ahora mismo esta aula no puede con una clase por vídeo",
        "no-answer": "This check could not tell",
    }
    why = {
        "cannot": "Only 0.38 Mbit/s arrives; one device needs 1 Mbit/s.",
        "cannot-up": "Only 0.38 Mbit/s gets out; one device needs 0.5 Mbit/s.",
        "spanish": "Solo salen 0,38 Mbit/s; un dispositivo necesita 0,5 Mbit/s.",
        "stutters": "Answers take long: 1 in 20 took 132 ms or more.",
        "no-answer": "Tests are switched off on the server. Your network team can say why.",
    }
    for state, headline in said.items():
        STATES[state](board, page)
        assert text_of(page, "verdict") == headline, state
        assert why.get(state, "") in text_of(page, "why"), state
        assert page.evaluate("document.title") == headline


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"checks": {"error": "too_many_checks", "status": 429}}, "many checks in the last minutes"),
        ({"checks": {"error": "assessment", "status": 403}}, "An exam is on"),
        ({"checks": {"error": "budget_spent", "status": 403}}, "used up"),
        ({"checks": {"error": "unknown_room", "status": 404}}, "not in the list any more"),
        ({"checks": {"error": "a_word_to_come", "status": 403}}, "did not let this test run"),
        ({"checks": "broken"}, "did not get through"),
        ({"ping": {"error": "check_over", "status": 403}}, "broke off"),
        ({"down": "broken"}, "did not get through"),
        ({"end": "broken"}, "did not get through"),
    ],
)
def test_what_keeps_a_check_from_its_answer_is_said(
    board: Shown, page: Page, answers: dict[str, Any], said: str
) -> None:
    open_page(board, page, **answers)
    press_begin(page)
    assert said in see(page, "found")
    assert page.evaluate("document.getElementById('tell').hidden"), "nothing was kept that could be told"


def test_a_list_of_rooms_that_does_not_come_is_said(board: Shown, page: Page) -> None:
    open_page(board, page, places="broken")
    assert "did not get through" in see(page, "trouble")


def test_help_is_asked_for_and_what_failed_is_said(board: Shown, page: Page) -> None:
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "sees on the page of this room"),
        ({"tell": "broken"}, "Tell them yourself: room Computer"),
    )
    for answers, said in cases:
        open_page(board, page, end=FOUND["cannot"], **answers)
        press_begin(page)
        see(page, "found")
        page.evaluate("document.getElementById('tell').click()")
        eventually("there is an answer", partial(page.evaluate, "!/\\u2026|case/.test(telling.textContent)"))
        assert said in text_of(page, "telling")


def test_whoever_stops_comes_back_to_the_rooms_and_the_lease_is_given_back(board: Shown, page: Page) -> None:
    to_checking(board, page)
    page.evaluate("document.getElementById('cancel').click()")
    see(page, "choose")
    assert page.evaluate("asked.at(-1)") == "/v1/checks/" + "0" * 32
    assert text_of(page, "begin") == "Check Computer lab 2"


def test_while_others_are_tested_the_page_waits_and_says_so(board: Shown, page: Page) -> None:
    to_waiting(board, page)
    assert "Waiting: another room is being tested" in see(page, "checking")
    eventually("it asks again", lambda: page.evaluate("asked.filter(one => one === '/v1/checks').length") > 1)


def test_a_page_that_goes_out_of_view_does_not_blame_the_room(board: Shown, page: Page) -> None:
    to_checking(board, page)
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    assert "not in view until the end" in see(page, "found")


def test_without_the_script_the_page_says_what_it_needs(board: Shown, page: Page) -> None:
    page.before_each("")
    page.go(f"{board.url}/check")
    assert "needs JavaScript" in page.evaluate("document.querySelector('noscript').textContent")


PICTURES = {
    "check-choose-390-light": "choose",
    "check-can-390-light": "can",
    "check-cannot-390-light": "cannot",
    "check-cannot-390-dark": "cannot",
    "check-cannot-1280-light": "cannot",
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_documentation_shows_the_page(board: Shown, page: Page, name: str) -> None:
    width, scheme = name.rsplit("-", 2)[1:]
    page.look(int(width), dark=scheme == "dark", height=900)
    STATES[PICTURES[name]](board, page)
    if width == "1280":
        page.evaluate("document.getElementById('figures').open = true")
    image = DOCS / "images" / f"{name}.png"
    png = small(trimmed(pixels(page.picture())))
    assert len(png) < MOST_BYTES
    if os.environ.get(WRITE):
        image.write_bytes(png)
    assert image.exists()
