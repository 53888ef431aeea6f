"""What the board and the API show: every room as it is now, judged once and read many times.

A `DistrictNow` is made after each round of judging and never changes; ages are worked out by the
reader from `newest_report_at`, so that they are right at the moment of reading.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from collector.capacity_now import CapacitySeen
from collector.district.calendar import Lesson
from collector.service_now import ServiceNow
from collector.store.protocol import Reading
from collector.verdict.bins import RoomBin
from collector.verdict.profiles import Profiles, default_profiles
from collector.verdict.room_need import RoomNeed
from collector.verdict.room_state import RoomState
from collector.verdict.throughput import Shortfall, ThroughputTest
from collector.verdict.weeks import RoomWeek

LessonQuality = Literal["bad", "degraded", "good", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonCell:
    """One cell of a room's heat strip: how a lesson went, so far when it is still on.

    `closed_seconds` is how much of the lesson has been judged by now, `valid_seconds` how much of that
    was measured enough; of these, `bad_seconds` were bad and `degraded_seconds` degraded. `short` is what the lesson's
    last throughput tests found too little.
    """

    lesson: Lesson
    quality: LessonQuality
    bad_seconds: int
    degraded_seconds: int
    valid_seconds: int
    closed_seconds: int
    short: Shortfall | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomNow:
    """One room as it is now. `room` is its slug, `name` what it is called.

    `evidence` is one plain sentence, two at most. `coverage` is the share of the strip's closed
    lesson time that was measured enough, ``None`` before any closed. `readings` are newest reports by target.
    `tests` are the throughput tests of the strip's time, ascending; `speaking` those of them that say what the rate is
    now, down before up.
    `agents` counts the room's enrolled agents that are not revoked. `weeks` are its last two weeks that had lessons and
    are over, the older one first. `need` is what the room has to carry, ``None`` where its seats are not known.
    """

    site: str
    room: str
    name: str
    simulated: bool
    seats: int | None
    agents: int
    state: RoomState
    evidence: str
    strip: tuple[LessonCell, ...]
    coverage: float | None
    newest_report_at: datetime | None
    readings: tuple[Reading, ...]
    bins: tuple[RoomBin, ...]
    tests: tuple[ThroughputTest, ...] = ()
    speaking: tuple[ThroughputTest, ...] = ()
    weeks: tuple[RoomWeek, ...] = ()
    need: RoomNeed | None = None

    def age_seconds(self, now: datetime) -> float | None:
        """Seconds since the end of the newest report, never negative; ``None`` when there is none."""
        if self.newest_report_at is None:
            return None
        return max(0.0, (now - self.newest_report_at).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteNow:
    """A site and its rooms, worst first. `lesson` is on now, ``None`` out of session; `last_lesson` is the latest that
    has begun there."""

    site: str
    name: str
    simulated: bool
    rooms: tuple[RoomNow, ...]
    lesson: Lesson | None = None
    last_lesson: Lesson | None = None
    next_lesson: Lesson | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictNow:
    """The district at `taken_at`. Each site has its own lessons.

    Data older than `stale_seconds` is older than measuring and delivery explain. `services` are those of the district's
    list, in its order, `capacity` the newest tests of how much there is; no room is judged by either. Rooms are judged
    by `profiles`.
    """

    name: str
    time_zone: ZoneInfo
    taken_at: datetime
    bin_seconds: int
    stale_seconds: float
    sites: tuple[SiteNow, ...]
    services: tuple[ServiceNow, ...] = ()
    capacity: tuple[CapacitySeen, ...] = ()
    profiles: Profiles = field(default_factory=default_profiles)

    @property
    def in_session(self) -> bool:
        """Whether a lesson is on at any site."""
        return any(one.lesson is not None for one in self.sites)

    def rooms(self) -> Iterator[RoomNow]:
        """Every room, site by site."""
        for site in self.sites:
            yield from site.rooms

    def room(self, site: str, room: str) -> RoomNow | None:
        """The room `room` of `site`, or ``None``."""
        return next((one for one in self.rooms() if (one.site, one.room) == (site, room)), None)

    def capacity_of(self, site: str, room: str) -> list[CapacitySeen]:
        """How much the line of that room gave, by direction."""
        return [one for one in self.capacity if (one.site, one.room) == (site, room)]

    def site(self, site: str) -> SiteNow | None:
        """The site `site`, or ``None``."""
        return next((one for one in self.sites if one.site == site), None)
