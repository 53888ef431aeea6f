"""A request's body, bounded in size and time."""

import asyncio

from fastapi import Request
from starlette.requests import ClientDisconnect

from collector.refusal import Refusal

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
