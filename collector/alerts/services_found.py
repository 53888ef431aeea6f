"""Services that fail for enough rooms, for long enough, where it is not the rooms' own network."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from collector.alerts.finding import COLLECTOR, SERVICES, Finding
from collector.alerts.look import Look
from collector.service_now import ServiceNow, ServiceSeen

FAILS_FOR = timedelta(minutes=10)
ANSWERS_FOR = timedelta(minutes=15)
"""A service must fail, or be well again, for so long before either is said: a room asks once in several minutes."""

TROUBLE_FOR = timedelta(minutes=5)
"""So long the collector must have been in trouble, or out of it."""


class Lasting:
    """Since when each of several things has been so without a break. Kept in memory alone: a collector that starts anew
    waits anew."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    def note(self, names: Collection[str], at: datetime) -> None:
        """These are so at that time, and no others."""
        self._since = {name: min(at, self._since.get(name, at)) for name in names}

    def since(self, name: str) -> datetime | None:
        """Since when; ``None`` while it is not so."""
        return self._since.get(name)

    def lasts(self, name: str, at: datetime, wanted: timedelta) -> bool:
        """Whether it has been so for as long as is wanted."""
        since = self._since.get(name)
        return since is not None and at - since >= wanted


class ServicesFound:
    """Which services fail, over time. Not for several threads."""

    def __init__(self) -> None:
        self._failing = Lasting()
        self._well = Lasting()

    def found(self, look: Look, troubled_sites: Collection[str]) -> list[Finding]:
        """What fails; `troubled_sites` have trouble of their own, and what their rooms say of services is not asked."""
        failing = {
            one.service.service: failing
            for one in look.now.services
            if (failing := _network_aside(one, look, troubled_sites))
        }
        asked = {one.service.service for one in look.now.services if one.seen}
        in_session = bool(look.in_session)
        self._failing.note(failing.keys() if in_session else (), look.at)
        self._well.note(asked - failing.keys(), look.at)
        found = [
            _finding(one, failing[name], self._failing.since(name) or look.at, settled=settled)
            for one in look.now.services
            if (name := one.service.service) in failing
            for settled in (self._failing.lasts(name, look.at, FAILS_FOR),)
        ]
        if len(found) >= 2 and len(found) == len(asked):
            return [_all_of_them(found)]
        return found

    def is_well(self, service: str, at: datetime) -> bool:
        """Whether it has answered for long enough."""
        return self._well.lasts(service, at, ANSWERS_FOR)


def _network_aside(one: ServiceNow, look: Look, troubled_sites: Collection[str]) -> tuple[ServiceSeen, ...]:
    """Those that see it fail, without rooms whose network fails, too, where they are still enough for an incident."""
    told = tuple(
        seen
        for seen in one.seen
        if seen.site not in troubled_sites and not _room_is_bad(look, seen) and seen.site in look.sites
    )
    return ServiceNow(service=one.service, seen=told).incident


def _room_is_bad(look: Look, seen: ServiceSeen) -> bool:
    room = look.sites[seen.site].rooms.get(seen.room) if seen.site in look.sites else None
    return room is not None and room.now.state.state == "bad"


def _finding(one: ServiceNow, failing: Sequence[ServiceSeen], since: datetime, *, settled: bool) -> Finding:
    return Finding(
        about=f"service:{one.service.service}",
        rule="service",
        severity="major",
        sites=tuple(sorted({seen.site for seen in failing})),
        rooms=tuple(sorted((seen.site, seen.room) for seen in failing)),
        asked=len(one.seen),
        began_at=min(since, *(seen.started_at for seen in failing)),
        cause="remote_service",
        settled=settled,
    )


def _all_of_them(found: Sequence[Finding]) -> Finding:
    return Finding(
        about=SERVICES,
        rule="service",
        severity="critical",
        sites=tuple(sorted({site for one in found for site in one.sites})),
        rooms=tuple(sorted({room for one in found for room in one.rooms})),
        asked=max(one.asked for one in found),
        began_at=min(one.began_at for one in found),
        cause="remote_service",
        settled=any(one.settled for one in found),
    )


def collector_found(look: Look, since: datetime | None) -> Finding | None:
    """The collector's own trouble, in which it has been since then."""
    if look.trouble is None or since is None:
        return None
    return Finding(
        about=COLLECTOR,
        rule="collector",
        severity="critical",
        began_at=since,
        settled=look.at - since >= TROUBLE_FOR,
        evidence=look.trouble,
    )
