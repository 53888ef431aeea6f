"""What an uplink's weeks tell: how full it is, when it will be, or why that cannot be told (science.md 5).

Time is counted in weeks of lessons: a vacation is no step, a week that was not counted is one without a value.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from collector.verdict.uplinks.foretell import HORIZONS, NEEDED, foretell
from collector.verdict.uplinks.load import UplinkWeek
from collector.verdict.uplinks.outlook import LEVEL_SHARES, Level, NoForecast, Outlook
from collector.verdict.uplinks.scenarios import scenarios
from collector.verdict.uplinks.series import ENOUGH_OF_THEM, NEWEST_WEEKS, Series, fuller, series, since_capacity
from wire.report_words import Direction


def outlook(uplink: str, weeks: Sequence[UplinkWeek], *, school_weeks: Sequence[date], through: date) -> Outlook:
    """What the `weeks` of one uplink, in any order, tell once the lessons of the week `through` are over.

    `school_weeks` are the Mondays of the weeks with lessons, before and after that, ascending; where more are needed
    than are to come in it, one follows the other. A week that is not among `weeks`, or is missing, was not counted.
    """
    past = tuple(one for one in sorted(weeks, key=lambda one: one.week) if one.week <= through)
    counted = [one for one in past if not one.missing]
    if not counted:
        return _unknown(uplink, past, NoForecast(reason="not_counted", known_weeks=0))
    newest, direction = counted[-1], fuller(counted)
    taught = {one for one in school_weeks if one <= through} | {
        one.week for one in past if one.lesson_days or not one.missing
    }
    steps = sorted(one for one in taught if one >= counted[0].week)
    silent = newest.week < steps[-NEWEST_WEEKS:][0]
    if silent or not newest.capacity_mbps:
        refusal = NoForecast(
            reason="not_counted" if silent else "no_capacity", known_weeks=len(counted), since=steps[0]
        )
        return _unknown(uplink, past, refusal, newest=newest, direction=direction)
    whole = series(counted, steps, direction, newest.capacity_mbps)
    changed = since_capacity(counted)
    alike = whole.since(changed)
    return Outlook(
        uplink=uplink,
        direction=direction,
        level=_level(alike),
        weeks=past,
        newest=newest,
        headroom_bps=LEVEL_SHARES["act"] * newest.capacity_mbps * 1e6 - newest.loads[direction].busy_bps,
        forecast=foretell(whole, changed, _ahead(school_weeks, through)),
        scenarios=() if alike.now is None else scenarios(alike.now, through=through),
    )


def _level(alike: Series) -> Level:
    if len(alike.newest) < ENOUGH_OF_THEM:
        return "unknown"
    reached: list[Level] = [level for level, share in LEVEL_SHARES.items() if alike.lately_at(share)]
    return reached[-1] if reached else "fine"


def _ahead(school_weeks: Sequence[date], through: date) -> list[date]:
    """At least as many weeks to come as the longest horizon and the first forecast need."""
    ahead = [one for one in school_weeks if one > through]
    while len(ahead) < max(*HORIZONS, NEEDED):
        ahead.append((ahead[-1] if ahead else through) + timedelta(weeks=1))
    return ahead


def _unknown(
    uplink: str,
    past: tuple[UplinkWeek, ...],
    refusal: NoForecast,
    *,
    newest: UplinkWeek | None = None,
    direction: Direction = "down",
) -> Outlook:
    return Outlook(
        uplink=uplink,
        direction=direction,
        level="unknown",
        weeks=past,
        newest=newest,
        headroom_bps=None,
        forecast=refusal,
    )
