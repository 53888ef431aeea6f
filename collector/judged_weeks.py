"""The weeks that were judged, read from the store when somebody asks."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic
from typing import Protocol

from collector.district.calendar import Calendar
from collector.now import DistrictNow
from collector.verdict.days import RoomDay, Seconds
from collector.verdict.flips import Flip, what_would_change
from collector.verdict.topology import RoomKey
from collector.verdict.week_sentence import VERDICT_WORDS
from collector.verdict.weeks import RoomWeek
from wire.histogram import Histogram

FRESH_SECONDS = 30
"""How long a week that was read is believed: many readers renew the board, and late reports change a week seldom."""

ROOM_WEEKS = 12
"""Weeks of a room that are shown at a time: a term."""

_SEVERITY = tuple(VERDICT_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedWeek:
    """A room's week and what room and site are called now, by their slugs where they have left the district."""

    week: RoomWeek
    site_name: str
    room_name: str
    simulated: bool
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWeeks:
    """The newest weeks of one room, ascending, and what would change the verdict of the last."""

    weeks: tuple[RoomWeek, ...] = ()
    flips: tuple[Flip, ...] = ()


class WeekStore(Protocol):
    """What is asked of a store."""

    def newest_week(self) -> date | None:
        """The Monday of the newest week that was written; ``None`` when none was."""
        ...

    def room_weeks_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> Mapping[tuple[str, str], list[RoomWeek]]:
        """Per room, its weeks whose Mondays lie from `first` to `last`, both included, ascending."""
        ...


class JudgedWeeks:
    """The weeks of one district. May be asked by any thread; every question may raise `StoreUnavailable`."""

    def __init__(self, store: WeekStore, *, elapsed_s: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._elapsed_s = elapsed_s
        self._read: tuple[float, dict[RoomKey, RoomWeek]] | None = None

    def newest(self) -> date | None:
        """The Monday of the newest week that was judged; ``None`` before the first."""
        return self._store.newest_week()

    def of_week(self, monday: date) -> dict[RoomKey, RoomWeek]:
        """Every room's week, those of rooms that have left the district since among them; empty where none was judged.
        A room is missing where it had no lessons in that week, or was not there."""
        read, now_s = self._read, self._elapsed_s()
        if read is not None and now_s - read[0] < FRESH_SECONDS and next(iter(read[1].values())).week == monday:
            return read[1]
        found = {key: weeks[-1] for key, weeks in self._store.room_weeks_between(monday, monday).items() if weeks}
        if found:
            self._read = now_s, found
        return found

    def of_room(self, site: str, room: str) -> RoomWeeks:
        """The newest `ROOM_WEEKS` of one room and what would change the last; none before the first of the district."""
        newest = self.newest()
        if newest is None:
            return RoomWeeks()
        key = (site, room)
        first = newest - timedelta(weeks=ROOM_WEEKS - 1)
        weeks = tuple(self._store.room_weeks_between(first, newest, room=key).get(key, ()))
        if not weeks:
            return RoomWeeks()
        before = weeks[-2] if len(weeks) > 1 else None
        return RoomWeeks(weeks=weeks, flips=what_would_change(weeks[-1], _as_days(weeks[-1]), before))


def _as_days(week: RoomWeek) -> list[RoomDay]:
    """Days that say together what `week` was judged by."""
    return [
        RoomDay(
            site=week.site,
            room=week.room,
            day=week.week,
            started_at=datetime.combine(week.week, time.min, UTC),
            closed_seconds=0,
            seconds=Seconds(),
            by_profile={},
            sent=0,
            received=0,
            histogram=Histogram(),
            worst=None,
            profile=None,
            profiles_digest="",
            bin_seconds=week.bin_seconds,
            marks=marks,
            tests={} if number else week.tests,
            causes={} if number else week.causes,
        )
        for number, marks in enumerate(week.marks.split("|"))
    ]


def worst_first(weeks: Iterable[RoomWeek], district: DistrictNow) -> list[NamedWeek]:
    """The weeks by severity: restricted rooms by how much is bad at the least, those at risk by how much is, then those
    of which nothing is known; rooms alike as people count them."""
    rooms = {(one.site, one.room): (site, one) for site in district.sites for one in site.rooms}
    named = []
    for one in weeks:
        site, room = rooms.get((one.site, one.room), (district.site(one.site), None))
        named.append(
            NamedWeek(
                week=one,
                site_name=site.name if site else one.site,
                room_name=room.name if room else one.room,
                simulated=site.simulated if site else False,
                known=room is not None,
            )
        )
    return sorted(named, key=_severity)


def _severity(one: NamedWeek) -> tuple[int, float, float, str, list[tuple[int, str]]]:
    week = one.week
    share = -(week.bad_share or 0)
    surely = -(week.lower or 0) if week.verdict == "restricted" else share
    parts = re.split(r"(\d+)", one.room_name)
    counted = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
    return _SEVERITY.index(week.verdict), surely, share, one.site_name, counted


def lesson_days(week: RoomWeek, calendar: Calendar) -> Sequence[date | None]:
    """The day of each stretch of its marks; ``None`` where the calendar was another when it was judged."""
    stretches = week.marks.split("|") if week.marks else []
    days = [day for day in (week.week + timedelta(days=n) for n in range(7)) if calendar.lessons_on(day)]
    return days if len(days) == len(stretches) else [None] * len(stretches)
