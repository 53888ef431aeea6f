"""Uplinks of the district of `tests.collector.board.realistic`: one grows, one is full, one was widened lately."""

from datetime import date, timedelta
from functools import cache
from random import Random

from collector.verdict.uplinks.load import DISTRICT, UplinkWeek, site_uplink
from tests.collector.uplink_weeks import a_week
from tests.collector.week_builders import MONDAY

HISTORY = 66
CLOSED = frozenset({date(2024, 12, 23), date(2024, 12, 30), date(2025, 12, 22), date(2025, 12, 29)})


@cache
def uplinks_of_two_years() -> tuple[UplinkWeek, ...]:
    """Their weeks up to the last one, those around New Year left out."""
    chance = Random(9)
    weeks = [MONDAY - timedelta(weeks=before) for before in range(HISTORY - 1, -1, -1)]
    taught = [one for one in weeks if one not in CLOSED]
    found = []
    for at, week in enumerate(taught):
        odd = 0.02 * chance.gauss(0, 1)
        found.append(a_week(0.36 + 0.005 * at + odd, week, capacity=2000, uplink=DISTRICT))
        share = 0.83 + 0.03 * chance.gauss(0, 1)
        found.append(a_week(None if at in {20, 21} else share, week, capacity=200, uplink=site_uplink("oak-hill")))
        wide = at >= len(taught) - 7
        share = (0.2 if wide else 0.66) + 0.03 * chance.gauss(0, 1)
        found.append(a_week(share, week, capacity=1000 if wide else 200, uplink=site_uplink("lakeside")))
    return tuple(found)
