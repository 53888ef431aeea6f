"""How often the weekly rule is right, on weeks of bursts: the bounds that it must hold, with room for chance. What
`make score` has of whole districts is here of the rule alone."""

from functools import cache
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collector.simulate.bursts import bursts
from collector.verdict.weekly_rule import Evidence, Found, Standing, look, stand, verdict_of

BINS_A_DAY, DAYS = 84, 5


@cache
def weeks(bad_share: float, burst_minutes: int, count: int = 1500) -> tuple[Found, ...]:
    """Weeks of a room that is bad so much of the time, all measured; bursts go on from one day to the next."""
    rng = Random(f"{bad_share} in bursts of {burst_minutes}")
    found = []
    for _ in range(count):
        bad = bursts(rng, BINS_A_DAY * DAYS, bad_share, burst_minutes / 5)
        marks = "".join("B" if one else "g" for one in bad)
        days = tuple(marks[start : start + BINS_A_DAY] for start in range(0, len(marks), BINS_A_DAY))
        found.append(look(Evidence(days=days, bin_seconds=300)))
    return tuple(found)


def share_of(found: tuple[Found, ...], verdict: str) -> float:
    """The share of single weeks that are judged so."""
    return sum(verdict_of(one, stand(one, Standing())) == verdict for one in found) / len(found)


def slack(probability: float, count: int) -> tuple[float, float]:
    """Between what shares the sample of an event so probable lies but for once in a thousand times each."""
    low, high = stats.binom.ppf([0.001, 0.999], count, probability) / count
    return float(low), float(high)


@pytest.mark.parametrize(
    ("bad_share", "burst_minutes", "most"), [(0.0, 15, 0.0), (0.01, 10, 0.001), (0.02, 15, 0.001), (0.05, 15, 0.01)]
)
def test_healthy_rooms_hardly_ever_enter(bad_share: float, burst_minutes: int, most: float) -> None:
    found = weeks(bad_share, burst_minutes)

    assert sum(one.bad_bins for one in found) / len(found) <= slack(most, len(found))[1]


@pytest.mark.parametrize(
    ("bad_share", "burst_minutes", "first_week"),
    # science.md 6.3 and 6.5
    [(0.1, 15, 0.32), (0.15, 20, 0.74), (0.2, 20, 0.96), (0.2, 30, 0.90), (0.2, 45, 0.77), (0.3, 30, 0.998)],
)
def test_bad_rooms_are_found_as_often_as_science_says(bad_share: float, burst_minutes: int, first_week: float) -> None:
    found = weeks(bad_share, burst_minutes)

    low, high = slack(first_week, len(found))
    # Science's own figure is of 1,500 weeks.
    error = 3 * (first_week * (1 - first_week) / 1500) ** 0.5
    assert low - error <= share_of(found, "restricted") <= high + error


def test_fifteen_percent_bad_is_found_within_three_weeks() -> None:
    found = weeks(0.15, 20)

    late = [not any(one.bad_bins for one in found[start : start + 3]) for start in range(0, len(found), 3)]

    assert sum(late) / len(late) <= slack(0.05, len(late))[1]


@pytest.mark.parametrize(
    ("bad_share", "burst_minutes", "ok", "shown"),
    # The figures that the rule's docstring gives for its gap.
    [(0.02, 15, 0.95, 0.28), (0.1, 30, 0.13, 0.004), (0.15, 20, 0.001, 0.0)],
)
def test_what_is_ok_is_as_often_right_as_the_rule_says(
    bad_share: float, burst_minutes: int, ok: float, shown: float
) -> None:
    found = weeks(bad_share, burst_minutes)

    for probability, share in (
        (ok, share_of(found, "ok")),
        (shown, sum(one.covered and (one.upper or 1) < 0.05 for one in found) / len(found)),
    ):
        low, high = slack(probability, len(found))
        assert low - 0.01 <= share <= high + 0.01


def test_restricted_is_left_once_the_trouble_is_over_and_not_long_after() -> None:
    left = 0
    rooms = [weeks(0.02, 15)[start : start + 4] for start in range(0, 1500, 4)]
    for room in rooms:
        standing = Standing(restricted=True)
        for found in room:
            standing = stand(found, standing)
        left += not standing.restricted

    assert left / len(rooms) >= slack(0.95, len(rooms))[0]


@given(bad_share=st.floats(0, 0.5), mean_bins=st.floats(1, 12), seed=st.integers(0, 1000))
def test_bursts_are_as_long_and_as_frequent_as_was_asked(bad_share: float, mean_bins: float, seed: int) -> None:
    if bad_share / (1 - bad_share) > mean_bins:
        return
    bad = bursts(Random(seed), 4000, bad_share, mean_bins)

    # Bad bins in a burst hang together: so many of them are worth one.
    error = 5 * (max(bad_share, 0.01) * 2 * mean_bins / len(bad)) ** 0.5
    assert abs(sum(bad) / len(bad) - bad_share) <= error
    ends = sum(one and not after for one, after in pairwise(bad))
    if ends >= 100:
        assert sum(bad) / ends == pytest.approx(mean_bins, rel=0.5)


def test_the_first_bin_is_as_any_other() -> None:
    rng = Random(3)

    first = sum(bursts(rng, 1, 0.2, 6)[0] for _ in range(2000)) / 2000

    assert slack(0.2, 2000)[0] <= first <= slack(0.2, 2000)[1]


@pytest.mark.parametrize(("bad_share", "mean_bins"), [(-0.1, 3), (1.1, 3), (0.1, 0.5), (0.9, 1)])
def test_bursts_that_cannot_be_are_refused(bad_share: float, mean_bins: float) -> None:
    with pytest.raises(ValueError, match=r"bad_share|make them longer"):
        bursts(Random(1), 10, bad_share, mean_bins)
