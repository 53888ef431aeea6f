"""Evidence packs: everything of a room or an uplink over a range of days, as a zip to hand over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from tempfile import SpooledTemporaryFile
from threading import BoundedSemaphore
from typing import IO, Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from collector.api.access import Reader
from collector.api.ready import the_district
from collector.api.rooms import the_room
from collector.api.services import Services, TheServices
from collector.api.weeks import from_store
from collector.evidence.evidence import AT_ONCE
from collector.evidence.span import MOST_DAYS, USUAL_DAYS, BadSpan, Span, span_of
from collector.refusal import Refusal
from wire.answers import Problem

IN_MEMORY_BYTES = 1_000_000
"""A greater pack goes through a file that has no name."""

_CHUNK_BYTES = 65_536
_MEDIA_TYPE = "application/zip"
_ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}, "description": "The pack"},
    401: {"model": Problem},
    404: {"model": Problem},
    422: {"model": Problem},
    503: {"model": Problem},
}

router = APIRouter(dependencies=[Reader])

_First = Annotated[
    date | None,
    Query(alias="from", description=f"The first local day; by default {USUAL_DAYS} days up to the last one"),
]
_Last = Annotated[date | None, Query(alias="to", description=f"The last, today by default; at most {MOST_DAYS} days")]


def _asked(services: TheServices, first: _First = None, last: _Last = None) -> Span:
    try:
        return span_of(first, last, today=services.clock().astimezone(services.district.time_zone).date())
    except BadSpan as error:
        raise Refusal(422, "bad_range", str(error)) from None


Asked = Annotated[Span, Depends(_asked)]


@router.get("/v1/evidence/rooms/{site}/{room}.zip", response_class=StreamingResponse, responses=_ANSWERS)
def room_evidence(site: str, room: str, span: Asked, services: TheServices) -> StreamingResponse:
    """Every bin, day, week and throughput test of a room, with the page that says how they came about."""
    found = the_room(services, site, room)
    capacity = the_district(services).capacity_of(site, room)
    return _packed(
        services,
        f"{site}-{room}",
        span,
        lambda out: services.evidence.write_room(out, (site, room), span, name=found.name, capacity=capacity),
    )


@router.get("/v1/evidence/uplinks/{uplink}.zip", response_class=StreamingResponse, responses=_ANSWERS)
def uplink_evidence(uplink: str, span: Asked, services: TheServices) -> StreamingResponse:
    """What an uplink carried, every five minutes and week by week, with the page that says how that was counted."""
    if not services.evidence.knows(uplink):
        raise Refusal(404, "unknown_uplink", "no such uplink; wanted is district, or site: and the id of a site")
    return _packed(
        services,
        uplink.replace(":", "-"),
        span,
        lambda out: services.evidence.write_uplink(out, uplink, span),
    )


def _packed(services: Services, of: str, span: Span, write: Callable[[IO[bytes]], None]) -> StreamingResponse:
    """The pack, made whole before the first byte is sent: what fails on the way is an answer and no broken archive."""
    with _turn(services.evidence.turns):
        out = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  # lives until it is sent
        try:
            from_store(lambda: write(out))
        except BaseException:
            out.close()
            raise
    length = out.tell()
    out.seek(0)
    name = f"bandroom-evidence-{of}-{span.first}-{span.last}.zip"
    return StreamingResponse(
        _sent(out),
        media_type=_MEDIA_TYPE,
        headers={"Content-Length": str(length), "Content-Disposition": f'attachment; filename="{name}"'},
    )


@contextmanager
def _turn(turns: BoundedSemaphore) -> Iterator[None]:
    """Hold a turn. Raises `Refusal` 503 ``busy`` where all are held."""
    if not turns.acquire(blocking=False):
        raise Refusal(503, "busy", f"{AT_ONCE} evidence packs are being made; ask again in a minute")
    try:
        yield
    finally:
        turns.release()


def _sent(out: "SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    with out:
        while chunk := out.read(_CHUNK_BYTES):
            yield chunk
