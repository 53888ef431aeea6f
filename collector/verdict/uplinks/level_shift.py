"""Whether the load has jumped: a new building, a new service, another provider. What was before tells nothing of after.

Before and after each week the medians of up to twelve weeks are held against each other, less the slope that there is
on both sides, in units of how much one week differs from the next. Medians and pairs of neighbours make it robust: one
odd week, a testing week say, is no jump, and neither is a trend.
"""

from math import sqrt

import numpy as np
import numpy.typing as npt

from collector.verdict.uplinks.trend import Floats, middle

LONGEST_SIDE = 12
LEAST_BEFORE = 6
LEAST_AFTER = 4
"""Known weeks that are compared on either side."""

JUMP = 5.0
"""So many times the spread of single weeks is a jump; chosen so that hardly any uplink without one has one
(``docs/accuracy.md`` has how often)."""

LEAST_STEP = 0.08
"""A smaller step of the capacity is not worth to begin anew for: the interval holds it."""

_MAD_TO_DEVIATION = 1.4826


def after_the_jumps(x: Floats, y: Floats) -> int:
    """The index in `x` from which on there is no jump any more; 0 where there was none."""
    start = 0
    while (found := _largest_jump(x[start:], y[start:])) is not None:
        start += found
    return start


def _largest_jump(x: Floats, y: Floats) -> int | None:
    places = range(LEAST_BEFORE, len(x) - LEAST_AFTER + 1)
    if not places:
        return None
    sizes = [abs(_step(x, y, at)) for at in places]
    largest = int(np.argmax(sizes))
    if sizes[largest] < max(JUMP * _spread(x, y), LEAST_STEP):
        return None
    return _sharpened(x, y, places[largest])


def _step(x: Floats, y: Floats, at: int) -> float:
    """By how much `y` rises between the weeks before index `at` and those from it on, beside the slope on the sides."""
    before, after = _sides(at)
    level = y - _slope(x, y, at) * x
    return middle(level[after]) - middle(level[before])


def _sharpened(x: Floats, y: Floats, near: int) -> int:
    """Where `near` that the jump is: medians say that there is one better than where. It is there that two levels leave
    least beside them."""
    before, after = _sides(near)
    level = (y - _slope(x, y, near) * x)[before.start : after.stop]
    places = range(max(2, near - before.start - LEAST_AFTER), min(len(level) - 1, near - before.start + LEAST_AFTER))
    left = [_beside(level[:at]) + _beside(level[at:]) for at in places]
    sharpest: int = before.start + places[int(np.argmin(left))]
    return sharpest


def _beside(level: Floats) -> float:
    return float(np.sum(np.abs(level - middle(level))))


def _sides(at: int) -> tuple[slice, slice]:
    return slice(max(0, at - LONGEST_SIDE), at), slice(at, at + LONGEST_SIDE)


def _slope(x: Floats, y: Floats, at: int) -> float:
    return middle(np.concatenate([_slopes(x[side], y[side]) for side in _sides(at)]))


def _slopes(x: Floats, y: Floats) -> Floats:
    later, earlier = _PAIRS[len(x)]
    slopes: Floats = (y[later] - y[earlier]) / (x[later] - x[earlier])
    return slopes


_PAIRS: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = [
    np.tril_indices(count, -1) for count in range(LONGEST_SIDE + 1)
]


def _spread(x: Floats, y: Floats) -> float:
    """The standard deviation of a single week, from differences of neighbours: a step is in one of them alone."""
    differences = np.diff(y) / np.sqrt(np.diff(x))
    return float(_MAD_TO_DEVIATION * middle(np.abs(differences - middle(differences))) / sqrt(2))
