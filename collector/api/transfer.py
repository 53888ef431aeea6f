"""How pages and large answers travel: compressed where the reader takes it.

No tag is made of them: an age in a page is another at each second, so no reader would ever have what is asked for.

The work is done here, in the thread of the handler that calls, so that neither the event loop nor the agents'
requests pay for it. Compressing what an attacker can add to lets him guess the rest of it by its length (BREACH); these
answers hold no secret to guess: the reader's password is in no body, and nothing of a request is repeated in one.
"""

import gzip
from collections.abc import Mapping

from fastapi import Request, Response

WORTH_COMPRESSING_BYTES = 1_000
LEVEL = 5
"""Beyond, a page of half a megabyte takes twice the time to lose another two per cent."""


def transferred(
    request: Request,
    body: bytes | str,
    *,
    media_type: str = "text/html",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer with `body`."""
    content = body.encode() if isinstance(body, str) else body
    described = {"Vary": "Accept-Encoding", **(headers or {})}
    if len(content) >= WORTH_COMPRESSING_BYTES and _takes_gzip(request.headers.get("accept-encoding", "")):
        content = gzip.compress(content, compresslevel=LEVEL, mtime=0)
        described["Content-Encoding"] = "gzip"
    return Response(content, status_code=status, media_type=media_type, headers=described)


def _takes_gzip(accepted: str) -> bool:
    """Whether ``Accept-Encoding`` names gzip without weighing it 0 (RFC 9110, 12.5.3)."""
    for one in accepted.lower().split(","):
        coding, _, weight = one.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
