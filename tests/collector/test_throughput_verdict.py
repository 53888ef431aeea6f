"""What throughput tests say: what is enough for a profile, and which of them speak."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.verdict.profiles import RateNeed
from collector.verdict.throughput import SPEAKS_FOR, ThroughputTest, speaking_tests
from tests.collector.ended_tests import DOCS, MINUTE, TEN, VIDEO, ended, short, unsure


@pytest.mark.parametrize(
    ("test", "needs_bps", "enough"),
    [
        (ended(), 1_000_000, True),
        (ended(), 500_000, True),
        (ended(received_bps=1_100_000), 1_200_000, None),
        (ended(received_bps=1_240_000), 1_200_000, True),
        (short(received_bps=999_000), 1_000_000, False),
        (short(received_bps=400_000), 250_000, True),
        (short(received_bps=400_000), 2_000_000, False),
        (unsure(), 1_000_000, None),
        (unsure(received_bps=2_000_000), 1_000_000, None),
        (ended(received_bps=None), 1_000_000, True),
        (ended(received_bps=None), 1_000_001, None),
        (short(received_bps=None), 1_000_000, None),
        (unsure(received_bps=600_000, at_ceiling=True), 1_000_000, None),
        (unsure(received_bps=600_000, at_ceiling=True), 600_000, True),
        (unsure(at_ceiling=True), 600_000, None),
        (short(received_bps=600_000, at_ceiling=True), 1_000_000, None),
        (ended(at_ceiling=True), 1_000_000, True),
        (ended(at_ceiling=True, received_bps=1_100_000), 1_200_000, None),
    ],
)
def test_what_was_held_is_enough_for_less_and_says_nothing_of_more(
    test: ThroughputTest, needs_bps: int, enough: bool | None
) -> None:
    profile = replace(VIDEO, down=RateNeed(bps=needs_bps, source="[T]"))

    assert test.enough_for(profile) is enough


def test_each_direction_is_held_against_its_own_need() -> None:
    up = short(direction="up", received_bps=300_000, required_bps=500_000)

    assert up.enough_for(VIDEO) is False
    assert up.enough_for(DOCS) is True


def test_a_test_speaks_for_an_hour_after_its_end_and_not_before_it() -> None:
    test = ended(0)

    assert speaking_tests([test], TEN) == [test]
    assert speaking_tests([test], TEN + SPEAKS_FOR) == [test]
    assert speaking_tests([test], TEN + SPEAKS_FOR + MINUTE) == []
    assert speaking_tests([test], TEN - MINUTE) == []


def test_the_latest_of_an_agent_speaks_in_whatever_order_they_came() -> None:
    tests = [ended(20), short(40), ended(30)]

    assert speaking_tests(tests, TEN + 50 * MINUTE) == [short(40)]
    assert speaking_tests(tests, TEN + 35 * MINUTE) == [ended(30)]


def test_a_test_that_could_not_tell_does_not_take_the_word_of_the_one_before() -> None:
    assert speaking_tests([short(10), unsure(30)], TEN + 40 * MINUTE) == [short(10)]
    assert speaking_tests([unsure(30)], TEN + 40 * MINUTE) == []


def test_of_several_agents_the_best_speaks() -> None:
    one, other = short(10), ended(5, agent="b" * 16)
    assert speaking_tests([one, other], TEN + 20 * MINUTE) == [other]

    slower = short(15, agent="c" * 16, received_bps=100_000)
    assert speaking_tests([one, slower], TEN + 20 * MINUTE) == [one]


def test_down_and_up_speak_apart_and_down_first() -> None:
    up, down = short(5, direction="up"), ended(3)

    assert speaking_tests([up, down], TEN + 10 * MINUTE) == [down, up]


some_tests = st.lists(
    st.builds(
        lambda minute, agent, sustained, received, direction: ended(
            minute, agent=agent * 16, sustained=sustained, received_bps=received, direction=direction
        ),
        st.integers(-100, 100),
        st.sampled_from("abc"),
        st.sampled_from([True, False, None]),
        st.integers(0, 2_000_000),
        st.sampled_from(["down", "up"]),
    ),
    max_size=20,
)


@given(some_tests)
def test_whoever_speaks_could_tell_and_is_recent_and_one_to_a_direction(tests: list[ThroughputTest]) -> None:
    found = speaking_tests(tests, TEN)

    assert len({one.direction for one in found}) == len(found)
    for one in found:
        assert one in tests
        assert one.sustained is not None
        assert TEN - SPEAKS_FOR <= one.ended_at <= TEN
