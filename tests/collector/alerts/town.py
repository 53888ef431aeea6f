"""A district whose bins are letters, and a watch that looks at it while its clock moves on, bin by bin."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collector.alerts.alert_settings import AlertSettings
from collector.alerts.course import Course
from collector.alerts.watch import AlertWatch
from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.district.rooms_csv import Room
from collector.now import DistrictNow, RoomNow, SiteNow
from collector.registry.registry import Registry
from collector.service_now import ServiceNow
from collector.store.protocol import Arrival
from collector.verdict.bins import ProfileScore, RoomBin
from collector.verdict.causes import Cause, Located
from collector.verdict.room_state import room_state
from tests.collector.live import MovableClock

MONDAY = date(2026, 11, 16)
ZONE = ZoneInfo("Europe/Madrid")
MORNING, AFTERNOON = LessonTime(start=time(8), end=time(12)), LessonTime(start=time(13), end=time(16))
BIN = timedelta(minutes=5)
A_DAY = 84
SETTLE = timedelta(seconds=125)


def a_district(rooms: int = 40, sites: int = 1) -> District:
    """Schools with lessons from eight to twelve and from one to four on week days."""
    calendar = Calendar(time_zone=ZONE, lessons_by_weekday=dict.fromkeys(range(5), (MORNING, AFTERNOON)))
    names = ("oak-hill", "lakeside", "elm-grove", "river-bend", "north")[:sites]
    return District(
        name="Maple Valley",
        calendar=calendar,
        sites=tuple(Site(site=one, name=one.replace("-", " ").title()) for one in names),
        rooms=tuple(Room(site=one, room=str(101 + number)) for one in names for number in range(rooms)),
    )


class NoStore:
    """A store of which only machines that are away are asked."""

    def __init__(self) -> None:
        self.away: list[Arrival] = []

    def newest_reports(self, _kind: str, _since: datetime, _until: datetime) -> list[Arrival]:
        """Those that said so."""
        return self.away


class Town:
    """The district over time. `told` are the courses of all looks at which something happened."""

    def __init__(self, registry: Registry, district: District | None = None, **settings: Any) -> None:
        self.district = district or a_district()
        self.registry = registry
        self.clock = MovableClock(at(8))
        self.settings = AlertSettings.model_validate(settings)
        self.bins: dict[tuple[str, str], list[RoomBin]] = {(one.site, one.room): [] for one in self.district.rooms}
        self.heard: dict[tuple[str, str], datetime] = {}
        self.services: tuple[ServiceNow, ...] = ()
        self.trouble: str | None = None
        self.store = NoStore()
        self.events: list[str] = []
        self._last: datetime | None = None
        self.restart()

    def restart(self) -> None:
        """A watch that knows nothing but the registry."""
        self.watch = AlertWatch(
            district=self.district,
            settings=self.settings,
            registry=self.registry,
            store=self.store,  # type: ignore[arg-type]  # as much of it as is asked
            settle_seconds=SETTLE.total_seconds(),
            clock=self.clock,
        )

    @property
    def now(self) -> DistrictNow:
        """As it is shown now, but for what no rule looks at."""
        at = self.clock()
        sites = []
        for site in self.district.sites:
            lesson = self.district.calendar.lesson_at(at)
            rooms = tuple(self._room(key, in_session=lesson is not None) for key in self.bins if key[0] == site.site)
            sites.append(SiteNow(site=site.site, name=site.name, simulated=False, rooms=rooms, lesson=lesson))
        return DistrictNow(
            name=self.district.name,
            time_zone=ZONE,
            taken_at=at,
            bin_seconds=300,
            stale_seconds=185,
            sites=tuple(sites),
            services=self.services,
        )

    def _room(self, key: tuple[str, str], *, in_session: bool) -> RoomNow:
        bins = self.bins[key]
        state = room_state(bins[-8:], closed_until=self.clock() - SETTLE, in_session=in_session)
        return RoomNow(
            site=key[0],
            room=key[1],
            name=f"Room {key[1]}",
            simulated=False,
            seats=None,
            agents=1,
            state=state,
            evidence=f"Room {key[1]} is {state.state}.",
            strip=(),
            coverage=None,
            newest_report_at=self.heard.get(key),
            readings=(),
            bins=tuple(bins),
        )

    def bin(
        self,
        letters: Mapping[tuple[str, str], str] | str,
        *,
        cause: Cause = "undetermined",
        heard: bool = True,
    ) -> Course:
        """One bin of all rooms goes by (``B`` bad, ``g`` good, ``.`` none, ``?`` too little), and the watch looks.
        Where no lesson is, the time until the next one goes by first."""
        start = self._next_start()
        for key in self.bins:
            letter = letters if isinstance(letters, str) else letters.get(key, "g")
            if letter != ".":
                self.bins[key].append(a_bin(key, start, letter, cause))
                del self.bins[key][:-60]
                if heard:
                    self.heard[key] = start + BIN
        return self.look_at(start + BIN + SETTLE + timedelta(seconds=10))

    def bins_of(self, letters: str, count: int = 1, **given: Any) -> None:
        """So many bins in which all rooms have this letter."""
        for _ in range(count):
            self.bin(letters, **given)

    def look_at(self, moment: datetime) -> Course:
        """Look at that time."""
        self.clock.move(moment - self.clock())
        return self.look()

    def look(self) -> Course:
        """Look now."""
        course = self.watch.look(self.now, trouble=self.trouble)
        self.events += [f"opened {one.about} {one.rule}" for one in course.opened]
        self.events += [f"closed {one.about} {one.ending}" for one in course.changed if not one.is_open]
        return course

    def _next_start(self) -> datetime:
        passed = self.clock() - SETTLE - BIN
        start = passed - timedelta(seconds=passed.timestamp() % 300)
        if self._last is not None:
            start = max(self._last + BIN, start)
        lesson = self.district.calendar.lesson_at(start)
        if lesson is None:
            following = self.district.calendar.next_lesson(start)
            assert following is not None
            start = following.started_at
        self._last = start
        return start


def a_bin(key: tuple[str, str], start: datetime, letter: str, cause: Cause = "undetermined") -> RoomBin:
    """A bin of that letter."""
    bad = letter == "B"
    score = ProfileScore(
        profile="video_lesson",
        qoo=0.0 if bad else 100.0,
        quality="bad" if bad else "good",
        worst="latency" if bad else None,
    )
    made = RoomBin(
        site=key[0],
        room=key[1],
        started_at=start,
        seconds=300,
        valid=letter != "?",
        target="district",
        method="stamp",
        agents=1,
        sent=300,
        received=300,
        probed_share=1.0,
        p50_ms=500.0 if bad else 12.0,
        p95_ms=500.0 if bad else 20.0,
        p99_ms=500.0 if bad else 25.0,
        gateway_p95_ms=2.0,
        gateway_loss=0.0,
        repaired=False,
        scores=() if letter == "?" else (score,),
        profiles_digest="x",
    )
    return replace(made, located=located(cause)) if bad else made


def located(cause: Cause) -> Located:
    """That cause."""
    if cause == "undetermined":
        return Located(cause=cause, confidence="low", rule="L8")
    return Located(cause=cause, confidence="high", rule="L4", bad_peers=38, peers=39)


def at(hour: float, day: int = 0) -> datetime:
    """That local hour, `day` days after the Monday."""
    return datetime.combine(MONDAY, time(0), tzinfo=ZONE) + timedelta(days=day, hours=hour)
