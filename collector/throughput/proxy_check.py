"""Does the proxy in front of us pass bytes on as they come? If not, it would answer for the line.

A buffering proxy takes an upload at the speed of its own memory (a line of 0.25 Mbit/s was seen to read 4 Gbit/s), so
the collector goes out through its public address and in again: the first half of a small body must be there before the
second half is sent, in both directions. What comes back is told by a number drawn for this one check; nothing secret
travels, so certificates, which agents do verify, are not looked at here.
"""

import asyncio
import logging
import secrets
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

log = logging.getLogger(__name__)

HALF_BYTES = 1_400
PATIENCE_S = 2.0
"""How long the first half may take to pass; a proxy that buffers holds it until the second has come."""

REMEDIES = {"uploads": "proxy_request_buffering off", "downloads": "proxy_buffering off"}
"""nginx's directive for each direction."""


class ProxyCheck:
    """Checks `url`, where agents reach us, every `every_s` seconds, because a proxy's settings change. One check at a
    time, on the event loop."""

    def __init__(self, url: str, *, every_s: float) -> None:
        self._url = url
        self._every_s = every_s
        self._nonce = ""
        self._half_arrived = asyncio.Event()
        self._half_seen = asyncio.Event()
        self._rest_given = False

    async def run_for_ever(self, tell: Callable[[str | None], None]) -> None:
        """Check again and again, and tell what is wrong, ``None`` for nothing; a change is logged."""
        known: str | None = "not checked yet"
        while True:
            problem = await self.problem()
            tell(problem)
            if problem != known:
                if problem is None:
                    log.info("the proxy passes bytes on as they come, throughput can be tested")
                else:
                    log.warning("%s", problem)
            known = problem
            await asyncio.sleep(self._every_s)

    async def problem(self) -> str | None:
        """What forbids throughput tests through this proxy, in one line; ``None`` when nothing does."""
        self._nonce = secrets.token_hex(8)
        self._half_arrived.clear()
        self._half_seen.clear()
        self._rest_given = False
        held_back = []
        try:
            if not await self._up_passes():
                held_back.append("uploads")
            if not await self._down_passes():
                held_back.append("downloads")
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            return f"throughput tests are off: public_url does not lead to this collector: {_reason(error)}"
        if held_back:
            remedy = " and ".join(REMEDIES[one] for one in held_back)
            return (
                f"throughput tests are off: the proxy at public_url holds back {' and '.join(held_back)}; "
                f"in nginx set {remedy} for it"
            )
        return None

    def knows(self, nonce: str) -> bool:
        """Whether `nonce` is of the check under way."""
        return bool(self._nonce) and secrets.compare_digest(nonce.encode(), self._nonce.encode())

    async def take(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Our side of the upload: an ASGI response that notes when the first half is there."""
        size = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(3 * PATIENCE_S):
                while (message := await receive())["type"] != "http.disconnect":
                    size += len(message.get("body", b""))
                    if size >= HALF_BYTES:
                        self._half_arrived.set()
                    if not message.get("more_body", False) or size >= 2 * HALF_BYTES:
                        break
        await send({"type": "http.response.start", "status": 204, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body"})

    async def give(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Our side of the download: an ASGI response whose second half waits until the first was seen."""
        length = str(2 * HALF_BYTES).encode()
        headers = [
            (b"content-length", length),
            (b"content-type", b"application/octet-stream"),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(HALF_BYTES), "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._half_seen.wait()
        self._rest_given = True
        await send({"type": "http.response.body", "body": bytes(HALF_BYTES)})

    async def _up_passes(self) -> bool:
        reader, writer = await self._connect()
        try:
            writer.write(self._head("POST", "up", f"Content-Length: {2 * HALF_BYTES}\r\n") + bytes(HALF_BYTES))
            await writer.drain()
            passed = await _within(self._half_arrived.wait())
            writer.write(bytes(HALF_BYTES))
            await _expect(reader, b" 204 ")
            return passed
        finally:
            writer.close()

    async def _down_passes(self) -> bool:
        reader, writer = await self._connect()
        try:
            writer.write(self._head("GET", "down"))
            await _expect(reader, b" 200 ")
            async with asyncio.timeout(3 * PATIENCE_S):
                await reader.readexactly(HALF_BYTES)
            passed = not self._rest_given
            self._half_seen.set()
            return passed
        finally:
            writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = urlsplit(self._url)
        trust = None
        if place.scheme == "https":
            trust = ssl.create_default_context()
            trust.check_hostname = False
            trust.verify_mode = ssl.CERT_NONE
        async with asyncio.timeout(PATIENCE_S):
            return await asyncio.open_connection(
                place.hostname, place.port or (443 if trust else 80), ssl=trust, limit=2**16
            )

    def _head(self, method: str, direction: str, more: str = "") -> bytes:
        place = urlsplit(self._url)
        path = f"{place.path.rstrip('/')}/v1/proxy-check/{self._nonce}/{direction}"
        return f"{method} {path} HTTP/1.1\r\nHost: {place.netloc}\r\nConnection: close\r\n{more}\r\n".encode()


async def _within(work: Coroutine[Any, Any, object]) -> bool:
    """Whether it is done in time."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await work
    except TimeoutError:
        return False
    return True


async def _expect(reader: asyncio.StreamReader, status: bytes) -> None:
    """Read a head. Raises `ValueError` unless its status is `status`, and `OSError` when none comes in time."""
    async with asyncio.timeout(3 * PATIENCE_S):
        head = await reader.readuntil(b"\r\n\r\n")
    said = head.partition(b"\r\n")[0]
    if status not in said + b" ":
        code = said.split(b" ")[1:2]
        raise ValueError(f"status {int(code[0])}" if code and code[0].isdigit() else "no HTTP")


def _reason(error: Exception) -> str:
    """What is in the way, without an address: for an admin, in a log."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case ConnectionRefusedError():
            return "nobody listens there"
        case socket.gaierror():
            return "its host name has no address"
        case ssl.SSLError():
            return "no TLS there"
        case EOFError() | ConnectionError():
            return "the connection ends without an answer"
        case OSError(strerror=str(said)) if error.errno is not None:
            return said.partition(" (")[0]
        case ValueError(args=(str(said),)) if said.startswith("status "):
            return f"something else answers there, with {said}"
        case OSError():
            return "it cannot be reached"
    return "something else answers there"
