"""Whether an incident is over, by each of its rooms: half an hour of lessons without trouble."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.alerts.finding import DISTRICT, SERVICES
from collector.alerts.incident import Ending, Incident
from collector.alerts.lesson_bins import BAD, FINE
from collector.alerts.look import CALM_SECONDS, Look, RoomLook, SiteLook, is_calm, unheard
from collector.verdict.topology import RoomKey

CALM_SHARE = 0.2
"""A site is well again when less of its rooms' bins were bad: a third of what makes an outage."""

NOT_MEASURED_SECONDS = 7200.0
"""A room that is in trouble and not measured for so much lesson time is no longer said to be: nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Which rooms still suffer, and where none does, how it ended and when."""

    active: tuple[RoomKey, ...] = ()
    ending: Ending | None = None
    at: datetime


def ended(one: Incident, look: Look, *, is_well: Callable[[str], bool]) -> Ended:
    """How far `one` is over at `look`."""
    kind, _, name = one.about.partition(":")
    if kind == "service":
        listed = any(each.service.service == name for each in look.now.services)
        return _if(not listed or is_well(name), one, look.at)
    if one.about == SERVICES:
        return _if(any(is_well(each.service.service) for each in look.now.services), one, look.at)
    if kind == "silent":
        return _silent(one, look)
    if kind in {"site", DISTRICT}:
        sites = [look.sites[site] for site in one.sites if site in look.sites]
        if all(_nobody_measures(site, one) for site in sites):
            return Ended(ending="not_measured", at=look.at)
        if not all(_site_is_calm(site, one) for site in sites):
            return Ended(active=one.active, at=look.at)
        return Ended(ending="over", at=_last_bad(one, look))
    return _rooms(one, look)


def _if(over: bool, one: Incident, at: datetime) -> Ended:  # reads as a sentence
    return Ended(ending="over", at=at) if over else Ended(active=one.active, at=at)


def _silent(one: Incident, look: Look) -> Ended:
    """Whether each of its rooms has said something of the network since, or is no longer to. That lessons are over, or
    its machine sleeps, ends no silence."""
    active = []
    for key in one.active:
        site = look.sites.get(key[0])
        room = site.rooms.get(key[1]) if site else None
        if site is None or room is None or key in look.away or key not in look.with_agents:
            continue
        since = one.opened_at - timedelta(seconds=site.bins.seconds)
        told = zip(site.bins.starts, room.raw, strict=True)
        if not any(mark in {BAD, FINE} and start >= since for start, mark in told):
            active.append(key)
    return Ended(active=tuple(active), ending=None if active else "over", at=look.at)


def _nobody_measures(site: SiteLook, one: Incident) -> bool:
    """Whether none of its rooms said anything for so long, though it is heard of."""
    rooms = [site.rooms[room] for of, room in one.rooms if of == site.site and room in site.rooms]
    many = site.count(NOT_MEASURED_SECONDS)
    return one.rule != "silence" and all(unheard(room.raw, bins=many) for room in rooms)


def _site_is_calm(site: SiteLook, one: Incident) -> bool:
    """Whether the site's rooms say that all is well, in half of the last bins at the least. Of a site that was silent
    its reference's word is enough where no room says anything."""
    if one.rule == "silence" and not any(said for _, said in site.newest):
        heard = max(site.heard_at.values(), default=None)
        return heard is not None and bool(site.newest) and heard > site.bins.starts[-min(2, len(site.bins.starts))]
    bad = sum(one for one, _ in site.newest)
    said = sum(one for _, one in site.newest)
    speaking = sum(bool(one) for _, one in site.newest)
    return 2 * speaking >= len(site.newest) > 0 and bad < max(1, CALM_SHARE * said) and not site.widespread()


def _rooms(one: Incident, look: Look) -> Ended:
    active = []
    unknown = 0
    for key in one.active:
        site = look.sites.get(key[0])
        room = site.rooms.get(key[1]) if site else None
        if site is None or room is None:
            unknown += 1  # it is no longer a room of the district
        elif unheard(room.raw, bins=site.count(NOT_MEASURED_SECONDS)):
            unknown += 1
        elif not (_is_calm(site, room) and room.now.state.short is None):
            active.append(key)
    if active:
        return Ended(active=tuple(active), at=look.at)
    ending: Ending = "not_measured" if one.active and unknown == len(one.active) else "over"
    return Ended(ending=ending, at=_last_bad(one, look))


def _is_calm(site: SiteLook, room: RoomLook) -> bool:
    return is_calm(room.marks, calm=site.count(CALM_SECONDS)) and room.raw[-1:] != BAD


def _last_bad(one: Incident, look: Look) -> datetime:
    """The end of the last bad bin of its rooms; when it was found over, where none is known."""
    ends = []
    for key in one.rooms:
        site = look.sites.get(key[0])
        room = site.rooms.get(key[1]) if site else None
        if site is not None and room is not None and BAD in room.marks:
            at = site.bins.starts[room.marks.rindex(BAD)]
            ends.append(at + timedelta(seconds=site.bins.seconds))
    return max(ends, default=look.at)
