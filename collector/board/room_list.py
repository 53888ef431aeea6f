"""Which rooms a page lists: of each site the worst, and the rest in one line that leads to the site's page.

One rule for every district. How many rooms of a site are listed follows from the number of sites, so that a
small district shows every room and a page never grows past about 300 lines.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from collector.board import phrases, strip
from collector.board.answer import Freshness, Trouble, freshness, last_lesson_cell
from collector.now import DistrictNow, RoomNow, SiteNow
from collector.verdict.room_state import State

MOST_ROOMS = 150
MOST_SITES = 100
"""Sites with rooms listed; of the further ones only the names, each with its worst state."""
MOST_TROUBLES = 12
"""Rooms that cannot teach in the answer itself. They fit one printed page with all that stands beside them."""

_STATES: tuple[State, ...] = ("bad", "degraded", "unknown", "ok", "no_lesson")
_NOW = ("cannot teach", "struggle", "unknown", "can teach")
_THEN = ("could not teach", "struggled", "unknown", "could teach")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One room's line. `old` says that its data is older than measuring and delivery explain."""

    room: RoomNow
    bars: tuple[strip.Bar, ...]
    why: str
    age_seconds: float | None
    old: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRows:
    """A site's lines. `rest` rooms are not among them; `rest_says` is how they are."""

    site: SiteNow
    fresh: Freshness
    counts: tuple[tuple[State, int], ...]
    rows: tuple[Row, ...]
    rest: int
    rest_says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomList:
    """The lines of a page, the axis of their lessons, and the sites that have no lines."""

    axis: strip.Axis
    sites: tuple[SiteRows, ...]
    further: tuple[SiteRows, ...]


def in_order(district: DistrictNow) -> tuple[SiteNow, ...]:
    """The sites, each `worst_first`: measured ones first, those where a lesson is on, then those with most trouble."""
    ranked: list[tuple[bool, bool, int, int, int, int, SiteNow]] = []
    for site in district.sites:
        troubles = [trouble(room) for room in site.rooms]
        counts = (-troubles.count(0), -troubles.count(1), -troubles.count(2))
        ranked.append((site.simulated, site.lesson is None, *counts, len(ranked), site))
    return tuple(worst_first(site) for *_, site in sorted(ranked, key=lambda rank: rank[:-1]))


def worst_first(site: SiteNow) -> SiteNow:
    """`site` with its worst room first, rooms alike as people count them."""
    rooms = sorted(site.rooms, key=lambda room: (trouble(room), natural(room.room)))
    return replace(site, rooms=tuple(rooms))


def room_list(district: DistrictNow, sites: Sequence[SiteNow], now: datetime) -> RoomList:
    """The lines of the district's page. `sites` are `in_order`."""
    rooms_each = max(1, MOST_ROOMS // max(1, len(sites)))
    return _list(district, sites, rooms_each, now)


def whole_site(district: DistrictNow, site: SiteNow, now: datetime) -> RoomList:
    """The lines of a site's own page: all its rooms. `site` is `worst_first`."""
    return _list(district, (site,), len(site.rooms), now)


def worst_of_each(troubles: Sequence[Trouble]) -> list[Trouble]:
    """At most `MOST_TROUBLES`, in their order: first one of every site, so that one site does not hide the others."""
    seen: Counter[str] = Counter()
    turns = []
    for at, one in enumerate(troubles):
        turns.append((seen[one.room.site], at))
        seen[one.room.site] += 1
    return [troubles[at] for _, at in sorted(sorted(turns)[:MOST_TROUBLES], key=lambda turn: turn[1])]


def trouble(room: RoomNow) -> int:
    """0 for the worst: by state, outside lessons by how the last lesson went."""
    if room.state.state == "no_lesson":
        cell = last_lesson_cell(room)
        return 2 if cell is None else ("bad", "degraded", "unknown", "good").index(cell.quality)
    return ("bad", "degraded", "unknown", "ok").index(room.state.state)


def old(room: RoomNow, district: DistrictNow, now: datetime) -> bool:
    """Whether a room's data is older than measuring and delivery explain."""
    seconds = room.age_seconds(now)
    return seconds is None or seconds > district.stale_seconds


def natural(name: str) -> list[tuple[int, str]]:
    """Sorts room 9 before room 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _list(district: DistrictNow, sites: Sequence[SiteNow], rooms_each: int, now: datetime) -> RoomList:
    listed = {
        # One line would say no less than the line that stands for it.
        site.site: site.rooms[: rooms_each if len(site.rooms) > rooms_each + 1 else None]
        for site in sites[:MOST_SITES]
    }
    axis = strip.axis(room for rooms in listed.values() for room in rooms)
    views = [_site_rows(district, site, listed.get(site.site, ()), axis, now) for site in sites]
    return RoomList(axis=axis, sites=tuple(views[:MOST_SITES]), further=tuple(views[MOST_SITES:]))


def _site_rows(
    district: DistrictNow, site: SiteNow, listed: Sequence[RoomNow], axis: strip.Axis, now: datetime
) -> SiteRows:
    states = [room.state.state for room in site.rooms]
    rest = site.rooms[len(listed) :]
    ranks = [trouble(room) for room in rest]
    words = _NOW if site.lesson else _THEN
    return SiteRows(
        site=site,
        fresh=freshness(site.rooms, district, now),
        counts=tuple((state, count) for state in _STATES if (count := states.count(state))),
        rows=tuple(
            Row(
                room=room,
                bars=strip.bars(room, axis, now),
                why=_why(room, now),
                age_seconds=room.age_seconds(now),
                old=old(room, district, now),
            )
            for room in listed
        ),
        rest=len(rest),
        rest_says=", ".join(f"{count} {word}" for rank, word in enumerate(words) if (count := ranks.count(rank))),
    )


def _why(room: RoomNow, now: datetime) -> str:
    """A row's sentence: outside lessons how the last one went, since the state says nothing then."""
    if room.state.state != "no_lesson":
        return room.evidence
    cell = last_lesson_cell(room)
    return f"Last lesson: {phrases.lesson_result(cell, now)}." if cell else "Nothing of the last lesson."
