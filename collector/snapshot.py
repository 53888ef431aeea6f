"""Make a `DistrictNow` from what was judged: pure, so that a page can be explained by its inputs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from collector.capacity_now import CapacitySeen
from collector.district.calendar import Lesson
from collector.district.district import District, Site
from collector.district.in_force import profiles_at
from collector.district.rooms_csv import Room
from collector.now import DistrictNow, LessonCell, LessonQuality, RoomNow, SiteNow
from collector.service_now import ServiceNow
from collector.store.protocol import Reading
from collector.verdict.bins import RoomBin
from collector.verdict.evidence import sentence
from collector.verdict.locate.shortfall_now import short_located
from collector.verdict.marks import speaks
from collector.verdict.profiles import Profile, Profiles
from collector.verdict.room_need import Carried, RoomNeed, room_need
from collector.verdict.room_state import State, room_state
from collector.verdict.throughput import Shortfall, ThroughputTest, shortfall, speaking_tests
from collector.verdict.weeks import RoomWeek
from wire.report_words import Direction
from wire.reports import ThroughputReport

STRIP_LESSONS = 8
TROUBLED_SHARE = 1 / 3
"""A lesson is bad when this share of its measured time was bad (our choice); one bad bin in a lesson is not."""

KNOWN_SHARE = 0.5
"""Below this share of measured time a lesson is unknown (our choice)."""

_WORST_FIRST: dict[State, int] = {"bad": 0, "degraded": 1, "unknown": 2, "ok": 3, "no_lesson": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """All that is known at `taken_at`, by room. Bins ascend; `closed_until` is the end of the newest bin
    that can have been judged. `tests` are throughput tests, ascending; `weeks` the last two that had lessons.
    `references` are agents that speak for no room."""

    taken_at: datetime
    closed_until: datetime
    bins: Mapping[tuple[str, str], Sequence[RoomBin]]
    tests: Mapping[tuple[str, str], Sequence[ThroughputTest]]
    readings: Mapping[tuple[str, str], Sequence[Reading]]
    newest_report_at: Mapping[tuple[str, str], datetime]
    agents: Mapping[tuple[str, str], int]
    services: tuple[ServiceNow, ...] = ()
    capacity: tuple[CapacitySeen, ...] = ()
    weeks: Mapping[tuple[str, str], tuple[RoomWeek, ...]] = field(default_factory=dict)
    references: Collection[str] = ()


def snapshot(
    district: District, judged: Judged, *, profiles: Profiles, bin_seconds: int, stale_seconds: float
) -> DistrictNow:
    """The district as it is at ``judged.taken_at``, rooms worst first within their site."""
    now = judged.taken_at
    of_site: dict[str, list[Room]] = defaultdict(list)
    for one in district.rooms:
        of_site[one.site].append(one)
    sites = [
        _site_now(district, site, of_site[site.site], judged, profiles=profiles, stale_seconds=stale_seconds)
        for site in district.sites
    ]
    return DistrictNow(
        name=district.name,
        time_zone=district.time_zone,
        taken_at=now,
        bin_seconds=bin_seconds,
        stale_seconds=stale_seconds,
        sites=tuple(sites),
        services=judged.services,
        capacity=judged.capacity,
        profiles=profiles,
    )


def _site_now(
    district: District, site: Site, rooms: Sequence[Room], judged: Judged, *, profiles: Profiles, stale_seconds: float
) -> SiteNow:
    now = judged.taken_at
    calendar = district.calendar_of(site.site)
    lesson = calendar.lesson_at(now)
    strip = calendar.last_lessons(now, STRIP_LESSONS)
    wanted = _needs(district, rooms, judged.capacity)
    needs = {at: profiles_at(district, site.site, at) for at in (now, *(one.started_at for one in strip))}
    of_rooms = [
        _room_now(
            one,
            judged,
            strip=strip,
            in_session=lesson is not None,
            needs=needs,
            need=wanted.get((one.site, one.room)),
            profiles=profiles,
            time_zone=district.time_zone,
            stale_seconds=stale_seconds,
            simulated=site.simulated,
        )
        for one in rooms
    ]
    return SiteNow(
        site=site.site,
        name=site.name,
        simulated=site.simulated,
        rooms=tuple(sorted(of_rooms, key=lambda one: (_WORST_FIRST[one.state.state], one.room))),
        lesson=lesson,
        last_lesson=lesson or (strip[-1] if strip else None),
        next_lesson=calendar.next_lesson(now),
    )


def _room_now(
    room: Room,
    judged: Judged,
    *,
    strip: Sequence[Lesson],
    in_session: bool,
    needs: Mapping[datetime, Sequence[Profile]],
    need: RoomNeed | None,
    profiles: Profiles,
    time_zone: ZoneInfo,
    stale_seconds: float,
    simulated: bool,
) -> RoomNow:
    key = (room.site, room.room)
    bins = judged.bins.get(key, ())
    newest = judged.newest_report_at.get(key)
    tests = judged.tests.get(key, ())
    short = shortfall(tests, needs[judged.taken_at], judged.taken_at)
    state = room_state(
        bins,
        short=short,
        short_located=short_located(
            short,
            key,
            at=judged.taken_at,
            bins=bins,
            tests=judged.tests,
            references=judged.references,
            profiles=profiles,
        )
        if short
        else None,
        closed_until=judged.closed_until,
        in_session=in_session,
    )
    cells = tuple(
        lesson_cell(
            lesson,
            bins,
            closed_until=judged.closed_until,
            short=_short_in(lesson, tests, needs[lesson.started_at], judged.taken_at),
        )
        for lesson in strip
    )
    closed = sum(cell.closed_seconds for cell in cells)
    return RoomNow(
        site=room.site,
        room=room.room,
        name=room.name,
        simulated=simulated,
        seats=room.seats,
        agents=judged.agents.get(key, 0),
        state=state,
        evidence=sentence(
            state,
            agents=judged.agents.get(key, 0),
            profiles=profiles,
            time_zone=time_zone,
            newest_report_at=newest,
            stale=newest is None or (judged.taken_at - newest).total_seconds() > stale_seconds,
        ),
        strip=cells,
        coverage=min(1.0, sum(cell.valid_seconds for cell in cells) / closed) if closed else None,
        newest_report_at=newest,
        readings=tuple(judged.readings.get(key, ())),
        bins=tuple(bins),
        tests=tuple(tests),
        speaking=tuple(speaking_tests(tests, judged.taken_at)),
        weeks=judged.weeks.get(key, ()),
        need=need,
    )


def _needs(
    district: District, rooms: Sequence[Room], capacity: Iterable[CapacitySeen]
) -> dict[tuple[str, str], RoomNeed]:
    """What each room has to carry, beside what its line was seen to; rooms of as many seats need the same."""
    seen: dict[tuple[str, str], list[ThroughputReport]] = defaultdict(list)
    for test in capacity:
        seen[test.site, test.room].append(test.report)
    by_seats = {
        seats: room_need(seats, district.activities, district.profiles) for seats in {one.seats for one in rooms}
    }
    found = {}
    for one in rooms:
        need = by_seats[one.seats]
        if need is not None:
            reports = seen.get((one.site, one.room), ())
            carried: dict[Direction, Carried] = {
                report.direction: Carried(bps=report.received_bps, at_least=report.at_ceiling)
                for report in reports
                if report.received_bps is not None
            }
            ceilings: dict[Direction, int] = {
                report.direction: report.ceiling_bps for report in reports if report.ceiling_bps is not None
            }
            found[one.site, one.room] = replace(need, carried=carried, ceilings=ceilings)
    return found


def _short_in(
    lesson: Lesson, tests: Sequence[ThroughputTest], profiles: Sequence[Profile], now: datetime
) -> Shortfall | None:
    """What was too little for `lesson` by the tests that spoke when its last one ended, or where none of its own could
    tell, at its end."""
    until = min(lesson.ended_at, now)
    own = [one.ended_at for one in tests if lesson.contains(one.ended_at) and one.sustained is not None]
    return shortfall((one for one in tests if one.ended_at <= until), profiles, max(own, default=until))


def lesson_cell(
    lesson: Lesson, bins: Sequence[RoomBin], *, closed_until: datetime, short: Shortfall | None = None
) -> LessonCell:
    """How `lesson` went, by the bins whose middle lies in it and by what its tests found too little."""
    seconds = {"bad": 0, "degraded": 0, "good": 0}
    for one in filter(speaks, bins):
        if one.headline is not None and lesson.contains(one.started_at + timedelta(seconds=one.seconds / 2)):
            seconds[one.headline.quality] += one.seconds
    valid = sum(seconds.values())
    closed = max(0, int((min(lesson.ended_at, closed_until) - lesson.started_at).total_seconds()))
    return LessonCell(
        lesson=lesson,
        quality=_quality(seconds["bad"], seconds["degraded"], valid, closed, short=short is not None),
        bad_seconds=seconds["bad"],
        degraded_seconds=seconds["degraded"],
        valid_seconds=valid,
        closed_seconds=closed,
        short=short,
    )


def _quality(bad: int, degraded: int, valid: int, closed: int, *, short: bool) -> LessonQuality:
    if not valid or valid < KNOWN_SHARE * closed:
        return "unknown"
    if short or bad >= TROUBLED_SHARE * valid:
        return "bad"
    return "degraded" if bad + degraded >= TROUBLED_SHARE * valid else "good"
