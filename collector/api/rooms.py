"""Rooms and sites as JSON: what the board shows, for programs."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from collector.api.access import Reader
from collector.api.answers import (
    Answer,
    BinAnswer,
    CapacityAnswer,
    LessonAnswer,
    ReadingAnswer,
    RoomAnswer,
    RoomsAnswer,
    ScoreAnswer,
    ShortAnswer,
    SiteAnswer,
    SitesAnswer,
    SpanAnswer,
    ThroughputAnswer,
)
from collector.api.check_answers import kept_answer
from collector.api.ready import the_district
from collector.api.room_answer import RoomDetailAnswer, flip_answer, need_answer
from collector.api.services import Services, TheServices
from collector.api.transfer import transferred
from collector.api.week_answers import located_answer
from collector.api.weeks import from_store, week_answers
from collector.capacity_now import CapacitySeen
from collector.district.calendar import Lesson
from collector.now import LessonCell, RoomNow
from collector.refusal import Refusal
from collector.store.protocol import Reading
from collector.verdict.bins import RoomBin
from collector.verdict.room_state import State
from collector.verdict.throughput import Shortfall, ThroughputTest
from wire.answers import Problem

router = APIRouter(dependencies=[Reader])


_NOT_READY: dict[int | str, dict[str, object]] = {401: {"model": Problem}, 503: {"model": Problem}}


@router.get("/v1/rooms", response_model=RoomsAnswer, responses=_NOT_READY)
def rooms(request: Request, services: TheServices) -> Response:
    """Every room's state now, with the evidence in a sentence."""
    district = the_district(services)
    now = services.clock()
    answer = RoomsAnswer(
        district=district.name,
        time_zone=district.time_zone.key,
        taken_at=district.taken_at,
        in_session=district.in_session,
        bin_seconds=district.bin_seconds,
        notice=services.trouble[1] if services.trouble else None,
        rooms=[_answer(one, now) for one in district.rooms()],
    )
    return _json(request, answer)


@router.get(
    "/v1/rooms/{site}/{room}", response_model=RoomDetailAnswer, responses=_NOT_READY | {404: {"model": Problem}}
)
def room(site: str, room: str, request: Request, services: TheServices) -> Response:
    """One room's state now, with the bins and readings behind it."""
    found = the_room(services, site, room)
    now = services.clock()
    judged = from_store(lambda: services.engine.weeks.of_room(site, room))
    capacity = the_district(services).capacity_of(site, room)
    answer = RoomDetailAnswer(
        **dict(_answer(found, now)),
        short=_short(found.state.short),
        readings=[_reading(one, now) for one in found.readings],
        bins=[_bin(one) for one in found.bins],
        throughput=[_throughput(one, found) for one in found.tests],
        capacity=[_capacity(one) for one in capacity],
        check=kept_answer(check) if (check := services.checks.newest(site, room)) else None,
        located=located_answer(found.state.located) if found.state.located else None,
        weeks=week_answers(services, judged, found.name),
        would_change=[flip_answer(one) for one in judged.flips],
        need=need_answer(found.need) if found.need else None,
    )
    return _json(request, answer)


@router.get("/v1/sites", response_model=SitesAnswer, responses=_NOT_READY)
def sites(request: Request, services: TheServices) -> Response:
    """Every site and how many of its rooms are in which state."""
    district = the_district(services)
    answers = []
    for site in district.sites:
        states: dict[State, int] = {}
        for one in site.rooms:
            states[one.state.state] = states.get(one.state.state, 0) + 1
        answers.append(
            SiteAnswer(
                site=site.site,
                name=site.name,
                simulated=site.simulated,
                rooms=len(site.rooms),
                states=states,
                in_session=site.lesson is not None,
                last_lesson=_span(site.last_lesson),
                next_lesson=_span(site.next_lesson),
            )
        )
    return _json(request, SitesAnswer(taken_at=district.taken_at, sites=answers))


def the_room(services: Services, site: str, room: str) -> RoomNow:
    """One room of the newest snapshot. Raises `Refusal` 404 ``unknown_room``."""
    found = the_district(services).room(site, room)
    if found is None:
        raise Refusal(404, "unknown_room", "no such room; /v1/rooms lists them")
    return found


def _json(request: Request, answer: Answer) -> Response:
    """The answer as text already, because FastAPI would write 5,000 rooms on the event loop."""
    return transferred(request, answer.model_dump_json(), media_type="application/json")


def _answer(one: RoomNow, now: datetime) -> RoomAnswer:
    return RoomAnswer(
        site=one.site,
        room=one.room,
        room_name=one.name,
        state=one.state.state,
        cause=one.state.cause,
        worst=one.state.worst,
        profile=one.state.profile,
        evidence=one.evidence,
        simulated=one.simulated,
        coverage=one.coverage,
        newest_data_age_seconds=one.age_seconds(now),
        seats=one.seats,
        agents=one.agents,
        lessons=[_lesson(cell) for cell in one.strip],
    )


def _span(lesson: Lesson | None) -> SpanAnswer | None:
    return None if lesson is None else SpanAnswer(started_at=lesson.started_at, ended_at=lesson.ended_at)


def _lesson(cell: LessonCell) -> LessonAnswer:
    return LessonAnswer(
        started_at=cell.lesson.started_at,
        ended_at=cell.lesson.ended_at,
        quality=cell.quality,
        closed_seconds=cell.closed_seconds,
        valid_seconds=cell.valid_seconds,
        bad_seconds=cell.bad_seconds,
        degraded_seconds=cell.degraded_seconds,
        short=_short(cell.short),
    )


def _short(one: Shortfall | None) -> ShortAnswer | None:
    if one is None:
        return None
    return ShortAnswer(
        profile=one.profile,
        direction=one.test.direction,
        needed_bps=one.need_bps,
        received_bps=one.test.received_bps,
        ended_at=one.test.ended_at,
    )


def _throughput(one: ThroughputTest, room: RoomNow) -> ThroughputAnswer:
    return ThroughputAnswer(
        direction=one.direction,
        ended_at=one.ended_at,
        duration_ms=one.duration_ms,
        required_bps=one.required_bps,
        offered_bps=one.offered_bps,
        received_bps=one.received_bps,
        sustained=one.sustained,
        speaks=one in room.speaking,
        used_bytes=one.used_bytes,
        ended_by=one.ended_by,
        idle_rtt_ms=one.idle_rtt_ms,
        working_p95_ms=one.working_p95_ms,
        failure=one.failure,
        at_ceiling=one.at_ceiling,
    )


def _capacity(one: CapacitySeen) -> CapacityAnswer:
    return CapacityAnswer(
        direction=one.report.direction,
        ended_at=one.ended_at,
        duration_ms=one.report.duration_ms,
        received_bps=one.report.received_bps,
        at_ceiling=one.report.at_ceiling,
        used_bytes=one.report.used_bytes,
        asked_by=one.report.asked_by,
        ended_by=one.report.ended_by,
        idle_rtt_ms=one.idle_rtt_ms,
        working_p95_ms=one.working_p95_ms,
        failure=one.report.failure,
    )


def _reading(one: Reading, now: datetime) -> ReadingAnswer:
    return ReadingAnswer(
        target=one.target,
        method=one.method,
        age_seconds=max(0.0, (now - one.ended_at).total_seconds()),
        p50_ms=one.p50_ms,
        p95_ms=one.p95_ms,
        loss=one.loss,
        sent=one.sent,
        failure=one.failure,
        clock_repaired=one.repaired,
    )


def _bin(one: RoomBin) -> BinAnswer:
    return BinAnswer(
        started_at=one.started_at,
        seconds=one.seconds,
        valid=one.valid,
        method=one.method,
        p50_ms=one.p50_ms,
        p95_ms=one.p95_ms,
        p99_ms=one.p99_ms,
        loss=one.loss,
        gateway_p95_ms=one.gateway_p95_ms,
        gateway_loss=one.gateway_loss,
        anchor=one.anchor,
        anchor_p95_ms=one.anchor_p95_ms,
        anchor_loss=one.anchor_loss,
        cause=one.located.cause if one.located else None,
        confidence=one.located.confidence if one.located else None,
        clock_repaired=one.repaired,
        scores=[
            ScoreAnswer(profile=score.profile, qoo=score.qoo, quality=score.quality, worst=score.worst)
            for score in one.scores
        ],
    )
