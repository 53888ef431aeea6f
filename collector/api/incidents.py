"""Incidents as JSON, for programs: what is open, what was lately, and who was told."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from collector.alerts import words
from collector.alerts.calm_hours import is_quiet, under_way
from collector.alerts.finding import Rule, Severity
from collector.alerts.incident import Ending, Incident
from collector.api.access import Reader
from collector.api.answers import Answer
from collector.api.ready import the_district
from collector.api.services import Services, TheServices
from collector.api.transfer import transferred
from collector.refusal import Refusal
from collector.registry.notices import Notice, NoticeKind, NoticeState
from collector.verdict.causes import Cause, Confidence
from wire.answers import Problem

router = APIRouter(dependencies=[Reader])

NEWEST = 20
"""So many of the last ones are told."""


class NoticeAnswer(Answer):
    """What became of telling one channel."""

    channel: str
    kind: NoticeKind
    state: NoticeState
    attempts: int
    changed_at: datetime
    answer: str


class PlaceAnswer(Answer):
    """A room."""

    site: str
    room: str
    name: str


class IncidentAnswer(Answer):
    """One incident. `line` is the whole of it in a sentence or two; `ending` is why it was closed."""

    incident: str
    about: str
    rule: Rule
    severity: Severity
    title: str
    line: str
    sites: list[str]
    rooms: list[PlaceAnswer]
    rooms_now: int
    cause: Cause
    confidence: Confidence | None
    first_step: str
    began_at: datetime
    opened_at: datetime
    ended_at: datetime | None
    closed_at: datetime | None
    ending: Ending | None
    lost_lesson_minutes: int
    notices: list[NoticeAnswer]


class ChannelAnswer(Answer):
    """A channel. Its URL and its addresses are nobody's business here."""

    name: str
    kind: str


class IncidentsAnswer(Answer):
    """`open` are those that last, `recent` the last ones that do not, newest first."""

    taken_at: datetime
    channels: list[ChannelAnswer]
    quiet: bool
    maintenance: list[str]
    open: list[IncidentAnswer]
    recent: list[IncidentAnswer]


@router.get(
    "/v1/incidents",
    response_model=IncidentsAnswer,
    responses={401: {"model": Problem}, 503: {"model": Problem}},
)
def incidents(request: Request, services: TheServices) -> Response:
    """What is in trouble now, what was lately, and who was told of it."""
    return transferred(request, incidents_answer(services).model_dump_json(), media_type="application/json")


def incidents_answer(services: Services) -> IncidentsAnswer:
    """The answer. Raises `Refusal`."""
    district = the_district(services)
    names = words.Names.of(district)
    now = services.clock()
    found, notices = incidents_and_notices(services)
    answers = [_answer(one, names, notices) for one in found]
    settings = services.settings.alerts
    return IncidentsAnswer(
        taken_at=now,
        channels=[ChannelAnswer(name=one.name, kind=one.kind) for one in settings.channels],
        quiet=is_quiet(settings, now, district.time_zone),
        maintenance=[one.name or "maintenance" for one in under_way(settings, now, district.time_zone)],
        open=[one for one in answers if one.closed_at is None],
        recent=[one for one in answers if one.closed_at is not None][:NEWEST],
    )


def incidents_and_notices(services: Services) -> tuple[list[Incident], list[Notice]]:
    """All that are open and the newest, newest first, and what was told of them. Raises `Refusal` 503."""
    try:
        kept = services.registry.incidents
        by_name = {one.incident: one for one in (*kept.newest(NEWEST), *kept.open())}
        found = sorted(by_name.values(), key=lambda one: (one.opened_at, one.incident), reverse=True)
        return found, services.registry.notices.of(by_name)
    except SQLAlchemyError:
        raise Refusal(503, "registry_unavailable", "the registry does not answer; incidents are kept there") from None


def _answer(one: Incident, names: words.Names, notices: list[Notice]) -> IncidentAnswer:
    kind: NoticeKind = "opened" if one.is_open else "closed"
    return IncidentAnswer(
        incident=one.incident,
        about=one.about,
        rule=one.rule,
        severity=one.severity,
        title=words.title(one, names),
        line=words.line(one, names, kind),
        sites=list(one.sites),
        rooms=[PlaceAnswer(site=site, room=room, name=names.room((site, room))) for site, room in one.rooms],
        rooms_now=len(one.active),
        cause=one.cause,
        confidence=one.confidence,
        first_step=words.first_step(one),
        began_at=one.began_at,
        opened_at=one.opened_at,
        ended_at=one.ended_at,
        closed_at=one.closed_at,
        ending=one.ending,
        lost_lesson_minutes=sum(one.lost_s.values()) // 60,
        notices=[
            NoticeAnswer(
                channel=each.channel.partition(":")[0],
                kind=each.kind,
                state=each.state,
                attempts=each.attempts,
                changed_at=datetime.fromtimestamp(each.changed_ms / 1000, one.opened_at.tzinfo),
                answer=each.answer,
            )
            for each in sorted(notices, key=lambda each: each.changed_ms)
            if each.incident == one.incident
        ],
    )
