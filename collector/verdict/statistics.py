"""The few formulas that a week's verdict stands on, each checked against scipy by a test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb, exp, lgamma, log, sqrt

Z_99 = 2.3263478740408408
"""The standard normal's 99th percentile: one-sided 99 %."""

Z_95_BOTH = 1.959963984540054
"""Its 97.5th percentile: 95 % between two bounds."""

HIGHEST_AUTOCORRELATION = 0.95


def wilson(share: float, n: float, z: float = Z_99) -> tuple[float, float]:
    """The lower and the upper bound (0..1) of a share seen `n` (> 0, need not be whole) times: the score interval of
    Wilson, 1927. Each holds one-sided at `z`."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Yes and no over time, counted: `n` in all, `yes` of them; of the `pairs` of neighbours those whose first is yes,
    those whose second is, and those of which both are."""

    n: int = 0
    yes: int = 0
    pairs: int = 0
    first: int = 0
    second: int = 0
    both: int = 0

    @classmethod
    def of(cls, marks: str, known: Mapping[int, str], yes: Mapping[int, str]) -> "Neighbours":
        """Count one run of `marks`; `known` and `yes` are tables for `str.translate` that make a mark ``0`` or ``1``.
        What is not known parts its neighbours."""
        there, is_yes = int("0" + marks.translate(known), 2), int("0" + marks.translate(yes), 2)
        pair = there & (there >> 1)
        return cls(
            n=there.bit_count(),
            yes=(is_yes & there).bit_count(),
            pairs=pair.bit_count(),
            first=(pair & (is_yes >> 1)).bit_count(),
            second=(pair & is_yes).bit_count(),
            both=(pair & is_yes & (is_yes >> 1)).bit_count(),
        )


def autocorrelation(runs: Sequence[Neighbours]) -> float:
    """Lag-1 autocorrelation over the neighbours within each of `runs`, around the mean of all: 0..0.95. Without
    variance or without neighbours 0, so that an always bad room is no exception (science.md 6.5)."""
    n, pairs = sum(one.n for one in runs), sum(one.pairs for one in runs)
    mean = sum(one.yes for one in runs) / n if n else 0.0
    variance = mean * (1 - mean)
    if not pairs or variance == 0:
        return 0.0
    ends = sum(one.first + one.second for one in runs)
    covariance = (sum(one.both for one in runs) - mean * ends) / pairs + mean * mean
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


@lru_cache(maxsize=4096)
def ranks_around(n: int, share: float, confidence: float = 0.95) -> tuple[int | None, int | None]:
    """Between which of `n` ascending, independent samples (1 is the least) the quantile `share` (0 < share < 1) of all
    that they were drawn from lies, with at least that `confidence`; ``None`` where that is beyond the samples.

    Whatever the distribution: how many samples lie at or below the quantile is binomial (David and Nagaraja, Order
    Statistics, 2003, section 7.1).
    """
    tail = (1 - confidence) / 2
    at_most, lower, upper = 0.0, None, None
    for k in range(n + 1):
        at_most += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(share) + (n - k) * log(1 - share))
        if lower is None and at_most >= tail:
            lower = k
        if upper is None and at_most >= 1 - tail:
            upper = k + 1
            break
    return lower or None, upper if upper is not None and upper <= n else None
