"""What agents ask: to join, to hand over reports, and what to measure."""

import asyncio
import hashlib
import time
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from collector.anchors import SETTLING_MS, anchor_targets
from collector.api.access import TheAgent
from collector.api.bodies import body_of, read_as, read_body
from collector.api.services import Services, TheServices
from collector.ingest.group_commit import Busy
from collector.names import resolvers_for, services_for
from collector.rate import Rate
from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.registry.registry import Refused
from collector.site_reflector import presence_of, reflector_plan, site_targets
from collector.store.protocol import StoreUnavailable
from wire.answers import Problem
from wire.batch import MAX_BODY_BYTES, Acknowledgement, Batch
from wire.codec import encode
from wire.enrolment import (
    AgentConfig,
    Enrolment,
    EnrolmentRequest,
    Ndt7Plan,
    PathPlan,
    ReflectorPlan,
    Service,
    Target,
    ThroughputPlan,
)
from wire.version import WIRE_VERSION

MAX_WRONG_CODES = 30
WRONG_CODE_SECONDS = 60
"""So many wrong enrolment codes in so many seconds are borne, so that nobody tries them all."""
MAX_ENROLMENT_BYTES = 4_096
FALLBACK_INTERVAL_MS = 10_000
TIMEOUT_MS = 2_000
GATEWAY_PORT = 80
PATH_INTERVAL_MS = 900_000
CAPACITY_INTERVAL_MS = 3_600_000
"""Who may test capacity once a day asks in every hour: which of them are out of lessons is known here alone."""
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


def config_for(agent: Agent, services: Services, version: int, references: int) -> AgentConfig:
    """The configuration of one agent that speaks this wire version: the district's reflector beside us, the room's own
    gateway, and for one of so many reference agents the anchors."""
    settings = services.settings
    district = Target(
        alias="district",
        method="stamp",
        host=settings.public_host,
        port=services.reflector_port,
        tcp_port=services.http_port,
        interval_ms=settings.probe_interval_ms,
        timeout_ms=TIMEOUT_MS,
    )
    gateway = Target(
        alias="gateway",
        method="tcp_connect",
        host=None,
        port=GATEWAY_PORT,
        tcp_port=None,
        interval_ms=min(FALLBACK_INTERVAL_MS, settings.report_seconds * 1000),
        timeout_ms=TIMEOUT_MS,
    )
    resolvers: tuple[Target, ...] = ()
    asked: tuple[Service, ...] = ()
    site: tuple[Target, ...] = ()
    reflector: ReflectorPlan | None = None
    if version >= 3:
        resolvers = resolvers_for(agent.role, services.district, settings)
        asked = services_for(agent.role, services.district)
        site = site_targets(
            agent, services.district, services.site_keys, interval_ms=district.interval_ms, timeout_ms=TIMEOUT_MS
        )
        reflector = reflector_plan(agent, services.district, services.site_keys)
        # In the same seconds as the district, so that both together say where a bad one lies.
        gateway = replace(gateway, method="icmp", tcp_port=GATEWAY_PORT, interval_ms=district.interval_ms)
    return AgentConfig(
        version=WIRE_VERSION,
        role=agent.role,
        period_ms=settings.report_seconds * 1000,
        push_interval_ms=settings.push_seconds * 1000,
        targets=(
            district,
            gateway,
            *site,
            *resolvers,
            *_anchors(agent, services, version, references),
        ),
        throughput=_throughput_plan(agent, services),
        services=asked,
        path=_path_plan(agent, services) if version >= 3 else None,
        ndt7=_ndt7_plan(agent, services) if version >= 3 else None,
        presence=presence_of(site),
        reflector=reflector,
    )


def _path_plan(agent: Agent, services: Services) -> PathPlan:
    """Trace the way that is judged."""
    district = services.district
    return PathPlan(
        interval_ms=PATH_INTERVAL_MS,
        targets=("district",),
        site_networks=next((one.networks for one in district.sites if one.site == agent.site), ()),
        district_networks=district.networks,
    )


def _ndt7_plan(agent: Agent, services: Services) -> Ndt7Plan | None:
    port = services.settings.reference_ndt7_port
    return Ndt7Plan(port=port) if port and agent.role == "reference" else None


def _throughput_plan(agent: Agent, services: Services) -> ThroughputPlan | None:
    if not services.settings.throughput:
        return None
    turns = services.leases.turns
    return ThroughputPlan(
        interval_ms=services.settings.throughput_every_seconds * 1000,
        capacity_interval_ms=CAPACITY_INTERVAL_MS if turns.by_schedule(agent) else None,
        capacity_request=turns.wanted(agent.agent),
    )


def _anchors(agent: Agent, services: Services, version: int, references: int) -> tuple[Target, ...]:
    """What one of so many reference agents measures to beyond the district. Not before all others have heard of it, so
    that their share of the packets is less."""
    settled = services.clock().timestamp() * 1000 >= agent.enrolled_ms + SETTLING_MS
    if version < 3 or not references or not settled:
        return ()
    return anchor_targets(
        services.district.anchors,
        packets_a_minute=services.district.anchor_packets_a_minute,
        references=references,
        fastest_ms=services.settings.probe_interval_ms,
        timeout_ms=TIMEOUT_MS,
    )
