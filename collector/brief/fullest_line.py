"""The fullest line to the Internet in a sentence or two: the page's beginning says when one runs out, or that this
cannot be told yet."""

from collections.abc import Mapping, Sequence

from collector.verdict.uplinks.load import site_of_uplink
from collector.verdict.uplinks.outlook import LEVEL_SHARES, Forecast, Outlook
from collector.verdict.uplinks.words import LEVEL_WORDS, day
from collector.verdict.week_sentence import percent


def fullest_line(outlooks: Sequence[Outlook], names: Mapping[str, str]) -> str:
    """How full the most urgent line is, and when it will be full; `names` are what the sites are called."""
    urgency = list(LEVEL_WORDS)
    known = [(share, one) for one in outlooks if one.level != "unknown" and (share := _share(one)) is not None]
    if not known:
        return "How full the lines to the Internet are is not known."
    share, one = min(known, key=lambda found: (urgency.index(found[1].level), -found[0]))
    site = site_of_uplink(one.uplink)
    whose = "the district's way out" if site is None else f"that of {names.get(site, site)}"
    if len(known) == sum(each.newest is not None for each in outlooks):
        which = f"The fullest line, {whose}," if len(known) > 1 else f"One line is counted, {whose}; it"
    elif len(known) > 1:
        which = f"Of the lines that are known well enough the fullest, {whose},"
    else:
        which = f"One line is known well enough, {whose}; it"
    return f"{which} is {percent(share)} full in its busiest hour: {LEVEL_WORDS[one.level]}.{_when(one, share)}"


def _share(one: Outlook) -> float | None:
    return one.newest.busy_share(one.direction) if one.newest else None


def _when(one: Outlook, share: float) -> str:
    full = LEVEL_SHARES["act"]
    if share >= full:
        return ""
    if not isinstance(one.forecast, Forecast):
        return " When it will be full cannot be told yet."
    if one.forecast.crosses_from is None:
        return f" It is expected to stay below {percent(full)} until the week of {day(one.forecast.at_week)}."
    return f" It may be {percent(full)} full, so too small, from the week of {day(one.forecast.crosses_from)} on."
