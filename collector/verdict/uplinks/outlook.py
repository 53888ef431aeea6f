"""What is said of an uplink: how full it is, when it will be full, or why that cannot be told yet."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from collector.verdict.uplinks.load import UplinkWeek
from wire.report_words import Direction

Level = Literal["fine", "watch", "plan", "act", "unknown"]
LEVEL_SHARES: dict[Level, float] = {"watch": 0.6, "plan": 0.7, "act": 0.8}
"""A level is reached where the busy hour's p95 is at or above its share in three of the last four weeks of lessons."""

Refusal = Literal[
    "not_counted",  # nothing has counted this uplink's octets in the last four weeks of lessons
    "no_capacity",  # nobody says what it carries
    "too_few_weeks",  # fewer than the horizon and nine more
    "capacity_changed",  # and too few weeks have passed since
    "level_shifted",  # the load jumped, and too few weeks have passed since
    "missing_weeks",  # more than a quarter of the weeks were not counted
    "saturated",  # at the limit demand cannot be seen
    "no_trend",  # the slope's interval holds zero, or lines have foretold no better than that nothing changes
    "too_wide",  # the interval is wider than 40 % of the capacity
]
"""In this order they are asked; the first that holds is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Where the busy hour will be in the lessons of one `week` (its Monday), as shares of the capacity."""

    week: date
    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Where the busy hour will be `horizon_weeks` weeks of lessons after the last one, as shares of the capacity, 0..1:
    more than all of it is carried by none.

    `low` to `high` hold the truth in at least 80 % of the cases. `slope` is the growth in a week of lessons, with
    `slope_low` and `slope_high` around it at 95 %. `crosses_from` is the first week (its Monday) in which `high`
    reaches 80 %, `crosses_until` the one in which `low` does; ``None`` not within the horizon. `path` are all weeks of
    lessons until then; the last of them is `at_week`. `since` is the first week (its Monday) that the trend stands on.
    """

    horizon_weeks: int
    at_week: date
    expected: float
    low: float
    high: float
    slope: float
    slope_low: float
    slope_high: float
    crosses_from: date | None
    crosses_until: date | None
    path: tuple[Ahead, ...] = ()
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoForecast:
    """Why there is none. `needed_weeks` is how many weeks of lessons are needed where that is the reason, `known_weeks`
    how many of them there are. `since` is the first week (its Monday) that counts, `possible_from` the one after whose
    lessons enough will be known, if none is missing; both ``None`` where that says nothing."""

    reason: Refusal
    known_weeks: int
    needed_weeks: int | None = None
    since: date | None = None
    possible_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What would be if the load grew by `growth_a_year` (0.2 is 20 %): a labelled assumption and no forecast.
    `reaches_at` is when the busy hour reaches 80 % of the capacity, ``None`` not within five years."""

    growth_a_year: float
    reaches_at: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One uplink: its weeks, ascending, and what they tell. `direction` is the one that is judged, the fuller one.

    `newest` is the newest week that is not missing, `headroom_bps` what is left in its busy hour up to 80 % of the
    capacity, negative beyond. `scenarios` stand beside the forecast and are never mixed with it; there are none where
    it is full already.
    """

    uplink: str
    direction: Direction
    level: Level
    weeks: tuple[UplinkWeek, ...]
    newest: UplinkWeek | None
    headroom_bps: float | None
    forecast: Forecast | NoForecast
    scenarios: tuple[Scenario, ...] = ()
