"""The formulas of a week's verdict against scipy and numpy."""

from collections.abc import Sequence
from itertools import pairwise

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from collector.verdict.statistics import (
    Neighbours,
    autocorrelation,
    binomial_at_most,
    binomial_quantile,
    effective_n,
    ranks_around,
    wilson,
)

counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
KNOWN, YES = ({ord("?"): "0", ord("y"): "1", ord("n"): other} for other in "10")
runs = st.lists(st.lists(st.booleans(), max_size=40), max_size=8)


@given(counts)
def test_the_wilson_bounds_are_scipys(one: tuple[int, int]) -> None:
    bad, n = one

    low, high = wilson(bad / n, n)

    # One-sided 99 % each is two-sided 98 %.
    oracle = stats.binomtest(bad, n).proportion_ci(confidence_level=0.98, method="wilson")
    assert low == pytest.approx(oracle.low, abs=1e-9)
    assert high == pytest.approx(oracle.high, abs=1e-9)


@given(share=st.floats(0, 1), n=st.floats(0.5, 500), more=st.floats(1, 500))
def test_bounds_hold_the_share_and_close_in_on_it_with_more(share: float, n: float, more: float) -> None:
    low, high = wilson(share, n)
    lower, upper = wilson(share, n + more)

    assert 0 <= low <= lower + 1e-12
    assert upper - 1e-12 <= high <= 1
    assert lower - 1e-12 <= share <= upper + 1e-12


def counted(found: Sequence[Sequence[bool]]) -> list[Neighbours]:
    """Each run counted, with something unknown at both ends."""
    return [Neighbours.of("?" + "".join("y" if one else "n" for one in run) + "?", KNOWN, YES) for run in found]


@given(runs)
def test_what_is_counted_is_what_is_there(found: list[list[bool]]) -> None:
    for run, one in zip(found, counted(found), strict=True):
        pairs = list(pairwise(run))
        assert (one.n, one.yes, one.pairs) == (len(run), sum(run), len(pairs))
        assert (one.first, one.second) == (sum(a for a, _ in pairs), sum(b for _, b in pairs))
        assert one.both == sum(a and b for a, b in pairs)


def test_what_is_not_known_parts_its_neighbours() -> None:
    assert Neighbours.of("yy?yn??y", KNOWN, YES) == Neighbours(n=5, yes=4, pairs=2, first=2, second=1, both=1)
    assert Neighbours.of("", KNOWN, YES) == Neighbours()


@given(runs)
def test_autocorrelation_is_numpys_around_the_mean_of_all(found: list[list[bool]]) -> None:
    values = numpy.array([one for run in found for one in run], dtype=float)
    pairs = numpy.array([pair for run in found for pair in pairwise(run)], dtype=float)
    assume(len(pairs) > 0 and values.var() > 0)

    centred = pairs - values.mean()
    oracle = (centred[:, 0] * centred[:, 1]).mean() / values.var()

    assert autocorrelation(counted(found)) == pytest.approx(min(0.95, max(0.0, oracle)), abs=1e-9)


def test_autocorrelation_of_one_long_run_is_near_numpys_corrcoef() -> None:
    rng = numpy.random.default_rng(11)
    run = [bool(one) for one in numpy.repeat(rng.random(400) < 0.2, 3)]
    series = numpy.array(run, dtype=float)

    oracle = numpy.corrcoef(series[:-1], series[1:])[0, 1]

    assert autocorrelation(counted([run])) == pytest.approx(oracle, abs=0.01)
    assert autocorrelation(counted([run])) == pytest.approx(2 / 3, abs=0.05)


@pytest.mark.parametrize("found", [[], [[]], [[True]], [[True] * 84], [[False] * 84], [[True], [False]]])
def test_without_variance_or_neighbours_it_is_nought(found: list[list[bool]]) -> None:
    assert autocorrelation(counted(found)) == 0.0


@given(runs)
def test_autocorrelation_lies_between_nought_and_what_leaves_something(found: list[list[bool]]) -> None:
    r1 = autocorrelation(counted(found))

    assert 0 <= r1 <= 0.95
    assert effective_n(420, r1) >= 10


@given(counts, st.floats(0.01, 0.99))
def test_at_most_so_many_is_scipys_binomial(one: tuple[int, int], share: float) -> None:
    passed, n = one

    assert binomial_at_most(passed, n, share) == pytest.approx(stats.binom.cdf(passed, n, share), abs=1e-9)


@given(n=st.integers(1, 60), share=st.floats(0.01, 0.99), probability=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_quantile_is_scipys(n: int, share: float, probability: float) -> None:
    # At the edge between two the last digit decides.
    assume(all(abs(stats.binom.cdf(k, n, share) - probability) > 1e-9 for k in range(n)))

    assert binomial_quantile(n, share, probability) == stats.binom.ppf(probability, n, share)


@given(n=st.integers(1, 4000), share=st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_lies_between_its_ranks_by_scipys_binomial(n: int, share: float) -> None:
    lower, upper = ranks_around(n, share)
    at_or_below = stats.binom(n, share)

    assert at_or_below.cdf((lower or 0) - 1) <= 0.025 + 1e-9
    assert at_or_below.sf((upper or n + 1) - 1) <= 0.025 + 1e-9
    if lower is not None:
        assert at_or_below.cdf(lower) >= 0.025 - 1e-9, "the next rank would be too many"
    if upper is not None:
        assert at_or_below.sf(upper - 2) >= 0.025 - 1e-9


def test_the_ranks_around_the_percentiles_of_a_bin_of_300() -> None:
    assert ranks_around(300, 0.95) == (277, 293)
    assert ranks_around(300, 0.99) == (293, None)
