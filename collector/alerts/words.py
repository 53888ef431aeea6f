"""An incident in the words of whoever has to act on it: what, where, since when, why as far as known, what to do first.

Rooms and sites are named as the district names them, and nobody else is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from collector.alerts.finding import COLLECTOR, DISTRICT, ELSEWHERE, SERVICES
from collector.alerts.incident import Incident
from collector.board.phrases import counted
from collector.now import DistrictNow
from collector.registry.notices import NoticeKind
from collector.verdict.cause_words import CONFIDENCE_WORDS
from collector.verdict.causes import Cause
from collector.verdict.topology import RoomKey

MOST_ROOMS = 8
"""So many rooms are named; the rest are counted."""

FIRST_STEPS: Mapping[Cause, str] = {
    "room_access": "look at the access point, cable or Wi-Fi of the room",
    "site_lan": "look at the switches between the rooms and the way out of the building",
    "site_uplink": "look at the school's router and its line; if these are well, call whoever runs the line",
    "isp_egress": "look at the district's way out, then call the provider",
    "remote_service": "see the service's status page; nothing in the school mends it",
    "rate_limit_or_client": "look for a rate limit, and at the machine's interface",
    "device": "look at the machine that measures",
}
_BY_KIND = {
    "site": "see whether the school's reference and its router answer, then open the site on the board",
    DISTRICT: "see whether the district's way out and its core answer",
    "rooms": "open the first of the rooms on the board and compare its gateway with that of the others",
    "silent": "run bandroom-agent status on the room's PC: it says what keeps it from reporting",
    "service": "see the service's status page; rooms are not judged by it",
    SERVICES: "look at the way out of the district and at the resolvers, not at the services",
    ELSEWHERE: "see whether the district's reflector answers, and what a filter was changed to",
    COLLECTOR: "look at the collector's log and its store; until then rooms are not judged and nobody is told of them",
}
KIND_WORDS: Mapping[NoticeKind, str] = {"opened": "Trouble", "grown": "Grown", "closed": "Over"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What sites, rooms and services are called."""

    zone: ZoneInfo
    district: str
    sites: Mapping[str, str]
    rooms: Mapping[RoomKey, str]
    services: Mapping[str, str] = field(default_factory=dict)
    simulated: frozenset[str] = frozenset()

    @classmethod
    def of(cls, now: DistrictNow) -> "Names":
        """Those of the district."""
        return cls(
            zone=now.time_zone,
            district=now.name,
            sites={one.site: one.name for one in now.sites},
            rooms={(one.site, one.room): one.name for one in now.rooms()},
            services={one.service.service: one.service.name for one in now.services},
            simulated=frozenset(one.site for one in now.sites if one.simulated),
        )

    def site(self, site: str) -> str:
        """What a site is called, saying so where it is simulated."""
        name = self.sites.get(site, site)
        return f"{name} (simulated)" if site in self.simulated and "simulated" not in name else name

    def room(self, key: RoomKey) -> str:
        """What a room is called."""
        return self.rooms.get(key, key[1])

    def moment(self, at: datetime) -> str:
        """``Mon 16 Nov 10:05``, local."""
        return f"{at.astimezone(self.zone):%a %d %b %H:%M}"


def title(one: Incident, names: Names, kind: NoticeKind = "opened") -> str:
    """What and where: ``Oak Hill: 38 of 40 rooms cannot work online``."""
    said = _what(one, names)
    if kind == "closed":
        return f"Not measured any more: {said}" if one.ending == "not_measured" else f"Over: {said}"
    return f"Grown: {said}" if kind == "grown" else said


def line(one: Incident, names: Names, kind: NoticeKind = "opened") -> str:
    """The whole of it in one line."""
    if kind == "closed":
        return f"{title(one, names, kind)}. {over(one, names)}"
    return f"{title(one, names, kind)}, since {names.moment(one.began_at)}. {cause(one)} First: {first_step(one)}."


def body(one: Incident, names: Names, kind: NoticeKind, *, link: str | None) -> str:
    """The text below the title: a line for each thing that a technician asks."""
    if kind == "closed":
        lines = [over(one, names)]
    else:
        lines = [f"Since {names.moment(one.began_at)}. {cause(one)}", f"First: {first_step(one)}."]
        if one.evidence:
            lines.append(one.evidence)
    if one.rooms and one.about.partition(":")[0] in {"rooms", "silent", ELSEWHERE}:
        lines.append(f"Rooms: {rooms_text(one.rooms if kind == 'closed' else one.active or one.rooms, one, names)}.")
    if link:
        lines.append(link)
    return "\n".join(lines)


def cause(one: Incident) -> str:
    """``Likely cause: the line from the school to the district (high confidence).``"""
    if one.about == COLLECTOR:
        return f"{one.evidence[:1].upper()}{one.evidence[1:]}." if one.evidence else "Its log says more."
    if one.rule == "silence":
        if one.about.startswith("silent:"):
            return "Likely cause: the machine or its agent, or the room's network is cut off altogether."
        return "Likely cause: power, the school's line, or its router; nothing could be measured."
    if not one.where:
        return "Cause not determined yet."
    sure = f" ({CONFIDENCE_WORDS[one.confidence]})" if one.confidence else ""
    return f"Likely cause: {one.where}{sure}."


def first_step(one: Incident) -> str:
    """What to do first, beginning small and without a full stop."""
    kind = one.about.partition(":")[0]
    if one.rule != "silence" and kind in {"site", "rooms", DISTRICT} and one.cause in FIRST_STEPS:
        return FIRST_STEPS[one.cause]
    if kind == "rooms" and len(one.rooms) == 1:
        return (
            "open the room on the board and see whether its gateway's times rise with it, and other rooms are bad, too"
        )
    return _BY_KIND[kind]


def over(one: Incident, names: Names) -> str:
    """How long it lasted and what it cost."""
    if one.ending == "not_measured":
        return f"Nobody measures there any more; the trouble began {names.moment(one.began_at)} and may go on."
    end = one.ended_at or one.closed_at or one.began_at
    said = f"It lasted {span(end - one.began_at)}, from {names.moment(one.began_at)} to {names.moment(end)}."
    lost = sum(one.lost_s.values())
    if not one.rooms or one.about.partition(":")[0] in {"service", "silent", SERVICES}:
        return said
    many = len(one.rooms)
    minutes = f"{lost // 60:,} lesson minutes were hit"
    if many > 1:
        minutes += f" in {many} rooms together"
    return f"{said} {minutes}." if lost else f"{said} What the rooms lost meanwhile was not measured."


def span(lasted: timedelta) -> str:
    """``2 h 10 min``."""
    minutes = max(1, round(lasted / timedelta(minutes=1)))
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} days"


def rooms_text(rooms: Sequence[RoomKey], one: Incident, names: Names) -> str:
    """The rooms by name, their sites where there are several; the rest counted."""
    several = len(one.sites) > 1
    named = [f"{names.room(key)} ({names.site(key[0])})" if several else names.room(key) for key in rooms[:MOST_ROOMS]]
    more = len(rooms) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")


def _what(one: Incident, names: Names) -> str:
    kind, _, name = one.about.partition(":")
    if one.about == COLLECTOR:
        return f"Bandroom of {names.district} is in trouble itself"
    if kind == "service":
        return f"{names.services.get(name, name)} fails in {len(one.rooms)} rooms"
    if one.about == SERVICES:
        return f"All listed services fail in {len(one.rooms)} rooms"
    if one.about == DISTRICT:
        place = f"{names.district}, {len(one.sites)} sites" if len(one.sites) > 1 else names.district
        return f"{place}: {_nothing_heard()}" if one.rule == "silence" else f"{place}: {_rooms_bad(one)}"
    if one.about == ELSEWHERE:
        return f"{names.district}: what rooms measure to does not answer, in {len(one.rooms)} rooms"
    place = names.site(name)
    if kind == "site":
        return f"{place}: {_nothing_heard()}" if one.rule == "silence" else f"{place}: {_rooms_bad(one)}"
    if kind == "silent":
        return f"{place}: {counted(len(one.rooms), 'room')} without any measurement"
    if len(one.rooms) == 1:
        return f"{place}, {names.room(one.rooms[0])}: {_how(one)}"
    return f"{place}: {len(one.rooms)} rooms, {_how(one)}"


def _how(one: Incident) -> str:
    if one.rule == "rate":
        return "too little throughput for lessons, test after test"
    if one.rule == "half_day":
        return "online lessons freeze again and again, a third of the half-day"
    return "online lessons freeze"


def _rooms_bad(one: Incident) -> str:
    many, asked = len(one.rooms), max(one.asked, len(one.rooms))
    return f"online lessons freeze in {many} of {counted(asked, 'room')}"


def _nothing_heard() -> str:
    return "nothing has been heard from any room"
