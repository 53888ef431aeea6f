"""What the rules look at: the district as it is now, its rooms' lesson bins as letters, and who could be heard."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collector.alerts.burn import REACH, counted
from collector.alerts.lesson_bins import BAD, FINE, NONE, LessonBins, lesson_bins
from collector.district.district import District
from collector.now import DistrictNow, RoomNow, SiteNow
from collector.verdict.topology import RoomKey

CALM_SECONDS = 1800.0
"""So much lesson time without trouble ends it: the hysteresis of every rule."""

FRESH = timedelta(minutes=30)
"""Nobody is told of what was only found out later than this after the lesson."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLook:
    """A room and its lesson bins: `raw` as judged, `marks` without those that are alone."""

    now: RoomNow
    raw: str
    marks: str

    @property
    def key(self) -> RoomKey:
        """Its site and slug."""
        return self.now.site, self.now.room


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteLook:
    """A site. `rooms` are those with something bad in the newest lesson time or that somebody was told of; `newest`
    holds for each of the last bins how many rooms were bad and how many said anything. `heard_at` is the end of the
    newest report of each room that ever reported."""

    now: SiteNow
    bins: LessonBins
    rooms: Mapping[str, RoomLook]
    newest: Sequence[tuple[int, int]]
    heard_at: Mapping[str, datetime]
    references: Set[str]
    fresh: bool

    @property
    def site(self) -> str:
        """Its slug."""
        return self.now.site

    def count(self, seconds: float) -> int:
        """How many bins are that much lesson time."""
        return self.bins.count(seconds)

    def widespread(self, back: int = 0) -> bool:
        """Whether most rooms that said anything were bad in the bin `back` before the newest."""
        at = len(self.newest) - 1 - back
        return at >= 0 and most(*self.newest[at])


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All of it at `at`. `listening_since` is since when this collector can have heard anything; `away` are rooms whose
    machines said that they are not at school; `trouble` what keeps the collector itself from judging."""

    at: datetime
    now: DistrictNow
    sites: Mapping[str, SiteLook]
    listening_since: datetime
    with_agents: Set[RoomKey] = field(default_factory=frozenset)
    away: Set[RoomKey] = field(default_factory=frozenset)
    trouble: str | None = None

    @property
    def in_session(self) -> Sequence[SiteLook]:
        """The sites that have a lesson, or had one just now."""
        return [one for one in self.sites.values() if one.fresh]


def most(bad: int, said: int) -> bool:
    """Whether so many of the rooms that said anything are the site's trouble and none of theirs: 60 % of them and four
    at the least, which chance alone makes of rooms that are bad 5 % of the time less than once in a thousand bins
    (science.md 4.3, L4)."""
    return bad >= 4 and bad >= 0.6 * said


def look_at(
    district: District,
    now: DistrictNow,
    *,
    at: datetime,
    closed_until: datetime,
    listening_since: datetime,
    known: Set[RoomKey] = frozenset(),
    told_until: Mapping[RoomKey, datetime] | None = None,
    references: Set[RoomKey] = frozenset(),
    with_agents: Set[RoomKey] = frozenset(),
    away: Set[RoomKey] = frozenset(),
    trouble: str | None = None,
) -> Look:
    """Look at the district at `at`. `known` rooms are part of what is open; what was `told_until` then is told."""
    told = told_until or {}
    of_calendars: dict[int, LessonBins] = {}
    sites = {}
    for site in now.sites:
        calendar = district.calendar_of(site.site)
        if id(calendar) not in of_calendars:
            of_calendars[id(calendar)] = lesson_bins(calendar, closed_until, seconds=now.bin_seconds, reach=REACH)
        sites[site.site] = _site(site, of_calendars[id(calendar)], at, known=known, told=told, references=references)
    return Look(
        at=at,
        now=now,
        sites=sites,
        listening_since=listening_since,
        with_agents=with_agents,
        away=away,
        trouble=trouble,
    )


def _site(
    site: SiteNow,
    bins: LessonBins,
    at: datetime,
    *,
    known: Set[RoomKey],
    told: Mapping[RoomKey, datetime],
    references: Set[RoomKey],
) -> SiteLook:
    calm = bins.count(CALM_SECONDS)
    tail = LessonBins(starts=bins.starts[-calm:], today=0, seconds=bins.seconds)
    newest = [[0, 0] for _ in tail.starts]
    rooms = {}
    heard = {}
    for room in site.rooms:
        key = (room.site, room.room)
        if room.newest_report_at is not None:
            heard[room.room] = room.newest_report_at
        marks = tail.marks(room.bins, after=told.get(key))
        for place, one in enumerate(marks):
            if one == BAD:
                newest[place][0] += 1
            if one in (BAD, FINE):
                newest[place][1] += 1
        if BAD in marks or key in known:
            raw = bins.marks(room.bins, after=told.get(key))
            rooms[room.room] = RoomLook(now=room, raw=raw, marks=counted(raw, today=bins.today))
    end = bins.end
    return SiteLook(
        now=site,
        bins=bins,
        rooms=rooms,
        newest=[(bad, said) for bad, said in newest],
        heard_at=heard,
        references=frozenset(room for of, room in references if of == site.site),
        fresh=site.lesson is not None or (end is not None and at - end <= FRESH),
    )


def is_calm(marks: str, *, calm: int) -> bool:
    """Whether trouble is over by the last `calm` bins: nothing is bad, and half of them say so."""
    last = marks[-calm:]
    return BAD not in last and 2 * last.count(FINE) >= calm


def unheard(marks: str, *, bins: int) -> bool:
    """Whether nothing was measured in the last `bins`."""
    last = marks[-bins:]
    return len(last) >= bins and last.count(NONE) == len(last)
