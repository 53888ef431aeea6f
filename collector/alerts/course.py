"""How incidents go on: what was found becomes one, joins one, or ends it. Pure, and the same however often it is done.

Larger trouble explains smaller: while a site has an incident its rooms' own trouble opens none, and what was open for
rooms that turn out to be the site's goes on as the site's, under the same name, so that nobody is told twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from collector.alerts.ended import Ended, ended
from collector.alerts.finding import COLLECTOR, GRAVEST_FIRST, Finding, goes_on_as, lies_under
from collector.alerts.incident import Incident, opened
from collector.alerts.look import Look
from collector.alerts.lost_time import lost_time
from collector.verdict.cause_words import where
from collector.verdict.topology import RoomKey

GROWN_TIMES, GROWN_ROOMS = 3, 5
"""An incident has grown a lot when it has three times as many rooms as it had when it was opened, and five more."""

UNMEASURED = frozenset({"collector", "service", "silence"})
"""Rules that no bin confirms."""

_RULES = ("collector", "outage", "live", "service", "half_day", "rate", "silence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What is to be kept: new incidents, and those that changed, closed ones among them."""

    opened: Sequence[Incident] = ()
    changed: Sequence[Incident] = ()


def go_on(
    open_now: Sequence[Incident],
    findings: Sequence[Finding],
    look: Look,
    *,
    name: Callable[[], str],
    is_well: Callable[[str], bool],
    collector_is_well: Callable[[Incident], bool],
) -> Course:
    """What becomes of the incidents that are open, and which are new. `name` makes a new incident's name; `is_well`
    says whether a service has answered for long enough, `collector_is_well` whether a collector's trouble is over."""
    now = {one.incident: one for one in open_now}
    new: dict[str, Incident] = {}
    for finding in sorted(findings, key=_largest_first):
        lasting = [one for one in (*now.values(), *new.values()) if one.is_open]
        if any(lies_under(finding.about, finding.sites, one.about, one.sites) for one in lasting):
            continue
        mine = next((one for one in lasting if one.about == finding.about), None)
        if mine is not None:
            (new if mine.incident in new else now)[mine.incident] = _joined(mine, finding, look.at)
            continue
        if not finding.settled:
            continue
        smaller = sorted(
            (one for one in lasting if goes_on_as(one.about, one.sites, finding.about, finding.sites)),
            key=lambda one: (one.opened_at, one.incident),
        )
        if smaller:
            first, *others = smaller
            widely = finding.rule == "outage" and first.rule not in {"outage", "silence"}
            joined = _joined(first, finding, look.at)
            now[first.incident] = replace(joined, about=finding.about, grown=joined.grown or widely)
            for one in others:
                now[one.incident] = replace(
                    one, closed_at=look.at, ended_at=look.at, ending="merged", into=first.incident, active=()
                )
        else:
            one = opened(finding, incident=name(), at=look.at, where=where_of(finding))
            new[one.incident] = one
    known = {one.incident: one for one in open_now}
    lasts = {one.about for one in findings}
    for one in list(now.values()):
        if not one.is_open:
            continue
        if one.about == COLLECTOR:
            if COLLECTOR not in lasts and collector_is_well(one):
                now[one.incident] = replace(one, closed_at=look.at, ended_at=one.seen_at, ending="over")
        elif look.trouble is None:
            now[one.incident] = _after(one, look, found=one.about in lasts, is_well=is_well)
    return Course(opened=list(new.values()), changed=[one for one in now.values() if one != known[one.incident]])


def _largest_first(one: Finding) -> tuple[int, str]:
    order = ("collector", "district", "services", "elsewhere", "site", "service", "rooms", "silent")
    return order.index(one.about.partition(":")[0]), one.about


def where_of(finding: Finding) -> str:
    """Where the trouble sits, in words; empty where that is not known."""
    return "" if finding.cause in {"undetermined", "mixed"} else where(finding.cause, finding.located)


CONFIRM_EVERY = timedelta(minutes=1)


def _joined(one: Incident, finding: Finding, at: datetime) -> Incident:
    """`one` with what was found of it since. A cause that was told is kept until another is."""
    rooms = tuple(sorted({*one.rooms, *finding.rooms}))
    told = finding.cause != "undetermined"
    return replace(
        one,
        rule=min((one.rule, finding.rule), key=_RULES.index),
        severity=min((one.severity, finding.severity), key=lambda each: GRAVEST_FIRST[each]),
        sites=tuple(sorted({*one.sites, *finding.sites})),
        rooms=rooms,
        active=tuple(sorted({*one.active, *finding.rooms})),
        asked=max(one.asked, finding.asked),
        cause=finding.cause if told else one.cause,
        confidence=finding.confidence if told else one.confidence,
        where=where_of(finding) if told else one.where,
        evidence=finding.evidence or one.evidence,
        seen_at=at if finding.rule in UNMEASURED and at - one.seen_at >= CONFIRM_EVERY else one.seen_at,
        grown=one.grown or _grew_a_lot(one, len(rooms)),
    )


def _grew_a_lot(one: Incident, rooms: int) -> bool:
    """Whether `rooms` is much more than who was told of it knows. Of a site that is down it makes no difference how
    many of its rooms suffer."""
    few = one.about.partition(":")[0] in {"rooms", "silent"}
    return few and rooms >= GROWN_TIMES * one.first_rooms and rooms >= one.first_rooms + GROWN_ROOMS


SET_BACK = timedelta(hours=12)
"""By less than so much a clock may have been set back: then the newest bins are from before the trouble, and say
nothing of its end."""


def _after(one: Incident, look: Look, *, found: bool, is_well: Callable[[str], bool]) -> Incident:
    """`one` without what is over of it; closed when all is."""
    one = lost_time(one, look)
    ahead = max(one.opened_at, one.seen_at) - look.at
    if found or timedelta(0) < ahead < SET_BACK:
        return one
    how: Ended = ended(one, look, is_well=is_well)
    if how.ending is None:
        return replace(one, active=how.active) if how.active != one.active else one
    return replace(one, active=(), closed_at=look.at, ended_at=max(one.began_at, how.at), ending=how.ending)


def told_until(closed: Sequence[Incident], *, since: datetime) -> dict[RoomKey, datetime]:
    """Until when what happened in a room was told of already, by the incidents that ended after `since`."""
    found: dict[RoomKey, datetime] = {}
    for one in closed:
        if one.ended_at is not None and one.ending != "merged" and one.ended_at >= since:
            for room in one.rooms:
                found[room] = max(one.ended_at, found.get(room, one.ended_at))
    return found


LOOK_BACK = timedelta(days=7)
"""Incidents that ended longer ago have nothing to do with any window."""
