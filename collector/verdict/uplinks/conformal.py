"""How wrong forecasts like this one have been for this very uplink: rolling-origin conformal intervals.

From each week in the past the line is drawn through what was known then, and held against what came. The interval is
as wide as most of these errors were (Vovk, Gammerman and Shafer, 2005; Tashman, 2000, for the origins). Nothing is
assumed of how loads are distributed, but that the future errs as the past did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from collector.verdict.uplinks.trend import Floats, middle, pair_slopes

FIRST_ORIGIN = 6
"""Known weeks that a line needs before it is held against anything."""

LEFT_OUT = 0.2
"""At most this share of the truth may lie outside: intervals of 80 %."""

_LEVEL_WEEKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All forecasts that could have been made, each from an origin, the index of a week: the line
    ``intercepts + slopes x``, and `levels`, that nothing changes. `x` and `y` are the known weeks."""

    x: Floats
    y: Floats
    origins: Floats
    slopes: Floats
    intercepts: Floats
    levels: Floats

    def scores(self, steps: int) -> Floats:
        """How far the truth was from the line, `steps` weeks after each origin of which it is known."""
        there, truth = self._truth(steps)
        told = self.intercepts[there] + self.slopes[there] * (self.origins[there] + steps)
        errors: Floats = np.abs(truth - told)
        return errors

    def scores_of_no_change(self, steps: int) -> Floats:
        """The same of the forecast that it stays as it is."""
        there, truth = self._truth(steps)
        errors: Floats = np.abs(truth - self.levels[there])
        return errors

    def _truth(self, steps: int) -> tuple[npt.NDArray[np.bool_], Floats]:
        targets = self.origins + steps
        at = np.searchsorted(self.x, targets)
        there = at < len(self.x)
        there[there] = self.x[at[there]] == targets[there]
        return there, self.y[at[there]]


def past_forecasts(x: Floats, y: Floats) -> Past:
    """What would have been told from the first six known weeks, the first seven and so on."""
    slopes = pair_slopes(x, y)
    counts = range(FIRST_ORIGIN, len(x) + 1)
    steepness = [middle(slopes[: count * (count - 1) // 2]) for count in counts]
    starts = [middle(y[:count] - slope * x[:count]) for count, slope in zip(counts, steepness, strict=True)]
    return Past(
        x=x,
        y=y,
        origins=x[FIRST_ORIGIN - 1 :],
        slopes=np.array(steepness),
        intercepts=np.array(starts),
        levels=np.array([middle(y[count - _LEVEL_WEEKS : count]) for count in counts]),
    )


def half_width(scores: Floats | Sequence[float], left_out: float = LEFT_OUT) -> float | None:
    """What at least ``1 - left_out`` of the truth is within: of `m` scores the ``ceil((m+1)(1-left_out))``-th smallest.
    ``None`` where these are too few to tell, for 80 % fewer than four."""
    rank = ceil(round((len(scores) + 1) * (1 - left_out), 9))
    if rank > len(scores):
        return None
    return float(np.sort(np.asarray(scores))[rank - 1])
