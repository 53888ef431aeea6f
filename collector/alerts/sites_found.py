"""What of the rooms' trouble is the site's, the district's or nobody's but theirs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from collector.alerts.finding import DISTRICT, ELSEWHERE, Finding, Rule, Severity
from collector.alerts.lesson_bins import BAD
from collector.alerts.look import Look, RoomLook, SiteLook
from collector.alerts.rooms_found import SETTLE_BINS, RoomFound, holding, located_of, rooms_found
from collector.alerts.silence import silent_site
from collector.verdict.causes import Cause, Located

OUTAGE_BINS, OF_BINS = 3, 4
"""In so many of the last so many bins most rooms of a site must be bad: a quarter of an hour."""

FEWEST_ROOMS = 2
"""So many rooms must suffer, where more than one says anything, before what one of them was judged to suffer from is
said of its site."""

SITE_CAUSES: frozenset[Cause] = frozenset({"site_lan", "site_uplink"})
OF_ALL_SITES = 0.6
"""From this share on sites that are in trouble together are the district's trouble (science.md 4.3, L5)."""


def network_found(look: Look) -> list[Finding]:
    """All trouble of rooms and of the ways to them, each thing once."""
    of_sites: list[Finding] = []
    of_rooms: list[Finding] = []
    for site in look.in_session:
        one = silent_site(site, look.listening_since) or site_found(site)
        if one is not None:
            (of_rooms if one.about.startswith("rooms:") else of_sites).append(one)
    elsewhere = [one for one in of_sites if one.about == ELSEWHERE]
    network = [one for one in of_sites if one.about != ELSEWHERE]
    across = [one for one in network if one.about == DISTRICT]
    found = [_together(elsewhere)] if elsewhere else []
    watched = sum(bool(one.heard_at) for one in look.in_session)
    if len(network) >= 2 and len(network) >= OF_ALL_SITES * watched:
        return [*found, _together([replace(one, about=DISTRICT) for one in network]), *of_rooms]
    if across:
        found.append(_together(across))
    for one in network:
        if one.about != DISTRICT:
            waits = one.rule == "outage" and any(
                other.widespread() for other in look.in_session if other.site not in one.sites
            )
            found.append(replace(one, settled=outage(look.sites[one.sites[0]], SETTLE_BINS)) if waits else one)
    return found + of_rooms


def site_found(site: SiteLook) -> Finding | None:
    """The trouble of a site's rooms, as one thing; ``None`` without any."""
    firing = rooms_found(site)
    widely = outage(site)
    if not firing and not widely:
        return None
    since = _began(site, firing, widely=widely)
    rooms = {one.look.key: one.look for one in firing}
    told = [] if widely else [one.located for one in firing]
    if widely:
        rooms |= {one.key: one for one in site.rooms.values() if BAD in one.raw[-OF_BINS:]}
        told = [located_of(one, since=since) for one in rooms.values()]
    located = holding([one for one in told if one is not None])
    cause: Cause = located.cause if located else "undetermined"
    alone = len(firing) < FEWEST_ROOMS <= site.newest[-1][1]
    about = f"rooms:{site.site}" if alone and not widely else _about(site.site, cause, widely=widely)
    rule: Rule = "outage" if widely else firing[0].rule
    found = Finding(
        about=about,
        rule=rule,
        severity=_severity(about, rule),
        sites=(site.site,),
        rooms=tuple(sorted(rooms)),
        asked=site.newest[-1][1],
        began_at=since,
        cause=cause,
        confidence=located.confidence if located else None,
        located=located,
        evidence=_evidence(list(rooms.values())),
    )
    return replace(found, settled=_settled(site, found, firing))


def outage(site: SiteLook, back: int = 0) -> bool:
    """Whether most rooms were bad in enough of the bins up to the one `back` before the newest."""
    last = [site.widespread(back + number) for number in range(OF_BINS)]
    return sum(last) >= OUTAGE_BINS and any(last[:2])


def _about(site: str, cause: Cause, *, widely: bool) -> str:
    if cause == "isp_egress":
        return DISTRICT
    if cause == "remote_service":
        return ELSEWHERE
    if cause in SITE_CAUSES or widely:
        return f"site:{site}"
    return f"rooms:{site}"


def _severity(about: str, rule: Rule) -> Severity:
    if rule in {"half_day", "rate"}:
        return "minor"
    return "major" if about.startswith("rooms:") else "critical"


def _began(site: SiteLook, firing: Sequence[RoomFound], *, widely: bool) -> datetime:
    """When most of its rooms went bad, or else the first of them."""
    if not widely:
        return min(one.began_at for one in firing)
    places = [place for place in range(len(site.newest)) if site.widespread(len(site.newest) - 1 - place)]
    return site.bins.starts[len(site.bins.starts) - len(site.newest) + places[0]]


def _settled(site: SiteLook, found: Finding, firing: Sequence[RoomFound]) -> bool:
    """Whether the cause may be told: it is the way of all of them, or the rule has held for as long as it may take
    until the rooms' trouble turns out to be their site's."""
    if found.rule == "outage":
        return found.cause != "undetermined" or outage(site, SETTLE_BINS)
    return not site.widespread() and any(one.settled for one in firing)


def _together(found: Sequence[Finding]) -> Finding:
    """Several sites' trouble as one thing, told in the words of the gravest."""
    located: list[Located] = [one.located for one in found if one.located is not None]
    held = holding(located)
    first = found[0]
    return replace(
        first,
        rule="silence" if all(one.rule == "silence" for one in found) else _gravest(found),
        severity=min((one.severity for one in found), key=("critical", "major", "minor").index),
        sites=tuple(site for one in found for site in one.sites),
        rooms=tuple(room for one in found for room in one.rooms),
        asked=sum(one.asked for one in found),
        began_at=min(one.began_at for one in found),
        cause=held.cause if held else "undetermined",
        confidence=held.confidence if held else None,
        located=held,
        settled=any(one.settled for one in found),
    )


def _gravest(found: Sequence[Finding]) -> Rule:
    order: tuple[Rule, ...] = ("outage", "live", "half_day", "rate", "silence")
    return min((one.rule for one in found), key=order.index)


def _evidence(rooms: Sequence[RoomLook]) -> str:
    """What the board says of the first of them that is bad now."""
    return next((one.now.evidence for one in rooms if one.now.state.state == "bad"), "")
