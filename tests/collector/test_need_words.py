"""What a whole room needs is told beside what its line was seen to give, and what one agent cannot tell is said."""

import pytest

from collector.verdict.need_words import mbps, need_sentences
from collector.verdict.profiles import default_profiles
from collector.verdict.room_need import Activity, Carried, room_need
from wire.report_words import Direction

ACTIVITIES = (
    Activity(profile="video_lesson", led_by="teacher"),
    Activity(profile="cloud_docs_lms", led_by="pupils", share=0.5),
)


def said(carried: dict[Direction, Carried]) -> tuple[str, ...]:
    need = room_need(30, ACTIVITIES, default_profiles(), carried=carried)
    assert need is not None
    return need_sentences(need, default_profiles())


def test_a_need_says_how_it_comes_about() -> None:
    first, second, _ = said({})

    assert first == (
        "30 seats need 66.3 Mbit/s down and 26.3 Mbit/s up: 30 devices with video lesson, "
        "21 devices with cloud documents, and 30 % on top."
    )
    assert second.startswith("With everything done by all at once it were 78 Mbit/s down and 29.2 Mbit/s up, ")


@pytest.mark.parametrize(
    ("carried", "words"),
    [
        ({}, "One agent in a lesson shows what one more device gets, 1 Mbit/s down and 0.5 Mbit/s up at the most."),
        (
            {"down": Carried(bps=300_000_000), "up": Carried(bps=94_000_000)},
            "Its line gave 300 Mbit/s down and 94 Mbit/s up outside lessons: enough.",
        ),
        (
            {"down": Carried(bps=40_000_000), "up": Carried(bps=94_000_000)},
            "Its line gave 40 Mbit/s down and 94 Mbit/s up outside lessons: too little.",
        ),
        (
            {"down": Carried(bps=40_000_000, at_least=True), "up": Carried(bps=94_000_000)},
            "whether that is enough is not known, because the machine that tests can do no more.",
        ),
        (
            {"down": Carried(bps=300_000_000)},
            "whether that is enough is not known, because one direction has not been tested.",
        ),
    ],
)
def test_what_its_line_gave_is_enough_too_little_or_not_known(carried: dict[Direction, Carried], words: str) -> None:
    assert words in said(carried)[-1]


def test_the_limit_of_the_machine_that_tests_is_named_where_it_is_known() -> None:
    need = room_need(
        30,
        ACTIVITIES,
        default_profiles(),
        carried={"down": Carried(bps=40_000_000, at_least=True), "up": Carried(bps=94_000_000)},
        ceilings={"down": 42_000_000, "up": 95_000_000},
    )
    assert need is not None

    assert need_sentences(need, default_profiles())[-1].endswith(
        "is not known, because the machine that tests can itself do no more than 42 Mbit/s down."
    )


@pytest.mark.parametrize(
    ("bps", "words"),
    [(260_000, "0.3 Mbit/s"), (1_000_000, "1 Mbit/s"), (39_000_000, "39 Mbit/s"), (117_000_000, "117 Mbit/s")],
)
def test_a_rate_has_two_or_three_digits(bps: int, words: str) -> None:
    assert mbps(bps) == words
