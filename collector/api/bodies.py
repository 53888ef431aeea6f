"""A request's body, bounded in size and time, and read as what it must be."""

import asyncio
from typing import TypeVar

from fastapi import Request
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from collector.refusal import Refusal
from wire.fields import WireError

T = TypeVar("T")

BODY_SECONDS = 30
"""How long a client may take to send a body."""


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body, of at most `limit` bytes. Raises `Refusal`."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise Refusal(413, "too_large", f"a request body holds at most {limit} bytes; send fewer reports")
                chunks.append(chunk)
    except TimeoutError:
        raise Refusal(408, "too_slow", f"the body did not arrive within {BODY_SECONDS} s") from None
    except ClientDisconnect:  # nobody is there to hear it, but it is no fault of ours for the log
        raise Refusal(400, "cut_off", "the connection ended in the middle of the body") from None
    return b"".join(chunks)


def must_be_json(request: Request) -> None:
    """Raises `Refusal` 415 ``not_json`` unless the request says that its body is JSON. A page elsewhere can make a
    browser that knows the reader password send a form, but never that."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "not_json", "send application/json")


async def read_as(shape: TypeAdapter[T], request: Request, limit: int, *, otherwise: str, unspoken: int = 415) -> T:
    """The request's body as `shape`. Raises `Refusal`: of a wire version that we do not speak with the status
    `unspoken`, and with the sentence `otherwise` of a body in which nothing can be named.

    Not 422 for a version: an agent newer than this side asks again once this side is upgraded.
    """
    try:
        return shape.validate_json(await read_body(request, limit))
    except ValidationError as error:
        cause = error.errors(include_url=False, include_input=False)[0].get("ctx", {}).get("error")
        if isinstance(cause, WireError):
            status = unspoken if cause.word == "unsupported_version" else 422
            raise Refusal(status, cause.word, cause.detail) from None
        raise Refusal(422, "bad_request", otherwise) from None


def body_of(shape: TypeAdapter[T]) -> dict[str, object]:
    """What OpenAPI is told of a body that a handler reads by itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": shape.json_schema()}}}}
