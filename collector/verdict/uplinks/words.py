"""An uplink in words that need no explanation; every face says it with these.

Sentences are of one uplink, whose name stands above them. ``Its busiest hour`` is the hour of the day in whose lesson
time the busiest five minutes, but for one in twenty, were highest.
"""

from datetime import date

from collector.verdict.uplinks.load import site_of_uplink
from collector.verdict.uplinks.outlook import LEVEL_SHARES, Forecast, Level, NoForecast, Outlook, Scenario
from collector.verdict.week_sentence import percent

LEVEL_WORDS: dict[Level, str] = {
    "act": "act now",
    "plan": "plan the upgrade",
    "watch": "watch",
    "unknown": "not known",
    "fine": "fine",
}
"""Most urgent first."""

LEVEL_MEANINGS: dict[Level, str] = {
    level: f"{percent(share)} full or more" for level, share in reversed(LEVEL_SHARES.items())
} | {"unknown": "too little counted to say", "fine": f"less than {percent(LEVEL_SHARES['watch'])} full"}

_FULL = percent(LEVEL_SHARES["act"])


def uplink_name(uplink: str, site_names: dict[str, str]) -> str:
    """What an uplink is called: after its site, or the district's."""
    site = site_of_uplink(uplink)
    return "The district's way out" if site is None else site_names.get(site, site)


def says(one: Outlook) -> str:
    """How full it was in its newest known week, what is left, and its level."""
    week = one.newest
    if week is None:
        return "Nobody knows how full it is: nothing counts what it carries."
    load = week.loads[one.direction]
    share = week.busy_share(one.direction)
    hour = f"{load.busy_hour:02d}:00-{(load.busy_hour + 1) % 24:02d}:00"
    if share is None or one.headroom_bps is None:
        carried = f"In its busiest hour ({hour}) it carried {mbits(load.busy_bps)} {one.direction}"
        why = "what share of its capacity that is, nobody knows" if share is None else "nothing newer was counted"
        return f"{carried} in the week of {day(week.week)}; {why}."
    full = (
        f"In its busiest hour ({hour}) it was {percent(share)} full: {mbits(load.busy_bps)} {one.direction} of "
        f"{week.capacity_mbps:,} Mbit/s."
    )
    rate = mbits(abs(one.headroom_bps))
    left = f"{rate} are left up to {_FULL}" if one.headroom_bps >= 0 else f"That is {rate} above {_FULL}"
    return f"{full} {left}: {LEVEL_WORDS[one.level]}."


def ahead(one: Outlook) -> str:
    """The forecast, or why there is none."""
    if isinstance(one.forecast, NoForecast):
        return f"No forecast: {why_none(one.forecast)}."
    return f"{_crossing(one.forecast)} {_interval(one.forecast)}"


def why_none(one: NoForecast) -> str:
    """The reason, beginning small and without a full stop."""
    since = "" if one.since is None else f" in the week of {day(one.since)}"
    match one.reason:
        case "not_counted":
            if not one.known_weeks:
                return "nothing counts what it carries"
            return "nothing has counted it in the last four weeks of lessons"
        case "no_capacity":
            return "what it can carry is not known; write it into the district's file"
        case "too_few_weeks":
            return f"{one.known_weeks} of {one.needed_weeks} weeks of lessons are known{_first(one)}"
        case "capacity_changed":
            return f"its capacity changed{since}, and {_after(one)}"
        case "level_shifted":
            return f"its load jumped{since}, and {_after(one)}"
        case "missing_weeks":
            return "more than a quarter of its weeks of lessons were not counted"
        case "saturated":
            return "it is full, so how much more would be used cannot be seen"
        case "no_trend":
            return f"over {one.known_weeks} weeks of lessons it neither grows nor shrinks for sure"
        case "too_wide":
            return "its weeks differ so much that nothing useful can be told"


def scenario(one: Scenario) -> str:
    """``If it grew by 20 % a year: 80 % in March 2028.``"""
    grew = f"If it grew by {percent(one.growth_a_year)} a year" if one.growth_a_year else "If it stayed as it is"
    if one.reaches_at is None:
        return f"{grew}: {_FULL} not within five years."
    return f"{grew}: {_FULL} in {one.reaches_at:%B %Y}."


def mbits(bps: float) -> str:
    """``120 Mbit/s``, ``3.4 Mbit/s``."""
    mbps = bps / 1e6
    return f"{mbps:,.0f} Mbit/s" if mbps >= 9.95 else f"{mbps:.1f} Mbit/s"


def day(one: date) -> str:
    """``16 November 2026``."""
    return f"{one.day} {one:%B %Y}"


def _crossing(one: Forecast) -> str:
    if one.crosses_from is None:
        return f"It stays below {_FULL} until the week of {day(one.at_week)}."
    first = one.path[0].week if one.path else None
    if one.crosses_until is None:
        begins = "at once" if one.crosses_from == first else f"from the week of {day(one.crosses_from)} on"
        return f"{_FULL} may be reached {begins}; it may also stay below until the week of {day(one.at_week)}."
    if one.crosses_until == first:
        return f"It is above {_FULL} already."
    return f"{_FULL} is reached between the weeks of {day(one.crosses_from)} and {day(one.crosses_until)}."


def _interval(one: Forecast) -> str:
    low, high = percent(one.low).removesuffix(" %"), percent(one.high)
    return f"In the week of {day(one.at_week)} it is {low} to {high} full; 8 of 10 such forecasts hold."


def _after(one: NoForecast) -> str:
    return f"{one.known_weeks} of {one.needed_weeks} weeks of lessons since are known{_first(one)}"


def _first(one: NoForecast) -> str:
    return "" if one.possible_from is None else f"; the first is possible after the week of {day(one.possible_from)}"
