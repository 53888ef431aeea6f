"""Slopes and intervals, each against an oracle that was written by somebody else or in another way."""

from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collector.verdict.uplinks.conformal import half_width, past_forecasts
from collector.verdict.uplinks.level_shift import after_the_jumps
from collector.verdict.uplinks.trend import theil_sen

RNG = np.random.default_rng(20)

series = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 40).map(lambda one: one / 40)), min_size=5, max_size=30
).map(lambda rows: (np.cumsum([step for step, _ in rows]).astype(float), np.array([value for _, value in rows])))


@given(series)
def test_slope_intercept_and_interval_are_scipys(given_series: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = given_series

    ours = theil_sen(x, y, dependent=False)
    theirs = stats.theilslopes(y, x, alpha=0.95, method="joint")

    assert (ours.slope, ours.intercept) == pytest.approx((theirs.slope, theirs.intercept))
    assert (ours.low, ours.high) == pytest.approx((theirs.low_slope, theirs.high_slope))


@given(series)
def test_dependence_only_widens_the_interval(given_series: tuple[np.ndarray, np.ndarray]) -> None:
    plain, dependent = (theil_sen(*given_series, dependent=one) for one in (False, True))

    assert dependent.low <= plain.low
    assert dependent.high >= plain.high
    assert dependent.slope == plain.slope


def test_a_random_walk_shows_a_trend_less_often_where_dependence_counts() -> None:
    x = np.arange(40.0)
    walks = [np.cumsum(RNG.normal(0, 1, 40)) for _ in range(200)]

    plain = sum(theil_sen(x, one, dependent=False).told for one in walks)

    assert sum(theil_sen(x, one).told for one in walks) < plain / 1.5


def test_a_quarter_of_the_weeks_may_be_anything() -> None:
    x = np.arange(40.0)
    y = 0.3 + 0.004 * x
    y[RNG.choice(40, 10, replace=False)] = RNG.uniform(0, 1, 10)

    assert theil_sen(x, y).slope == pytest.approx(0.004, rel=0.3)


@given(series, st.integers(1, 8))
def test_scores_are_those_of_lines_drawn_again_from_every_origin(
    given_series: tuple[np.ndarray, np.ndarray], steps: int
) -> None:
    x, y = given_series
    known = dict(zip(x, y, strict=True))
    wanted = []
    for count in range(6, len(x) + 1):
        target = x[count - 1] + steps
        if target in known:
            line = stats.theilslopes(y[:count], x[:count], method="joint")
            wanted.append(abs(known[target] - line.intercept - line.slope * target))

    if len(x) >= 6:
        assert list(past_forecasts(x, y).scores(steps)) == pytest.approx(wanted)


@given(st.lists(st.floats(0, 1), max_size=60), st.sampled_from([0.05, 0.1, 0.2]))
def test_the_half_width_is_the_conformal_quantile(scores: list[float], left_out: float) -> None:
    found = half_width(np.array(scores), left_out)

    enough = ceil((1 - left_out) / left_out - 1e-9)
    if len(scores) < enough:
        assert found is None
    else:
        # Of m + 1 exchangeable scores the next one is within the k smallest with k / (m + 1).
        within = sum(one <= (found or 0) for one in scores)
        smaller = sum(one < (found or 0) for one in scores)
        assert within / (len(scores) + 1) >= 1 - left_out - 1e-9
        assert smaller / (len(scores) + 1) < 1 - left_out


@pytest.mark.parametrize(("left_out", "scores"), [(0.2, 4), (0.1, 9), (0.05, 19)])
def test_as_many_scores_are_needed_as_science_says(left_out: float, scores: int) -> None:
    assert half_width(np.zeros(scores - 1), left_out) is None
    assert half_width(np.zeros(scores), left_out) == 0


def test_exchangeable_errors_are_covered_as_often_as_promised() -> None:
    draws = np.abs(RNG.standard_t(3, (4000, 20)))

    covered = np.mean([one[-1] <= (half_width(one[:-1]) or 0) for one in draws])

    assert 0.78 < covered < 0.83


def noisy(count: int, noise: float = 0.02) -> np.ndarray:
    return np.asarray(RNG.normal(0, noise, count))


def test_a_jump_is_found_where_it_is() -> None:
    found = [after_the_jumps(np.arange(40.0), 0.3 + noisy(40) + 0.2 * (np.arange(40) >= 22)) for _ in range(100)]

    assert sum(abs(one - 22) <= 1 for one in found) >= 95


def test_of_two_jumps_what_is_after_the_later_one_counts() -> None:
    index = np.arange(60)
    y = 0.3 + noisy(60) + 0.2 * (index >= 20) - 0.25 * (index >= 41)

    assert abs(after_the_jumps(index.astype(float), y) - 41) <= 1


@pytest.mark.parametrize("slope", [0.0, 0.004, -0.008])
def test_neither_noise_nor_a_trend_nor_two_odd_weeks_are_a_jump(slope: float) -> None:
    index = np.arange(60.0)
    odd = 0.3 * np.isin(index, [20, 21])

    found = [after_the_jumps(index, 0.4 + slope * index + noisy(60) + odd) for _ in range(200)]

    assert sum(one > 0 for one in found) <= 4
