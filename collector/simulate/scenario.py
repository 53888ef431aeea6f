"""A scenario: a district that could be, and what goes wrong in it when. Bins are five minutes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from collector.district.calendar import Calendar, Lesson, bin_start
from collector.district.rooms_csv import Room
from collector.simulate.kinds import KINDS, Kind, Touched
from collector.verdict.topology import Place, RoomKey, Topology

BIN_SECONDS = 300
REFERENCE_ROOM = "wiring-closet"
"""Where the wired reference of a site stands: a room without pupils, which no verdict is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSite:
    """A school. `reference` says that a wired agent is there, `agents` how many each room has."""

    site: str
    rooms: tuple[Room, ...]
    reference: bool
    agents: int
    uplink_mbps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of trouble. `groups` are what has it at the same time: rooms that go bad together stand in one group.

    It acts in the weeks from `first_week` to `last_week` (counted from 1) and, where `hours` are given, only between
    these local times. While it can act it does so for `share` (0..1) of the bins, in bursts of `burst_minutes` on
    average, and adds `delay_ms` on average and loses `loss` (0..1). `to` is where agents that moved are now.
    """

    kind: Kind
    groups: tuple[tuple[RoomKey, ...], ...]
    sites: frozenset[str]
    first_week: int
    last_week: int
    hours: tuple[tuple[time, time], ...]
    share: float
    burst_minutes: float
    delay_ms: float
    loss: float
    to: RoomKey | None = None

    @property
    def touched(self) -> Touched:
        """What its kind touches."""
        return KINDS[self.kind]

    def acts_at(self, week: int, local: datetime) -> bool:
        """Whether it can act in a bin of `week` (from 1) that begins at `local`, a local time."""
        in_hours = not self.hours or any(start <= local.time() < end for start, end in self.hours)
        return self.first_week <= week <= self.last_week and in_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A district over `weeks` from `first_monday`, and its faults. `background` is what every room has at times, of its
    own access: the noise of a healthy network. `anchors` are what references measure to on the Internet."""

    name: str
    title: str
    weeks: int
    first_monday: date
    calendar: Calendar
    sites: tuple[MadeSite, ...]
    anchors: tuple[str, ...]
    background: Fault
    faults: tuple[Fault, ...]
    source: str = field(default="", compare=False)

    @property
    def rooms(self) -> tuple[Room, ...]:
        """All rooms with pupils."""
        return tuple(room for site in self.sites for room in site.rooms)

    def topology(self) -> Topology:
        """What hangs on what."""
        places = {(one.site, one.room): Place(ap=one.ap, switch=one.switch, uplink=one.uplink) for one in self.rooms}
        return Topology(places=places, uplink_mbps={one.site: one.uplink_mbps for one in self.sites})

    def monday(self, week: int) -> date:
        """The Monday of `week`, counted from 1."""
        return self.first_monday + timedelta(weeks=week - 1)

    def days(self, week: int) -> tuple[date, ...]:
        """The days of `week` (from 1) that have lessons."""
        monday = self.monday(week)
        return tuple(day for n in range(7) if self.calendar.lessons_on(day := monday + timedelta(days=n)))

    def lessons(self, day: date) -> tuple[tuple[Lesson, tuple[datetime, ...]], ...]:
        """The lessons of `day`, each with the starts of its bins."""
        return tuple((one, _bins(one)) for one in self.calendar.lessons_on(day))

    def starts(self, days: Sequence[date]) -> list[list[datetime]]:
        """The starts of the in-session bins of each of `days`, ascending."""
        return [[start for _, starts in self.lessons(day) for start in starts] for day in days]


def _bins(lesson: Lesson) -> tuple[datetime, ...]:
    """The bins whose middle lies in `lesson`."""
    half = timedelta(seconds=BIN_SECONDS / 2)
    start, found = bin_start(lesson.started_at - half, BIN_SECONDS), []
    while start + half < lesson.ended_at:
        if start + half >= lesson.started_at:
            found.append(start)
        start += timedelta(seconds=BIN_SECONDS)
    return tuple(found)
