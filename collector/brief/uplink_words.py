"""An uplink in the words of the page."""

from collector.brief.brief import BriefUplink
from collector.verdict.uplinks.load import DISTRICT
from collector.verdict.uplinks.outlook import LEVEL_SHARES, Forecast, Level, NoForecast, Outlook, Refusal, Scenario
from collector.verdict.week_sentence import percent

_LEVELS: dict[Level, str] = {
    "fine": "there is room",
    "watch": "watch it",
    "plan": "plan for more",
    "act": "act now",
    "unknown": "not known",
}
_REFUSALS: dict[Refusal, str] = {
    "not_counted": "nothing counts what it carries",
    "no_capacity": "what it can carry is not written in the district's file",
    "too_few_weeks": "too few school weeks are known",
    "missing_weeks": "more than a quarter of the weeks were not counted",
    "capacity_changed": "its capacity changed, and too few weeks have passed since",
    "level_shifted": "its load jumped, and too few weeks have passed since",
    "saturated": "it is at its limit, where more demand cannot be seen",
    "no_trend": "it neither grows nor shrinks for sure",
    "too_wide": "what it will be is too uncertain to be of use",
}


def brief_uplink(one: Outlook, names: dict[str, str]) -> BriefUplink:
    """The uplink as the page tells it; `names` are what the sites are called."""
    site = one.uplink.partition(":")[2]
    name = "The district's way out" if one.uplink == DISTRICT else names.get(site, site)
    return BriefUplink(
        name=name, outlook=one, says=_says(one), ahead=_ahead(one), scenarios=tuple(map(_scenario, one.scenarios))
    )


def _says(one: Outlook) -> str:
    share = one.newest.busy_share(one.direction) if one.newest else None
    if one.newest is None or share is None or one.headroom_bps is None:
        return "How full it is is not known."
    full = (
        f"In its busiest hour {percent(share)} of {one.newest.capacity_mbps:,} Mbit/s is in use: {_LEVELS[one.level]}."
    )
    if one.headroom_bps < 0:
        return f"{full} That is {mbits(-one.headroom_bps)} above {percent(LEVEL_SHARES['act'])}."
    return f"{full} {mbits(one.headroom_bps)} are left up to {percent(LEVEL_SHARES['act'])}."


def _ahead(one: Outlook) -> str:
    ahead = one.forecast
    if isinstance(ahead, NoForecast):
        weeks = ""
        if ahead.needed_weeks is not None:
            weeks = f" ({ahead.known_weeks} of the {ahead.needed_weeks} that are needed)"
        return f"No forecast: {_REFUSALS[ahead.reason]}{weeks}."
    return f"{_between(ahead)} {_crosses(ahead)}"


def _between(ahead: Forecast) -> str:
    return (
        f"In the week of {ahead.at_week.day} {ahead.at_week:%B %Y} it will be between {percent(max(0.0, ahead.low))} "
        f"and {percent(ahead.high)} full, in four cases of five."
    )


def _crosses(ahead: Forecast) -> str:
    act = percent(LEVEL_SHARES["act"])
    if ahead.crosses_from is None:
        return f"It is not expected to reach {act} until then."
    first = f"{ahead.crosses_from.day} {ahead.crosses_from:%B %Y}"
    if ahead.crosses_until is None:
        return f"It reaches {act} in the week of {first} at the earliest, or not until then."
    return f"It reaches {act} between {first} and {ahead.crosses_until.day} {ahead.crosses_until:%B %Y}."


def _scenario(one: Scenario) -> str:
    act = percent(LEVEL_SHARES["act"])
    growth = "If nothing grew" if not one.growth_a_year else f"If it grew {percent(one.growth_a_year)} a year"
    when = f"{act} in {one.reaches_at:%B %Y}" if one.reaches_at else f"not {act} within five years"
    return f"{growth}: {when} (an assumption, no forecast)"


def mbits(bps: float) -> str:
    """``120 Mbit/s``, ``3.4 Mbit/s``."""
    mbps = bps / 1e6
    return f"{mbps:,.0f} Mbit/s" if mbps >= 9.95 else f"{mbps:.1f} Mbit/s"
