"""Leases and the two streams of a throughput test."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import TypeAdapter
from starlette.types import ASGIApp, Receive, Scope, Send

from collector.api.access import TheAgent
from collector.api.bodies import body_of, read_as
from collector.api.bounded_http import TRANSPORT
from collector.api.services import Services, TheServices
from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.throughput.leases import Held
from collector.throughput.proxy_check import ProxyCheck
from collector.throughput.streams import Download, Upload, begin
from wire.answers import Problem
from wire.codec import encode
from wire.lease import Lease, LeaseAccount, LeaseEnd, LeaseRequest
from wire.ndt7_allowance import Ndt7Allowance
from wire.report_words import Direction
from wire.version import WIRE_VERSION

T = TypeVar("T")

MAX_LEASE_BYTES = 4_096

router = APIRouter()
_REQUEST = TypeAdapter(LeaseRequest)
_END = TypeAdapter(LeaseEnd)
_PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {"model": Problem} for status in (400, 401, 403, 409, 413, 415, 422)
}


@router.post("/v1/leases", response_model=Lease, responses=_PROBLEMS, openapi_extra=body_of(_REQUEST))
async def ask_for_lease(request: Request, agent: TheAgent, services: TheServices) -> Response:
    """Ask to run one throughput test now. Asking again with the same request gets the same lease."""
    asked = await _read(request, _REQUEST)
    return _json(await services.leases.ask(agent, asked))


@router.post("/v1/leases/{lease}/end", response_model=LeaseAccount, responses=_PROBLEMS, openapi_extra=body_of(_END))
async def end_lease(lease: str, request: Request, agent: TheAgent, services: TheServices) -> Response:
    """Give a lease back; the answer is the collector's side of the test."""
    ended = await _read(request, _END)
    with _refusals_counted(services):
        return _json(await services.leases.end(agent, lease, used_bytes=ended.used_bytes))


@router.get(
    "/v1/leases/{lease}/down",
    responses=_PROBLEMS | {200: {"content": {"application/octet-stream": {}}}},
    response_class=Response,
)
async def download(lease: str, request: Request, agent: TheAgent, services: TheServices) -> Response:
    """Zeros at the pace of the lease, for the agent to count; once for each lease."""
    return Stream(Download(services.leases, _begun(services, agent, lease, "down"), request.scope.get(TRANSPORT)))


@router.post(
    "/v1/leases/{lease}/up",
    responses=_PROBLEMS | {204: {"description": "Enough has arrived"}},
    status_code=204,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def upload(lease: str, request: Request, agent: TheAgent, services: TheServices) -> Response:
    """Takes whatever comes and counts it; answered as soon as the result is decided. Once for each lease."""
    return Stream(Upload(services.leases, _begun(services, agent, lease, "up"), request.scope.get(TRANSPORT)))


@router.get("/v1/ndt7/{token}", response_model=Ndt7Allowance, responses=_PROBLEMS)
async def ndt7_allowance(token: str, agent: TheAgent, services: TheServices) -> Response:
    """What a token allows that was shown to the ndt7 server of a reference: a lease for a capacity test against it."""
    with _refusals_counted(services):
        held = services.leases.held_by_token(token)
        if not held.wish.inside or held.wish.site != agent.site or agent.role != "reference":
            raise Refusal(403, "lease_over", "there is no such lease in this site, or it is over")
    return _json(
        Ndt7Allowance(
            version=WIRE_VERSION,
            valid_ms=int(services.leases.left_s(held) * 1000),
            down_bytes=held.wish.down_limit_bytes,
            up_bytes=held.wish.up_limit_bytes,
        )
    )


@router.post("/v1/proxy-check/{nonce}/up", include_in_schema=False)
async def proxy_check_up(nonce: str, services: TheServices) -> Response:
    """Where the collector's own check of its proxy comes back in."""
    return Stream(_check(services, nonce).take)


@router.get("/v1/proxy-check/{nonce}/down", include_in_schema=False)
async def proxy_check_down(nonce: str, services: TheServices) -> Response:
    """The other direction of it."""
    return Stream(_check(services, nonce).give)


class Stream(Response):
    """Hands the connection to a stream."""

    def __init__(self, stream: ASGIApp) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stream(scope, receive, send)


def _check(services: Services, nonce: str) -> ProxyCheck:
    if services.proxy_check is None or not services.proxy_check.knows(nonce):
        raise Refusal(404, "not_found", "no such page")
    return services.proxy_check


def _begun(services: Services, agent: Agent, lease: str, direction: Direction) -> Held:
    with _refusals_counted(services):
        held = services.leases.held(agent, lease)
        if held.wish.kind != "sufficiency":
            raise Refusal(409, "stream_used", "this lease is for a capacity test, whose streams are ndt7's")
        if not begin(held, direction):
            raise Refusal(409, "stream_used", "a lease allows one stream in each direction")
        return held


@contextmanager
def _refusals_counted(services: Services) -> Iterator[None]:
    try:
        yield
    except Refusal as error:
        services.accounts.refused.labels(reason=error.word).inc()
        raise


async def _read(request: Request, shape: TypeAdapter[T]) -> T:
    return await read_as(shape, request, MAX_LEASE_BYTES, otherwise="not what docs/wire.md says of this request")


def _json(value: Lease | LeaseAccount | Ndt7Allowance) -> Response:
    return Response(encode(value), media_type="application/json")
