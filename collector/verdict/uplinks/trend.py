"""A line through weeks that one odd week does not move: Theil (1950) and Sen (1968).

The slope is the median over all pairs of points, the intercept the median of what is left, so that nearly three points
in ten may be anything at all. ``x`` are whole weeks, ascending, ``y`` what was seen in them.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from collector.verdict.statistics import HIGHEST_AUTOCORRELATION

Floats = npt.NDArray[np.float64]

Z_95 = 1.959963984540054
"""The standard normal's 97.5th percentile: 95 % in the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """``y = intercept + slope x``; the slope lies between `low` and `high` at 95 %."""

    slope: float
    intercept: float
    low: float
    high: float

    @property
    def told(self) -> bool:
        """Whether it rises or falls for sure: its interval does not hold zero."""
        return self.low > 0 or self.high < 0

    def at(self, x: float) -> float:
        """Where the line is at `x`."""
        return self.intercept + self.slope * x


def middle(values: Floats) -> float:
    """The median of at least one value. numpy's own takes five times as long over few, and it is taken often."""
    half = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    ordered = np.partition(values, (half - 1, half))
    return float(ordered[half - 1] + ordered[half]) / 2


def pair_slopes(x: Floats, y: Floats) -> Floats:
    """The slopes of all pairs of points, those that end at the second point first, then the third, and so on."""
    later, earlier = np.tril_indices(len(x), -1)
    slopes: Floats = (y[later] - y[earlier]) / (x[later] - x[earlier])
    return slopes


def theil_sen(x: Floats, y: Floats, *, dependent: bool = True) -> Trend:
    """The trend of at least three points. Where one week is like the week before beyond the trend, fewer of them are
    independent and the slope's interval is wider; not so if `dependent` is false."""
    slopes = np.sort(pair_slopes(x, y))
    slope = middle(slopes)
    rest = y - slope * x
    intercept = middle(rest)
    widened = sqrt(_variance_factor(x, rest - intercept)) if dependent else 1.0
    low, high = _slope_interval(slopes, y, widened)
    return Trend(slope=slope, intercept=intercept, low=low, high=high)


def _slope_interval(slopes: Floats, y: Floats, widened: float) -> tuple[float, float]:
    """Sen's interval: Kendall's statistic counts concordant pairs, and its spread says which of the ordered slopes hold
    the true one between them. Ties in `y` narrow it."""
    n = len(y)
    _, ties = np.unique(y, return_counts=True)
    tied = float(np.sum(ties * (ties - 1) * (2 * ties + 5)))
    spread = Z_95 * widened * sqrt((n * (n - 1) * (2 * n + 5) - tied) / 18)
    low = max(round((len(slopes) - spread) / 2) - 1, 0)
    high = min(round((len(slopes) + spread) / 2), len(slopes) - 1)
    return float(slopes[low]), float(slopes[high])


def _variance_factor(x: Floats, left: Floats) -> float:
    """How much wider the spread is because neighbours are alike: ``(1 + r) / (1 - r)`` with the lag-1 autocorrelation
    of what is `left` beside the trend, as for a week's bins (science.md 6.5); never below 1. The plain estimate of `r`
    is too small in short series by some ``(1 + 4 r) / n`` (Marriott and Pope, 1954), which is added."""
    neighbours = np.flatnonzero(np.diff(x) == 1)
    centred = left - left.mean()
    variance = float(np.mean(centred**2))
    if variance <= 0 or len(neighbours) < 3:
        return 1.0
    r = float(np.mean(centred[neighbours] * centred[neighbours + 1])) / variance
    r = min(HIGHEST_AUTOCORRELATION, max(0.0, r + (1 + 4 * r) / len(x)))
    return (1 + r) / (1 - r)
