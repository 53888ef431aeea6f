"""What to do, what mends most first: rooms grouped by what mends them all at once.

One uplink is one thing and not forty rooms. What nobody knows the cause of is to be found out, not to be bought.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from collector.brief.brief import Doing
from collector.brief.brief_room import failed_hours
from collector.brief.options import NOT_MEASURED_OPTIONS, options
from collector.brief.room_names import counted, listed, rooms_of_a_site
from collector.judged_weeks import NamedWeek
from collector.verdict.cause_words import on_wi_fi
from collector.verdict.causes import BUDGET_LINES, Cause, Confidence, Located
from collector.verdict.uplinks.load import DISTRICT, site_of_uplink, site_uplink
from collector.verdict.uplinks.outlook import Level, Outlook
from collector.verdict.week_sentence import percent, span
from collector.verdict.weeks import RoomWeek

MOST_TO_DO = 3
_LEAST: Confidence = "low"

_SHARED: Mapping[str, str] = {"ap": "access point", "switch": "switch", "uplink": "line"}
_LEVELS: Mapping[Level, str] = {"act": "Order", "plan": "Plan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What mends its rooms all at once. `site` is ``None`` for the whole district, `thing` what they share."""

    cause: Cause
    site: str | None
    thing: str | None = None


def to_do(rooms: Sequence[NamedWeek], outlooks: Iterable[Outlook], names: Mapping[str, str]) -> tuple[Doing, ...]:
    """All things to do of the week's `rooms`, of which a page tells the first `MOST_TO_DO`. `names` are what the sites
    are called."""
    full = {one.uplink: one for one in outlooks if one.level in _LEVELS}
    groups: dict[_Place, list[NamedWeek]] = {}
    for one in rooms:
        if one.week.verdict in {"restricted", "at_risk"}:
            groups.setdefault(_place(one.week), []).append(one)
    ranked = sorted(groups, key=lambda place: -sum(_weight(one.week) for one in groups[place]))
    found = [_mend(place, groups[place], full) for place in ranked]
    told = {_uplink(place) for place in ranked}
    lines = sorted((one for one in full.values() if one.uplink not in told), key=lambda one: one.level != "act")
    found += [_larger(one, names) for one in lines]
    if unknown := [one for one in rooms if one.week.verdict == "unknown"]:
        found.append(_measure(unknown))
    return tuple(found)


def _place(week: RoomWeek) -> _Place:
    cause, example = week.cause or "undetermined", week.example
    if cause == "isp_egress":
        return _Place(cause=cause, site=None)
    if cause == "remote_service":
        return _Place(cause=cause, site=None, thing=_service(example))
    if cause == "room_access" and example is not None and example.shared:
        return _Place(cause=cause, site=week.site, thing=example.shared)
    if cause == "room_access" and on_wi_fi(example):
        return _Place(cause=cause, site=week.site, thing="Wi-Fi")
    return _Place(cause=cause, site=week.site)


def _service(example: Located | None) -> str | None:
    """Which service the example was slow or silent to, where it names one."""
    seen = [one for one in (*example.room, *example.reference) if one.target.startswith("service:")] if example else []
    worst = max(seen, key=lambda one: (one.p95_ms is None and bool(one.loss), one.excess_ms or 0), default=None)
    return None if worst is None else worst.target.partition(":")[2]


def _weight(week: RoomWeek) -> float:
    """Lesson minutes that would be mended. A test speaks for its hour."""
    failed = failed_hours(week)
    return max(week.bad_minutes, 60 * failed[1] if failed else 0)


def _uplink(place: _Place) -> str:
    if place.cause == "isp_egress":
        return DISTRICT
    return site_uplink(place.site or "") if place.cause == "site_uplink" else ""


def _mend(place: _Place, rooms: Sequence[NamedWeek], full: Mapping[str, Outlook]) -> Doing:
    """The one thing that mends `rooms`."""
    uplink = full.get(_uplink(place))
    sure: Counter[Confidence] = Counter()
    for one in rooms:
        sure[one.week.confidence or _LEAST] += max(1, round(_weight(one.week)))
    return Doing(
        title=_title(place, rooms, uplink),
        why=_why(rooms, uplink),
        budget_line=BUDGET_LINES.get(place.cause),
        cause=place.cause,
        confidence=max(sure.items(), key=lambda one: one[1])[0],
        rooms=len(rooms),
        bad_minutes=sum(one.week.bad_minutes for one in rooms),
        options=options(place.cause, on_wi_fi=place.thing == "Wi-Fi"),
    )


def _title(place: _Place, rooms: Sequence[NamedWeek], uplink: Outlook | None) -> str:
    site = rooms[0].site_name
    these = f"{rooms_of_a_site(rooms)} at {site}"
    match place.cause:
        case "room_access":
            kind, _, label = (place.thing or "").partition(" ")
            if label and kind in _SHARED:
                return f"Have the {_SHARED[kind]} {label} at {site} checked"
            what = "Wi-Fi" if place.thing == "Wi-Fi" else "access point and cable"
            return f"Have the {what} of {these} checked"
        case "site_lan":
            return f"Have the network inside {site} checked"
        case "site_uplink":
            if uplink is not None:
                return f"{_LEVELS[uplink.level]} a faster line for {site}"
            return f"Have the line from {site} to the district checked"
        case "isp_egress":
            if uplink is not None:
                return f"{_LEVELS[uplink.level]} a faster Internet connection for the district"
            return "Have the provider check the district's Internet connection"
        case "remote_service":
            return f"Ask the vendor of {place.thing or 'the online service'} what went wrong"
        case "rate_limit_or_client":
            return f"Have somebody look for a speed limit in {these}"
        case "device":
            return f"Have the PC that measures in {these} checked"
        case "mixed":
            return f"Have {these} looked at: the causes differ"
        case _:
            return f"Find out what disturbs {these}"


def _why(rooms: Sequence[NamedWeek], uplink: Outlook | None) -> str:
    """``3 rooms, 1 of them at risk only: 34 h of lesson time were too poor.``"""
    at_risk = sum(one.week.verdict == "at_risk" for one in rooms)
    if at_risk == len(rooms):
        who = f"{counted(len(rooms), 'room')} at risk"
    else:
        who = counted(len(rooms), "room") + (f", {at_risk:,} of them at risk only" if at_risk else "")
    minutes = sum(one.week.bad_minutes for one in rooms)
    said = [f"{span(minutes)} of lesson time was too poor to teach online"] if minutes else []
    failed = [found for one in rooms if (found := failed_hours(one.week))]
    if failed:
        hours, told = sum(one[1] for one in failed), sum(one[2] for one in failed)
        said.append(f"too slow in {hours:,} of {counted(told, 'tested hour')}")
    if uplink is not None:
        said.append(_fullness(uplink))
    return f"{who}: {'; '.join(said)}." if said else f"{who}."


def _larger(one: Outlook, names: Mapping[str, str]) -> Doing:
    """A line that is full, though no room is restricted by it yet."""
    site = site_of_uplink(one.uplink)
    cause: Cause = "isp_egress" if site is None else "site_uplink"
    what = "Internet connection for the district" if site is None else f"line for {names.get(site, site)}"
    text = _fullness(one)
    return Doing(
        title=f"{_LEVELS[one.level]} a faster {what}",
        why=f"{text[:1].upper()}{text[1:]}. No room is restricted by it yet.",
        budget_line=BUDGET_LINES[cause],
        cause=cause,
        confidence=None,
        rooms=0,
        bad_minutes=0.0,
        options=options(cause),
    )


def _fullness(one: Outlook) -> str:
    share = one.newest.busy_share(one.direction) if one.newest else None
    if share is None:
        return "the line is nearly full"
    return f"in its busiest hour the line is {percent(share)} full"


def _measure(rooms: Sequence[NamedWeek]) -> Doing:
    """What nobody knows of costs nothing that is known."""
    sites = list(dict.fromkeys(one.site_name for one in rooms))
    which = f"{rooms_of_a_site(rooms)} at {sites[0]}" if len(sites) == 1 else counted(len(rooms), "room")
    where = f", at {listed(sites)}" if 1 < len(sites) <= 3 else ""
    it = "it" if len(rooms) == 1 else "them"
    return Doing(
        title=f"Get {which} measured{where}",
        why=f"Nothing is known of {it} this week, good or bad.",
        budget_line=None,
        cause=None,
        confidence=None,
        rooms=len(rooms),
        bad_minutes=0.0,
        options=NOT_MEASURED_OPTIONS,
    )
