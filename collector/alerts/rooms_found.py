"""Rooms that a burn rule fires for, and what their bad bins say of the cause."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.alerts.burn import BurnRule, began, first_that_fires
from collector.alerts.finding import Rule
from collector.alerts.look import CALM_SECONDS, RoomLook, SiteLook
from collector.verdict.causes import Cause, Confidence, Located
from collector.verdict.throughput import ThroughputTest
from wire.report_words import Direction

SETTLE_BINS = 2
"""For so many bins the cause of what fires may change before anybody is told."""

CAUSE_HOLDS = 0.6
"""Of the bins or rooms whose cause was told so many must name the same (science.md 4.3)."""

OF_TESTS, FAILED = 4, 3
"""Of the last so many throughput tests in one direction that could tell, so many must have failed, the newest too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFound:
    """A room that a rule fires for. `settled`: it fired `SETTLE_BINS` ago, too."""

    look: RoomLook
    rule: Rule
    began_at: datetime
    cause: Cause
    confidence: Confidence | None
    located: Located | None
    settled: bool


def rooms_found(site: SiteLook) -> list[RoomFound]:
    """The rooms of `site` that a rule fires for, worst rule first."""
    each = (_burns(site, room) or _too_slow(room) for room in site.rooms.values())
    found = [one for one in each if one is not None]
    return sorted(found, key=lambda one: (("live", "half_day", "rate").index(one.rule), one.look.key))


def _burns(site: SiteLook, room: RoomLook) -> RoomFound | None:
    bins = site.bins
    rule = first_that_fires(room.marks, today=bins.today, seconds=bins.seconds)
    if rule is None:
        return None
    since = bins.starts[began(room.marks, calm=site.count(CALM_SECONDS))]
    located = located_of(room, since=since)
    return RoomFound(
        look=room,
        rule=rule.name,
        began_at=since,
        cause=located.cause if located else "undetermined",
        confidence=located.confidence if located else None,
        located=located,
        settled=_fired_before(rule, room, site),
    )


def _fired_before(rule: BurnRule, room: RoomLook, site: SiteLook) -> bool:
    before = first_that_fires(room.marks[:-SETTLE_BINS], today=site.bins.today, seconds=site.bins.seconds)
    return before is not None and (before == rule or rule.name == "half_day")


def located_of(room: RoomLook, *, since: datetime) -> Located | None:
    """What most of the room's newest bad bins `since` then name, in the newest of them that does; ``None``
    undetermined."""
    told: list[Located] = []
    for one in reversed(room.now.bins):
        if one.started_at < since:
            break
        if one.is_bad and one.located is not None and one.located.cause != "undetermined":
            told.append(one.located)
        if len(told) == 6:
            break
    return holding(told)


def holding(told: Sequence[Located]) -> Located | None:
    """The newest of `told` (newest first) that names what most of them do; ``None`` where that is not one cause."""
    if not told:
        return None
    cause, count = Counter(one.cause for one in told).most_common(1)[0]
    return next(one for one in told if one.cause == cause) if count >= CAUSE_HOLDS * len(told) else None


def _too_slow(room: RoomLook) -> RoomFound | None:
    """A room whose rate is too little again and again, while its latency is fine."""
    short = room.now.state.short
    if short is None:
        return None
    failed = failed_tests(room.now.tests, short.test.direction)
    if failed is None:
        return None
    located = room.now.state.located
    return RoomFound(
        look=room,
        rule="rate",
        began_at=failed,
        cause=room.now.state.cause,
        confidence=located.confidence if located else None,
        located=located,
        settled=True,
    )


def failed_tests(tests: Iterable[ThroughputTest], direction: Direction) -> datetime | None:
    """When the first of the last tests failed, where enough of them did; ``None`` where not. `tests` ascend."""
    last = [one for one in tests if one.direction == direction and one.sustained is not None][-OF_TESTS:]
    failed = [one for one in last if not one.sustained]
    if len(failed) < FAILED or last[-1].sustained:
        return None
    return failed[0].ended_at
