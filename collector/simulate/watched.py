"""A scenario, watched: its judged bins go by one after the other, and what technicians would have been told is kept.

Nothing is in memory between two bins but what the registry would hold, so that each bin is a restart.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from collector.alerts.course import LOOK_BACK, go_on, told_until
from collector.alerts.incident import Incident
from collector.alerts.look import look_at
from collector.alerts.sites_found import network_found
from collector.district.district import District, Site
from collector.now import DistrictNow, RoomNow, SiteNow
from collector.simulate.judged import judge_scenario
from collector.simulate.scenario import BIN_SECONDS, REFERENCE_ROOM, Scenario
from collector.verdict.bins import RoomBin
from collector.verdict.room_state import room_state
from collector.verdict.topology import RoomKey

KEPT_BINS = 60
LENGTH = timedelta(seconds=BIN_SECONDS)
SETTLE = timedelta(seconds=125)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A week: what was opened in it, and how many notices one channel got."""

    week: int
    opened: tuple[Incident, ...]
    notices: int
    room_weeks: int


class _Watch:
    """One district's, over time."""

    def __init__(self, scenario: Scenario) -> None:
        self.district = District(
            name=scenario.title,
            calendar=scenario.calendar,
            sites=tuple(Site(site=one.site, name=one.site) for one in scenario.sites),
            rooms=scenario.rooms,
        )
        self.bins: dict[RoomKey, list[RoomBin]] = defaultdict(list)
        self.heard: dict[RoomKey, datetime] = {}
        self.references = frozenset((one.site, REFERENCE_ROOM) for one in scenario.sites if one.reference)
        self.incidents: dict[str, Incident] = {}
        self.notices = 0
        self._names = count()
        self._began: datetime | None = None

    def see(self, start: datetime, judged: list[RoomBin]) -> list[Incident]:
        """One bin goes by; the incidents that it opened."""
        self._began = self._began or start
        for one in judged:
            key = (one.site, one.room)
            self.bins[key].append(one)
            del self.bins[key][:-KEPT_BINS]
            self.heard[key] = start + LENGTH
        at = start + LENGTH + SETTLE
        kept = list(self.incidents.values())
        open_now = [each for each in kept if each.is_open]
        closed = [each for each in kept if each.closed_at is not None and each.closed_at >= at - LOOK_BACK]
        look = look_at(
            self.district,
            self._now(at),
            at=at,
            closed_until=start + LENGTH,
            listening_since=self._began,
            known=frozenset(room for each in open_now for room in each.rooms),
            told_until=told_until(closed, since=at - LOOK_BACK),
            references=self.references,
        )
        course = go_on(
            open_now,
            network_found(look),
            look,
            name=lambda: f"{next(self._names)}",
            is_well=lambda _service: True,
            collector_is_well=lambda _one: True,
        )
        for changed in course.changed:
            grown = changed.grown and not self.incidents[changed.incident].grown
            self.notices += (not changed.is_open and changed.ending != "merged") + grown
        self.notices += len(course.opened)
        self.incidents |= {each.incident: each for each in (*course.opened, *course.changed)}
        return list(course.opened)

    def _now(self, at: datetime) -> DistrictNow:
        lesson = self.district.calendar.lesson_at(at)
        sites = []
        for site in self.district.sites:
            rooms = tuple(self._room((one.site, one.room), at) for one in self.district.rooms if one.site == site.site)
            sites.append(SiteNow(site=site.site, name=site.name, simulated=True, rooms=rooms, lesson=lesson))
        return DistrictNow(
            name=self.district.name,
            time_zone=self.district.time_zone,
            taken_at=at,
            bin_seconds=BIN_SECONDS,
            stale_seconds=SETTLE.total_seconds(),
            sites=tuple(sites),
        )

    def _room(self, key: RoomKey, at: datetime) -> RoomNow:
        bins = self.bins[key]
        return RoomNow(
            site=key[0],
            room=key[1],
            name=key[1],
            simulated=True,
            seats=None,
            agents=1,
            state=room_state(bins[-8:], closed_until=at - SETTLE, in_session=True),
            evidence="",
            strip=(),
            coverage=None,
            newest_report_at=self.heard.get(key),
            readings=(),
            bins=tuple(bins),
        )


def watch_scenario(scenario: Scenario, *, seed: int) -> Iterator[Watched]:
    """Watch its weeks one after the other."""
    watch = _Watch(scenario)
    for number, week in enumerate(judge_scenario(scenario, seed=seed), 1):
        before = watch.notices
        opened: list[Incident] = []
        for day in week.days:
            by_start: dict[datetime, list[RoomBin]] = defaultdict(list)
            for one in day.bins:
                by_start[one.started_at].append(one)
            for start in sorted(by_start):
                opened += watch.see(start, by_start[start])
        yield Watched(
            week=number,
            opened=tuple(watch.incidents[one.incident] for one in opened),
            notices=watch.notices - before,
            room_weeks=len(scenario.rooms),
        )
