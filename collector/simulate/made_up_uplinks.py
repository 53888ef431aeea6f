"""Uplinks whose load is made up, and what became of it after they were looked at.

In each there is a trend or none, a wandering level, weeks that differ, odd weeks, summers after which it is another
load, jumps, upgrades, weeks that were not counted, and a limit above which demand cannot be seen. The numbers below are
what ``docs/accuracy.md`` publishes; shares are of the capacity that there is in the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal

import numpy as np

from collector.simulate.bursts import stream
from collector.verdict.uplinks.foretell import HORIZONS
from collector.verdict.uplinks.load import Load, UplinkWeek
from collector.verdict.uplinks.trend import Floats

Grows = Literal["grows", "falls", "stays"]
GROWS: tuple[tuple[Grows, float, tuple[float, float]], ...] = (
    ("grows", 0.6, (0.001, 0.012)),
    ("stays", 0.3, (0.0, 0.0)),
    ("falls", 0.1, (-0.004, -0.001)),
)
"""How many do, and by what share of the capacity in a week of lessons: by 4 % to 43 % in a school year. None falls
below a third of what it began with."""

JUMPS_A_YEAR = (0.0, 0.25, 0.5)
"""A third of the uplinks each."""

JUMP, UPWARDS = (0.08, 0.25), 0.7
START = (0.15, 0.6)
WALK, NOISE, HEAVY_TAILS = (0.0, 0.008), (0.01, 0.04), 5
"""A week's step of the level, and how single weeks differ from it: Student's t with so many degrees of freedom."""

ODD_WEEKS, ODD = 0.02, (0.1, 0.3)
SUMMER = 0.03
UPGRADES_A_YEAR, UPGRADE = 1 / 6, (1.5, 4.0)
MISSING, STRETCHES, STRETCH = (0.02, 0.05, 0.15), 1 / 12, (4, 12)
FULL = 0.97
HISTORY = (4, 110)
"""Weeks of lessons that have passed when it is looked at."""

WEEKS_A_YEAR = 36
VACATIONS = frozenset({12, 17, 18, 30, 31, 32, *range(42, 52)})
"""Weeks of a year of 52 without lessons, from September on."""

_FIRST = date(2020, 9, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUpUplink:
    """`weeks` are what was counted until `through`. `demand` is what would be asked for in each week of lessons after
    that, as a share of the capacity, `level` the same without what is of single weeks. `jumped` says that the load has
    jumped in what was seen, `upgraded` that the capacity has changed."""

    grows: Grows
    jumps_a_year: float
    weeks: tuple[UplinkWeek, ...]
    through: date
    demand: Floats
    level: Floats
    jumped: bool
    upgraded: bool


@cache
def school_weeks() -> tuple[date, ...]:
    """Mondays of weeks of lessons, for as long as any made-up uplink lasts."""
    weeks = (HISTORY[1] + max(HORIZONS)) * 52 // WEEKS_A_YEAR + 52
    return tuple(_FIRST + timedelta(weeks=one) for one in range(weeks) if one % 52 not in VACATIONS)


def made_up_uplinks(seed: int, count: int) -> Iterator[MadeUpUplink]:
    """So many uplinks, the same for the same seed."""
    return (_made_up(stream(seed, "uplink", number), number) for number in range(count))


def _made_up(random: np.random.Generator, number: int) -> MadeUpUplink:
    seen = int(random.integers(*HISTORY, endpoint=True))
    count = seen + max(HORIZONS)
    grows, _, slopes = GROWS[random.choice(len(GROWS), p=[share for _, share, _ in GROWS])]
    start = random.uniform(*START)
    level: Floats = np.maximum(start + random.uniform(*slopes) * np.arange(count), start / 3)
    level += np.cumsum(random.normal(0, random.uniform(*WALK), count))
    mondays = school_weeks()[:count]
    summers = np.flatnonzero(np.diff([one.toordinal() for one in mondays]) > 7 * 8) + 1
    for week in summers:
        level[week:] += random.normal(0, SUMMER)
    a_year = JUMPS_A_YEAR[number % len(JUMPS_A_YEAR)]
    jumps = np.flatnonzero(random.random(count) < a_year / WEEKS_A_YEAR)
    for week in jumps:
        level[week:] += random.uniform(*JUMP) * (1 if random.random() < UPWARDS else -1)
    noise = random.uniform(*NOISE) * random.standard_t(HEAVY_TAILS, count) / np.sqrt(HEAVY_TAILS / (HEAVY_TAILS - 2))
    odd = (random.random(count) < ODD_WEEKS) * random.uniform(*ODD, count) * random.choice([-1, 1], count)
    capacity = np.ones(count)
    upgrades = np.flatnonzero(random.random(seen) < UPGRADES_A_YEAR / WEEKS_A_YEAR)
    for week in upgrades:
        capacity[:week] /= random.uniform(*UPGRADE)
    known = random.random(seen) >= random.choice(MISSING)
    if random.random() < STRETCHES:
        first = int(random.integers(seen))
        known[first : first + int(random.integers(*STRETCH))] = False
    demand = np.maximum(level + noise + odd, 0.01)
    carried = np.minimum(demand, FULL * capacity)
    whole = int(random.choice([200, 1_000, 5_000, 10_000]))
    return MadeUpUplink(
        grows=grows,
        jumps_a_year=a_year,
        weeks=tuple(_week(mondays[at], carried[at], capacity[at], whole) for at in np.flatnonzero(known)),
        through=mondays[seen - 1],
        demand=np.minimum(demand[seen:], 1.0),
        level=level[seen:],
        jumped=bool(np.any(jumps < seen)),
        upgraded=bool(len(upgrades)),
    )


def _week(monday: date, carried: float, capacity: float, whole_mbps: int) -> UplinkWeek:
    at = datetime.combine(monday, time(15), UTC)
    bps = float(carried) * whole_mbps * 1e6
    return UplinkWeek(
        uplink="site:made-up",
        week=monday,
        method="snmp",
        capacity_mbps=round(float(capacity) * whole_mbps),
        lesson_days=5,
        counted_days=5,
        counted_share=1.0,
        loads={
            "down": Load(busy_bps=bps, busy_hour=10, peak_bps=bps * 1.1, peak_at=at),
            "up": Load(busy_bps=bps / 8, busy_hour=10, peak_bps=bps / 7, peak_at=at),
        },
    )
