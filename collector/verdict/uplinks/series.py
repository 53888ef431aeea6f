"""An uplink's weeks as a series of shares of its capacity, one step for each week of lessons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

import numpy as np

from collector.verdict.uplinks.load import UplinkWeek
from collector.verdict.uplinks.trend import Floats
from wire.report_words import Direction

NEWEST_WEEKS = 4
ENOUGH_OF_THEM = 3
"""What is said of now stands on three of the last four weeks of lessons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """`steps` are all weeks of lessons (their Mondays) that count, the last one judged at the end; `x` the indexes of
    those of which the load is known, ascending from 0, `y` what share of the capacity that was."""

    steps: Sequence[date]
    x: Floats
    y: Floats

    def since(self, known: int) -> "Series":
        """What began with the known week of this index."""
        first = int(self.x[known])
        return Series(steps=self.steps[first:], x=self.x[known:] - first, y=self.y[known:])

    @property
    def known(self) -> int:
        """How many weeks are known."""
        return len(self.x)

    @property
    def missing_share(self) -> float:
        """The share of the weeks that is not known."""
        return 1 - len(self.x) / len(self.steps)

    @property
    def newest(self) -> list[float]:
        """What is known of the last four steps."""
        return [float(y) for y in self.y[self.x >= len(self.steps) - NEWEST_WEEKS]]

    @property
    def now(self) -> float | None:
        """How full it is now: the median of that."""
        return median(self.newest) if self.newest else None

    @property
    def gap(self) -> int:
        """How many steps have passed since the newest known week."""
        return len(self.steps) - 1 - int(self.x[-1])

    def lately_at(self, share: float) -> bool:
        """Whether three of the last four weeks were at or above that share."""
        return sum(one >= share for one in self.newest) >= ENOUGH_OF_THEM


def series(counted: Sequence[UplinkWeek], steps: Sequence[date], direction: Direction, capacity_mbps: int) -> Series:
    """The weeks that were `counted`, ascending, against one capacity; `steps` begin with the first of them."""
    index = {week: at for at, week in enumerate(steps)}
    loads = [one.loads[direction].busy_bps for one in counted]
    return Series(
        steps=steps,
        x=np.array([index[one.week] for one in counted], dtype=np.float64),
        y=np.array(loads, dtype=np.float64) / (capacity_mbps * 1e6),
    )


def since_capacity(counted: Sequence[UplinkWeek]) -> int:
    """The index from which on the capacity is what it is now. That it was not known before is no change."""
    now = counted[-1].capacity_mbps
    other = [at for at, one in enumerate(counted) if one.capacity_mbps not in {None, now}]
    return other[-1] + 1 if other else 0


def fuller(counted: Sequence[UplinkWeek]) -> Direction:
    """The direction that has been nearer to its limit in the newest of these weeks."""
    newest = counted[-NEWEST_WEEKS:]
    loads: dict[Direction, float] = {
        one: median(week.loads[one].busy_bps for week in newest if one in week.loads) for one in newest[-1].loads
    }
    return max(loads, key=lambda one: loads[one])
