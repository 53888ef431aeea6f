"""When an uplink would be full if its load grew by so much: assumptions, beside the forecast and never within it."""

from datetime import date, timedelta
from math import log

from collector.verdict.uplinks.outlook import LEVEL_SHARES, Scenario

GROWTHS = (0.0, 0.2, 0.5)
"""As it is, a moderate year, and the low end of what EducationSuperHighway had districts plan for (science.md 2.3)."""

FARTHEST_YEARS = 5
_DAYS_A_YEAR = 365.25


def scenarios(share: float, *, through: date) -> tuple[Scenario, ...]:
    """From a load of that share of the capacity in the week `through`; calendar time, vacations included. None where
    it is full already."""
    if share >= LEVEL_SHARES["act"]:
        return ()
    return tuple(Scenario(growth_a_year=one, reaches_at=_reaches(share, one, through)) for one in GROWTHS)


def _reaches(share: float, growth: float, through: date) -> date | None:
    if share <= 0 or growth <= 0:
        return None
    years = log(LEVEL_SHARES["act"] / share) / log(1 + growth)
    return through + timedelta(days=round(years * _DAYS_A_YEAR)) if years <= FARTHEST_YEARS else None
