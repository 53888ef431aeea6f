"""What was mailed of the weekly pages, and mailing one now."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy.exc import SQLAlchemyError

from collector.api.access import Reader
from collector.api.answers import Answer
from collector.api.bodies import body_of, must_be_json, read_as
from collector.api.briefs import the_brief
from collector.api.services import Services, TheServices
from collector.api.transfer import transferred
from collector.api.weeks import WeekText
from collector.iso_week import week_text
from collector.mail.mail_status import MailingNow, MailStatus, Shown, mail_status, mailings_of_week
from collector.refusal import Refusal
from wire.answers import Problem

T = TypeVar("T")

MAX_BYTES = 1_024
WAIT_SECONDS = 8.0
"""How long an answer waits for servers; what is under way then goes on, and the next question tells of it."""
LOOK_SECONDS = 0.1

router = APIRouter(dependencies=[Reader])


class MailingAnswer(Answer):
    """One page for one recipient. `to` is the address, masked; `site` is ``null`` for the page of the whole district.

    `state` is ``waiting`` (with `due_at`), ``sending``, ``sent``, ``refused`` (for now, with `next_try_at`), ``failed``
    (for good), or ``possibly_sent``: the server may have it, and it is not sent again. `answer` and `code` are what the
    server said last.
    """

    week: str
    first_day: date
    site: str | None
    to: str
    state: Shown
    attempts: int
    due_at: datetime | None
    changed_at: datetime | None
    next_try_at: datetime | None
    code: int | None
    answer: str | None


class NextPageAnswer(Answer):
    """When the next page is due, and of which week."""

    site: str | None
    week: str
    due_at: datetime


class MailingsAnswer(Answer):
    """The newest weeks' mailings and those to come, newest first. While `dry_run` nothing is mailed, `notice` says why,
    and `next` what would be. Times are UTC; `time_zone` is the district's."""

    time_zone: str
    dry_run: bool
    notice: str | None
    next: list[NextPageAnswer]
    mailings: list[MailingAnswer]


class MailedAnswer(Answer):
    """What became of a week's page for each of its recipients."""

    week: str
    mailings: list[MailingAnswer]


class _Nothing(BaseModel):
    """An empty object."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_REQUEST = TypeAdapter(_Nothing)


@router.get(
    "/v1/mailings",
    response_model=MailingsAnswer,
    responses={401: {"model": Problem}, 503: {"model": Problem}},
)
def mailings(request: Request, services: TheServices) -> Response:
    """To whom the weekly pages were mailed, and to whom they will be."""
    found = the_mailings(services)
    answer = MailingsAnswer(
        time_zone=services.district.time_zone.key,
        dry_run=found.idle_because is not None,
        notice=found.idle_because,
        next=[NextPageAnswer(site=one.site, week=week_text(one.week), due_at=one.at) for one in found.next],
        mailings=[_answer(one) for one in found.mailings],
    )
    return transferred(request, answer.model_dump_json(), media_type="application/json")


@router.post(
    "/v1/briefs/{week}/mail",
    responses={status: {"model": Problem} for status in (400, 401, 404, 408, 409, 413, 415, 422, 503)},
    openapi_extra=body_of(_REQUEST),
)
async def mail_now(week: WeekText, request: Request, services: TheServices) -> MailedAnswer:
    """Mail a week's page now to everybody who has not got it. What was sent, or may have been, is not sent again."""
    must_be_json(request)
    await read_as(_REQUEST, request, MAX_BYTES, otherwise="nothing is to be said but the week: send {}")
    brief = await asyncio.to_thread(the_brief, services, week, None)
    if services.post.idle_because is not None:
        raise Refusal(409, "dry_run", services.post.idle_because)
    services.post.ask(brief.week)
    until = asyncio.get_running_loop().time() + WAIT_SECONDS
    while services.post.asked(brief.week) and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110  # of a thread
        await asyncio.sleep(LOOK_SECONDS)
    kept = partial(mailings_of_week, services.post, services.registry.mailings, brief.week)
    found = await asyncio.to_thread(_from_registry, kept)
    return MailedAnswer(week=week_text(brief.week), mailings=[_answer(one) for one in found])


def the_mailings(services: Services) -> MailStatus:
    """What was mailed and will be. Raises `Refusal` 503."""
    kept, settings = services.registry.mailings, services.settings.brief
    return _from_registry(lambda: mail_status(services.post, kept, settings, services.clock()))


def _from_registry(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except SQLAlchemyError:
        raise Refusal(503, "registry_unavailable", "the registry does not answer; mailings are kept there") from None


def _answer(one: MailingNow) -> MailingAnswer:
    return MailingAnswer(
        week=week_text(one.week),
        first_day=one.week,
        site=one.site,
        to=one.to,
        state=one.state,
        attempts=one.attempts,
        due_at=one.due_at,
        changed_at=one.changed_at,
        next_try_at=one.next_try_at,
        code=one.code,
        answer=one.answer,
    )
