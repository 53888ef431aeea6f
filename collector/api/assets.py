"""Files that pages ask for, kept by browsers for as long as they are what they were."""

from fastapi import Request, Response

from collector.api.transfer import transferred
from collector.board.assets import Asset

_FOR_EVER = "public, max-age=31536000, immutable"


def asset_response(request: Request, asset: Asset, media_type: str, *, asked_for: str) -> Response:
    """The file, or 304 without it where ``If-None-Match`` says that the reader has it. What is asked for by the hash of
    its content may be kept for ever; by another, or by none, only until the next question."""
    # Weak: with and without gzip it is the same file in other bytes (RFC 9110, 8.8.1).
    tag = f'W/"{asset.digest}"'
    headers = {
        "ETag": tag,
        "Vary": "Accept-Encoding",
        "Cache-Control": _FOR_EVER if asked_for == asset.digest else "no-cache",
    }
    if tag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return transferred(request, asset.content, media_type=media_type, headers=headers)
