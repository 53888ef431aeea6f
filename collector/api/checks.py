"""Checks of a room from a browser: the page, and what it asks for."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import ClientDisconnect

from collector.api.access import ask_password
from collector.api.assets import asset_response
from collector.api.bodies import body_of, must_be_json, read_as
from collector.api.bounded_http import TRANSPORT
from collector.api.check_answers import (
    BegunAnswer,
    CheckAnswer,
    PlacesAnswer,
    UploadAnswer,
    begun_answer,
    check_answer,
    places_answer,
)
from collector.api.services import Services, TheServices
from collector.api.throughput import Stream
from collector.api.transfer import transferred
from collector.board.assets import check_script, stylesheet
from collector.board.check_page import check_page
from collector.checks.running import MOST_POST_BYTES, Running
from collector.checks.told import CheckTold
from collector.refusal import Refusal
from collector.throughput.streams import Download, begin
from wire.answers import Problem

MAX_TOLD_BYTES = 65_536
MAX_ASKED_BYTES = 1_024

_NO: dict[int | str, dict[str, object]] = {
    status: {"model": Problem} for status in (400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503)
}


async def _checker(request: Request, services: TheServices) -> None:
    """Teachers are let in without the reader password where the district says so."""
    if not services.settings.check_open:
        ask_password(request, services)


router = APIRouter(dependencies=[Depends(_checker)])


class CheckAsked(BaseModel):
    """A check of this room. `request` is drawn by the browser for each wish: asking again with it, because an answer
    was lost, gets the same check."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    site: Annotated[str, Field(max_length=80)]
    room: Annotated[str, Field(max_length=80)]
    request: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$", examples=["0123456789abcdef"])]


_ASKED = TypeAdapter(CheckAsked)
_TOLD = TypeAdapter(CheckTold)


@router.api_route("/check", methods=["GET", "HEAD"], include_in_schema=False)
def page(request: Request, services: TheServices, lang: str = "") -> Response:
    """The page for teachers."""
    text = check_page(
        asked_language=lang,
        accepted_languages=request.headers.get("accept-language", ""),
        profiles=services.district.profiles,
        off=services.leases.off,
        with_board=not services.settings.check_open,
    )
    return transferred(request, text, headers={"Vary": "Accept-Encoding, Accept-Language"})


@router.api_route("/check.js", methods=["GET", "HEAD"], include_in_schema=False)
def script(request: Request, v: str = "") -> Response:
    """Its script."""
    return asset_response(request, check_script(), "text/javascript", asked_for=v)


@router.api_route("/style.css", methods=["GET", "HEAD"], include_in_schema=False)
def style(request: Request, v: str = "") -> Response:
    """The one style sheet, the board's and the page's."""
    return asset_response(request, stylesheet(), "text/css", asked_for=v)


@router.get("/v1/checks/places", response_model=PlacesAnswer, responses=_NO)
def places(request: Request, services: TheServices) -> Response:
    """Schools and rooms by name, to choose from."""
    return transferred(request, places_answer(services.district).model_dump_json(), media_type="application/json")


@router.post("/v1/checks", responses=_NO, openapi_extra=body_of(_ASKED))
async def begin_check(request: Request, services: TheServices) -> BegunAnswer:
    """Begin to check a room. It must end within its `valid_ms`."""
    must_be_json(request)
    asked = await read_as(_ASKED, request, MAX_ASKED_BYTES, otherwise="a check has site, room and request")
    running = await services.checks.begin(
        asked.site,
        asked.room,
        asked.request,
        source=_source(request, services),
        head_bytes=_head_bytes(request),
    )
    return begun_answer(running)


@router.get("/v1/checks/{check}/ping", status_code=204, responses=_NO)
async def ping(check: str, request: Request, services: TheServices) -> Response:
    """One round trip."""
    _find(services, check).ping(_head_bytes(request))
    return Response(status_code=204)


@router.get(
    "/v1/checks/{check}/down",
    responses=_NO | {200: {"content": {"application/octet-stream": {}}}},
    response_class=Response,
)
async def download(check: str, request: Request, services: TheServices) -> Response:
    """Zeros at the pace of the check, for the browser to count; once for each check."""
    held = services.leases.held_by_token(_find(services, check).lease.lease)
    if not begin(held, "down"):
        raise Refusal(409, "stream_used", "a check has one stream down")
    return Stream(Download(services.leases, held, request.scope.get(TRANSPORT)))


@router.post(
    "/v1/checks/{check}/up",
    responses=_NO,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def upload(check: str, request: Request, services: TheServices) -> UploadAnswer:
    """Takes a piece of what is sent up and counts it as it comes; the answer says whether more is wanted."""
    running = _find(services, check)
    running.begin_post(_head_bytes(request))
    size = 0
    try:
        async with asyncio.timeout(max(0.1, services.leases.left_s(running.held))):
            async for chunk in request.stream():
                running.arrived(len(chunk))
                size += len(chunk)
                if size > MOST_POST_BYTES:
                    raise Refusal(413, "too_large", f"a piece has at most {MOST_POST_BYTES} bytes")
    except TimeoutError:
        raise Refusal(408, "too_slow", "the check is over, and this piece was not there") from None
    except ClientDisconnect:
        raise Refusal(400, "cut_off", "the connection ended in the middle of the piece") from None
    finally:
        running.end_post()
    return UploadAnswer(decided=running.up_decided())


@router.post("/v1/checks/{check}/end", responses=_NO, openapi_extra=body_of(_TOLD))
async def end_check(check: str, request: Request, services: TheServices) -> CheckAnswer:
    """Tell the browser's side. The answer is whether the room can carry the lesson, and it is kept with the room."""
    _find(services, check)
    told = await read_as(_TOLD, request, MAX_TOLD_BYTES, otherwise="not what /openapi.json says of this request")
    return check_answer(await services.checks.end(check, told), services.district.profiles)


@router.delete("/v1/checks/{check}", status_code=204, responses=_NO)
async def drop_check(check: str, services: TheServices) -> Response:
    """The browser goes away in the middle: others may test, and nothing is kept."""
    _find(services, check)
    await services.checks.drop(check)
    return Response(status_code=204)


@router.post("/v1/checks/{check}/tell", status_code=204, responses=_NO)
async def tell(check: str, services: TheServices) -> Response:
    """Whoever checked asks for help: the room's page says so."""
    _find(services, check)
    await services.checks.tell(check)
    return Response(status_code=204)


def _find(services: Services, check: str) -> Running:
    try:
        return services.checks.find(check)
    except Refusal as error:
        services.accounts.refused.labels(reason=error.word).inc()
        raise


def _head_bytes(request: Request) -> int:
    """How long the head of a request is in HTTP/1.1."""
    line = len(request.method) + len(request.url.path) + len(request.url.query) + len("  ? HTTP/1.1\r\n\r\n")
    return line + sum(len(name) + len(value) + 4 for name, value in request.headers.raw)


def _source(request: Request, services: Services) -> str | None:
    """Where the request comes from; behind a proxy that is the proxy, which says nothing."""
    return None if services.settings.behind_proxy or request.client is None else request.client.host
