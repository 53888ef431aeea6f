"""The few formulas that a week's verdict stands on, each checked against scipy by a test."""

from collections.abc import Sequence
from itertools import pairwise
from math import comb, sqrt

Z_99 = 2.3263478740408408
"""The standard normal's 99th percentile: one-sided 99 %."""

HIGHEST_AUTOCORRELATION = 0.95


def wilson(share: float, n: float, z: float = Z_99) -> tuple[float, float]:
    """The lower and the upper bound (0..1) of a share seen `n` (> 0, need not be whole) times: the score interval of
    Wilson, 1927. Each holds one-sided at `z`."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def autocorrelation(runs: Sequence[Sequence[bool]]) -> float:
    """Lag-1 autocorrelation over the neighbours within each of `runs`, around the mean of all: 0..0.95. Without
    variance or without neighbours 0, so that an always bad room is no exception (science.md 6.5)."""
    values = [one for run in runs for one in run]
    if not values:
        return 0.0
    mean = sum(values) / len(values)
    variance = mean * (1 - mean)
    pairs = [(a, b) for run in runs for a, b in pairwise(run)]
    if not pairs or variance == 0:
        return 0.0
    covariance = sum((a - mean) * (b - mean) for a, b in pairs) / len(pairs)
    return min(HIGHEST_AUTOCORRELATION, max(0.0, covariance / variance))


def effective_n(n: int, r1: float) -> float:
    """How many independent observations `n` with lag-1 autocorrelation `r1` are worth: ``n (1-r1) / (1+r1)``."""
    return n * (1 - r1) / (1 + r1)


def binomial_at_most(passed: int, n: int, share: float) -> float:
    """The probability of at most `passed` of `n` when each passes with `share`."""
    return sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(passed + 1))


def binomial_quantile(n: int, share: float, probability: float) -> int:
    """The least number that at most so many of `n` are with at least `probability`, when each is with `share`."""
    at_most = 0.0
    for k in range(n):
        at_most += comb(n, k) * share**k * (1 - share) ** (n - k)
        if at_most >= probability:
            return k
    return n
