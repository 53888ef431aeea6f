"""Rooms and sites as JSON: what the board shows, for programs."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from collector.api.access import Reader
from collector.api.services import Services, TheServices
from collector.ingest.decode import Refusal
from collector.now import DistrictNow, LessonCell, RoomNow
from collector.store.protocol import Reading
from collector.verdict.bins import RoomBin
from collector.verdict.qoo import Dimension
from collector.verdict.room_state import Cause, State
from wire.answers import Problem

router = APIRouter(dependencies=[Reader])


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class LessonAnswer(_Answer):
    """A lesson and how it went. Seconds of it: judged so far, measured enough, bad, degraded."""

    started_at: datetime
    ended_at: datetime
    quality: Literal["bad", "degraded", "good", "unknown"]
    closed_seconds: int
    valid_seconds: int
    bad_seconds: int
    degraded_seconds: int


class ReadingAnswer(_Answer):
    """The newest measurement to one target; `loss` is a share, 0..1."""

    target: str
    method: str
    age_seconds: float
    p50_ms: float | None
    p95_ms: float | None
    loss: float | None
    sent: int
    failure: str | None
    clock_repaired: bool


class ScoreAnswer(_Answer):
    """How one profile fared in one bin; `qoo` is 0..100."""

    profile: str
    qoo: float
    quality: Literal["bad", "degraded", "good"]
    worst: Dimension | None


class BinAnswer(_Answer):
    """One judged bin. `p99_ms` is evidence and does not enter the score."""

    started_at: datetime
    seconds: int
    valid: bool
    method: str
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    loss: float | None
    gateway_p95_ms: float | None
    gateway_loss: float | None
    clock_repaired: bool
    scores: list[ScoreAnswer]


class RoomAnswer(_Answer):
    """One room now. `coverage` is the share (0..1) of the last lessons' judged time that was measured enough."""

    site: str
    room: str
    state: State
    cause: Cause
    worst: Dimension | None
    profile: str | None
    evidence: str
    simulated: bool
    coverage: float | None
    newest_data_age_seconds: float | None
    seats: int | None
    agents: int
    lessons: list[LessonAnswer]


class RoomDetailAnswer(RoomAnswer):
    """One room with its evidence."""

    readings: list[ReadingAnswer]
    bins: list[BinAnswer]


class RoomsAnswer(_Answer):
    """Every room of the district, site by site, worst first."""

    district: str
    time_zone: str
    taken_at: datetime
    in_session: bool
    bin_seconds: int
    rooms: list[RoomAnswer]


class SiteAnswer(_Answer):
    """A site with its number of rooms in each state."""

    site: str
    name: str
    simulated: bool
    rooms: int
    states: dict[State, int]


class SitesAnswer(_Answer):
    """Every site of the district."""

    taken_at: datetime
    sites: list[SiteAnswer]


_NOT_READY: dict[int | str, dict[str, object]] = {401: {"model": Problem}, 503: {"model": Problem}}


@router.get("/v1/rooms", responses=_NOT_READY)
def rooms(services: TheServices) -> RoomsAnswer:
    """Every room's state now, with the evidence in a sentence."""
    district = the_district(services)
    now = services.clock()
    return RoomsAnswer(
        district=district.name,
        time_zone=district.time_zone.key,
        taken_at=district.taken_at,
        in_session=district.lesson is not None,
        bin_seconds=district.bin_seconds,
        rooms=[_answer(one, now) for one in district.rooms()],
    )


@router.get("/v1/rooms/{site}/{room}", responses=_NOT_READY | {404: {"model": Problem}})
def room(site: str, room: str, services: TheServices) -> RoomDetailAnswer:
    """One room's state now, with the bins and readings behind it."""
    found = the_room(services, site, room)
    now = services.clock()
    return RoomDetailAnswer(
        **dict(_answer(found, now)),
        readings=[_reading(one, now) for one in found.readings],
        bins=[_bin(one) for one in found.bins],
    )


@router.get("/v1/sites", responses=_NOT_READY)
def sites(services: TheServices) -> SitesAnswer:
    """Every site and how many of its rooms are in which state."""
    district = the_district(services)
    answers = []
    for site in district.sites:
        states: dict[State, int] = {}
        for one in site.rooms:
            states[one.state.state] = states.get(one.state.state, 0) + 1
        answers.append(
            SiteAnswer(site=site.site, name=site.name, simulated=site.simulated, rooms=len(site.rooms), states=states)
        )
    return SitesAnswer(taken_at=district.taken_at, sites=answers)


def the_district(services: Services) -> DistrictNow:
    """The newest snapshot. Raises `Refusal` 503 before the first."""
    district = services.engine.now
    if district is None:
        raise Refusal(503, "not_ready", "the collector is starting; ask again in a few seconds")
    return district


def the_room(services: Services, site: str, room: str) -> RoomNow:
    """One room of the newest snapshot. Raises `Refusal` 404 ``unknown_room``."""
    found = the_district(services).room(site, room)
    if found is None:
        raise Refusal(404, "unknown_room", "no such room; /v1/rooms lists them")
    return found


def _answer(one: RoomNow, now: datetime) -> RoomAnswer:
    return RoomAnswer(
        site=one.site,
        room=one.room,
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


def _lesson(cell: LessonCell) -> LessonAnswer:
    return LessonAnswer(
        started_at=cell.lesson.started_at,
        ended_at=cell.lesson.ended_at,
        quality=cell.quality,
        closed_seconds=cell.closed_seconds,
        valid_seconds=cell.valid_seconds,
        bad_seconds=cell.bad_seconds,
        degraded_seconds=cell.degraded_seconds,
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
        clock_repaired=one.repaired,
        scores=[
            ScoreAnswer(profile=score.profile, qoo=score.qoo, quality=score.quality, worst=score.worst)
            for score in one.scores
        ],
    )
