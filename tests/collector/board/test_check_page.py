"""The page for teachers before its script runs, and its sentences."""

import re
from pathlib import Path

import pytest

from collector.board.check_page import check_page
from collector.board.check_sentences import language_of, languages
from collector.verdict.profiles import default_profiles
from tests.collector.board.reader import read


def page(**given: object) -> str:
    values: dict[str, object] = {"asked_language": "", "accepted_languages": "", "off": None, "with_board": True}
    return check_page(profiles=default_profiles(), **(values | given))  # type: ignore[arg-type]


def test_every_language_says_everything_and_puts_in_the_same() -> None:
    english = languages()["en"]
    for code, sentences in languages().items():
        assert sentences.keys() == english.keys(), code
        for key, text in sentences.items():
            assert text.strip(), (code, key)
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), (code, key)


def test_every_sentence_is_said_somewhere_and_none_is_missing() -> None:
    board = Path(__file__).parents[3] / "collector" / "board"
    used = (board / "check.js").read_text("utf-8") + (board / "templates" / "check.html").read_text("utf-8")
    families = ("activity_", "name_", "why_", "word_", "step_")
    built = {"language", "can", "cannot", "stutters"}
    for key in languages()["en"].keys() - built:
        assert key.startswith(families) or re.search(rf'["`.]{key}\b', used), key
    for key in re.findall(r'say\("(\w+)"', used):
        assert key in languages()["en"], key


def test_no_sentence_speaks_of_a_standard() -> None:
    for sentences in languages().values():
        assert not [one for one in sentences.values() if re.search(r"standard|estándar", one, re.IGNORECASE)]


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "en"),
        ("es", "en", "es"),
        ("xx", "es-MX,es;q=0.9,en;q=0.8", "es"),
        ("", "de-DE,en;q=0.5,es;q=0.7", "es"),
        ("", "fr", "en"),
        ("", "es;q=0", "en"),
        ("", "es;q=x, ;;;,,q", "en"),
        ("<script>", "*", "en"),
    ],
)
def test_the_page_speaks_the_reader_s_language(asked: str, accepted: str, language: str) -> None:
    assert language_of(asked, accepted) == language
    text = page(asked_language=asked, accepted_languages=accepted)
    assert read(text).one("html").attributes["lang"] == language
    assert languages()[language]["title"] in text


def test_the_page_says_when_nothing_is_tested_but_not_why() -> None:
    off = "throughput tests are off: the proxy at public_url holds back uploads"
    text = page(off=off)
    assert languages()["en"]["why_off"] in text
    assert "public_url" not in text


def test_only_who_may_see_the_board_is_led_there() -> None:
    assert "/" in [one.attributes["href"] for one in read(page()).all("a")]
    assert "/" not in [one.attributes["href"] for one in read(page(with_board=False)).all("a")]
