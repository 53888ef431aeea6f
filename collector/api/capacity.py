"""An admin asks for a capacity test of a room, now."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from collector.api.access import Reader
from collector.api.answers import Answer
from collector.api.bodies import body_of, must_be_json, read_as
from collector.api.services import TheServices
from collector.refusal import Refusal
from wire.answers import Problem
from wire.fields import MAX_SLUG

MAX_BYTES = 4_096
Slug = Annotated[str, Field(min_length=1, max_length=MAX_SLUG)]

router = APIRouter(dependencies=[Reader])


class RoomToTest(BaseModel):
    """The room whose agents are to test."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    site: Slug
    room: Slug


class AskedAgents(Answer):
    """How many agents were asked. Each learns of it with its configuration, within some six minutes, and tests as soon
    as that disturbs no other test; what is not done within half an hour is forgotten."""

    agents: int


_REQUEST = TypeAdapter(RoomToTest)


@router.post(
    "/v1/tests",
    responses={status: {"model": Problem} for status in (400, 401, 403, 404, 413, 415, 422)},
    openapi_extra=body_of(_REQUEST),
)
async def ask_for_tests(request: Request, services: TheServices) -> AskedAgents:
    """Ask the agents of a room to measure how much there is, in a lesson, too. They keep to leases and budgets."""
    must_be_json(request)
    asked = await read_as(_REQUEST, request, MAX_BYTES, otherwise="a request for tests has site and room, and no more")
    if not services.district.has_room(asked.site, asked.room):
        raise Refusal(404, "unknown_room", "no such room; wanted are ids such as oak-hill 101, /v1/rooms lists them")
    if services.leases.off is not None:
        raise Refusal(403, "throughput_off", services.leases.off)
    agents = [
        one
        for one in await asyncio.to_thread(services.registry.agents)
        if (one.site, one.room) == (asked.site, asked.room) and one.revoked_ms is None
    ]
    if not agents:
        raise Refusal(404, "no_agent", "no agent stands in this room: enrol one (bandroom enrol code)")
    for one in agents:
        services.leases.turns.want(one.agent)
    return AskedAgents(agents=len(agents))
