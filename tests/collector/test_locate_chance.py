"""What chance does by itself, against scipy and against the table that the thresholds come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, fisher_exact

from collector.verdict.locate.chance import at_least, at_most, no_less
from collector.verdict.locate.rooms import BY_CHANCE, chance


@given(lost=st.integers(0, 40), of=st.integers(40, 300), near=st.integers(0, 40), near_of=st.integers(40, 600))
def test_tails_are_those_of_scipy(lost: int, of: int, near: int, near_of: int) -> None:
    table = [[lost, of - lost], [near, near_of - near]]

    assert no_less(lost, of, near, near_of) == pytest.approx(
        fisher_exact(table, alternative="greater").pvalue, abs=1e-9
    )
    assert at_least(lost, of, 0.05) == pytest.approx(binom.sf(lost - 1, of, 0.05), abs=1e-9)
    assert at_most(lost, of, 0.05) == pytest.approx(binom.cdf(lost, of, 0.05), abs=1e-9)


def test_the_thresholds_of_chance_are_those_of_the_table() -> None:
    """science.md 4.3: 4 of 5, 5 of 10, 6 of 20, 8 of 40."""
    for least, of in ((4, 5), (5, 10), (6, 20), (8, 40)):
        assert chance(least, of) < BY_CHANCE <= chance(least - 1, of)
