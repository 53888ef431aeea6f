"""The mail's plain text: complete, and as wide as a letter."""

import pytest

from collector.brief.brief import Brief
from collector.brief.shown import shown
from collector.brief.text import WIDTH, text_of
from tests.collector.brief.pages import PAGES, a_normal_week
from tests.collector.brief.said import flat, numbers_and_names


@pytest.fixture(scope="module", params=PAGES)
def brief(request: pytest.FixtureRequest) -> Brief:
    return PAGES[request.param]()


def test_it_says_everything(brief: Brief) -> None:
    said = flat(text_of(brief)).casefold()

    missing = [one for one in numbers_and_names(brief) if flat(shown(one)).casefold() not in said]
    assert missing == []


def test_it_is_as_wide_as_a_letter_but_for_a_word_that_is_wider(brief: Brief) -> None:
    wide = [line for line in text_of(brief).split("\n") if len(line) > WIDTH and len(line.split()) > 1]

    assert [line for line in wide if max(map(len, line.split())) < 60] == []


def test_what_is_to_be_done_comes_before_everything_else() -> None:
    said = text_of(a_normal_week())
    order = (
        "RESTRICTED LESSONS IN 6",
        "WHAT TO DO",
        "ROOMS IN WHICH",
        "HOW FULL",
        "WHAT CHANGED",
        "DO NOT KNOW",
        "HOW THIS",
    )

    assert [said.index(one) for one in order] == sorted(said.index(one) for one in order)


def test_it_tells_each_day_in_words_and_draws_nothing() -> None:
    brief = a_normal_week()
    said = flat(text_of(brief))

    for room in brief.rooms:
        for day in room.strip:
            assert f"{day.name}: {day.summary}" in said
    assert not set("█▇▅▂#=") & set(said)
