"""The burn-rate rules, on letters: how much of a room's lesson time may go bad before somebody is told.

The objective is 95 % of in-session bins, over 20 school days of 84 bins: 84 bad ones may be spent. A rule fires when a
long window spends too much of that and a short one says that it goes on (Google's SRE workbook, chapter 5, derived anew
for lesson time: science.md 6.4, corrected by 6.5).

N of M: a window is a fixed number M of lesson bins and asks for N bad ones, so what was not measured is neither good
nor bad. A bad bin counts only beside another bad one of the same day: a single one, and a room that flaps between good
and bad from bin to bin, never tells anybody of anything.
"""

import math
from dataclasses import dataclass
from typing import Literal

from collector.alerts.lesson_bins import BAD, FINE

RuleName = Literal["live", "half_day"]

HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRule:
    """Fires when `long_share` of the last `long_seconds` of lesson time is bad, and `short_share` of the last
    `short_seconds`, which lie within the newest school day."""

    name: RuleName
    long_seconds: float
    long_share: float
    short_seconds: float
    short_share: float


LIVE = BurnRule(name="live", long_seconds=HOUR, long_share=0.7, short_seconds=300, short_share=1.0)
"""14 times what may be spent; a tenth of all of it is gone when this fires."""

HALF_DAY = BurnRule(name="half_day", long_seconds=3.5 * HOUR, long_share=0.3, short_seconds=1200, short_share=0.5)

RULES = (LIVE, HALF_DAY)
REACH = max(one.long_seconds for one in RULES)
"""How much lesson time is looked at."""


def counted(marks: str, *, today: int) -> str:
    """`marks` in which a bad bin without another beside it stands as a good one. Bins that say nothing lie between
    none: two bad ones with nothing measured between them are beside each other. The night parts."""
    found = list(marks)
    places = [place for place, one in enumerate(marks) if one in (BAD, FINE)]
    for number, place in enumerate(places):
        if marks[place] != BAD:
            continue
        beside = places[max(0, number - 1) : number] + places[number + 1 : number + 2]
        if not any(marks[other] == BAD and (other >= today) == (place >= today) for other in beside):
            found[place] = FINE
    return "".join(found)


def fires(rule: BurnRule, marks: str, *, today: int, seconds: int) -> bool:
    """Whether `rule` fires on `marks` (as `counted` made them), bins of `seconds` each, the newest day from place
    `today` on."""
    many = max(2, round(rule.long_seconds / seconds))
    if marks[-many:].count(BAD) < math.ceil(rule.long_share * many):
        return False
    of_today = marks[today:]
    few = max(1, round(rule.short_seconds / seconds))
    if few == 1:
        return newest_is_bad(of_today)
    return of_today[-few:].count(BAD) >= math.ceil(rule.short_share * few)


def newest_is_bad(marks: str) -> bool:
    """Whether the newest bin of the last three that says anything is bad: a report may be late."""
    said = [one for one in marks[-3:] if one in (BAD, FINE)]
    return bool(said) and said[-1] == BAD


def first_that_fires(marks: str, *, today: int, seconds: int) -> BurnRule | None:
    """The gravest rule that fires."""
    return next((one for one in RULES if fires(one, marks, today=today, seconds=seconds)), None)


def began(marks: str, *, calm: int) -> int:
    """The place of the first bad bin of the trouble at the end of `marks`: before it stand `calm` good ones in a row,
    or nothing that is bad. Raises `ValueError` where nothing is bad."""
    first = marks.rindex(BAD)
    fine = 0
    for place in range(first, -1, -1):
        if marks[place] == BAD:
            first, fine = place, 0
        elif marks[place] == FINE:
            fine += 1
            if fine >= calm:
                break
    return first
