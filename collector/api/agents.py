"""What agents ask: to join, to hand over reports, and what to measure."""

import asyncio
import hashlib
import time
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from collector.api.access import TheAgent
from collector.api.agent_config import config_for
from collector.api.bodies import body_of, read_as, read_body
from collector.api.services import TheServices
from collector.ingest.group_commit import Busy
from collector.rate import Rate
from collector.refusal import Refusal
from collector.registry.registry import Refused
from collector.store.protocol import StoreUnavailable
from wire.answers import Problem
from wire.batch import MAX_BODY_BYTES, Acknowledgement, Batch
from wire.codec import encode
from wire.enrolment import AgentConfig, Enrolment, EnrolmentRequest
from wire.version import WIRE_VERSION

MAX_WRONG_CODES = 30
WRONG_CODE_SECONDS = 60
"""So many wrong enrolment codes in so many seconds are borne, so that nobody tries them all."""
MAX_ENROLMENT_BYTES = 4_096
UNTOLD_VERSION = 2
"""The newest wire version whose agents do not tell it when they ask for their configuration."""

router = APIRouter()
_ENROLMENT_REQUEST = TypeAdapter(EnrolmentRequest)
_PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": Problem} for status in (400, 401, 413, 415, 422, 429, 503)
}


@router.post(
    "/v1/reports",
    response_model=Acknowledgement,
    responses=_PROBLEMS,
    openapi_extra=body_of(TypeAdapter(Batch)),
)
async def post_reports(request: Request, agent: TheAgent, services: TheServices) -> Response:
    """Hand over a batch of reports (JSON, plain or gzip). Answered when every report is stored, was there
    before, or is named as rejected; until then the agent keeps them."""
    arrived_at = services.clock()
    body = await read_body(request, MAX_BODY_BYTES)
    encoding = request.headers.get("content-encoding", "").strip().lower()
    try:
        acknowledgement = await services.ingest.take(agent, body, encoding, arrived_at=arrived_at)
    except Refusal as error:
        services.accounts.refused.labels(reason=error.word).inc()
        raise
    except Busy:
        services.accounts.refused.labels(reason="busy").inc()
        raise Refusal(503, "busy", "too many reports are waiting to be stored; send these again later") from None
    except StoreUnavailable:
        services.accounts.refused.labels(reason="store_unavailable").inc()
        raise Refusal(503, "store_unavailable", "the store does not take reports now; send these again later") from None
    return Response(encode(acknowledgement), media_type="application/json")


@router.post("/v1/enrol", responses=_PROBLEMS, openapi_extra=body_of(_ENROLMENT_REQUEST))
async def enrol(request: Request, services: TheServices) -> Enrolment:
    """Join the district with an enrolment code. Asking again with the same code and token is harmless."""
    wrong_codes: Rate = request.app.state.wrong_codes
    if wrong_codes.is_full(time.monotonic()):
        raise Refusal(429, "too_many_attempts", "too many wrong enrolment codes; try again in a minute")
    asked = await read_as(
        _ENROLMENT_REQUEST,
        request,
        MAX_ENROLMENT_BYTES,
        otherwise="an enrolment request has version, code and token_sha256",
        unspoken=422,  # a person is there, who is told at once
    )
    try:
        now_ms = int(services.clock().timestamp() * 1000)
        agent = await asyncio.to_thread(services.registry.enrol, asked, now_ms=now_ms)
    except Refused as error:
        wrong_codes.add(time.monotonic())
        services.accounts.refused.labels(reason=error.word).inc()
        raise Refusal(403, error.word, error.detail) from None
    return Enrolment(version=WIRE_VERSION, agent=agent.agent, site=agent.site, room=agent.room, role=agent.role)


@router.get(
    "/v1/agent/config",
    responses={304: {"description": "Unchanged"}, 401: {"model": Problem}, 422: {"model": Problem}},
)
async def agent_config(
    request: Request, agent: TheAgent, services: TheServices, version: Annotated[int, Query(ge=1)] = UNTOLD_VERSION
) -> AgentConfig:
    """What this agent shall measure, and how often, in words that the wire version it speaks has. Has an ETag."""
    has_anchors = agent.role == "reference" and services.district.anchors
    references = await asyncio.to_thread(services.registry.references) if has_anchors else 0
    config = config_for(agent, services, version, references)
    body = encode(config)
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})  # type: ignore[return-value]
    return Response(body, media_type="application/json", headers={"ETag": etag})  # type: ignore[return-value]
