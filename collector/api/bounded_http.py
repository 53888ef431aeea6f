"""HTTP for strangers: a request's head has a size and a time, or the connection ends.

Uvicorn's protocol bounds neither, so one client could fill the memory with a header that never ends, and a
few thousand silent connections would lock everybody else out: those that never asked, and those that were answered
and then send a byte, which ends uvicorn's own waiting.
"""

import asyncio
from typing import Any, ClassVar

from prometheus_client import Counter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "bandroom.transport"
"""The scope's key for the transport of the connection, for a stream of a throughput test that will end it by itself."""

MAX_HEAD_BYTES = 65_536
HEAD_SECONDS = 10.0
"""How long a client may take from connecting, or from the start of a request, to the end of its head; and for what
remains of a body that was answered before it was whole."""

LAST_SECONDS = 3.0
"""How long a body, or a client's part in the end of TLS, may still take when the collector stops. It is less than
uvicorn waits for all that is under way."""


def bounded_http(cut_off: Counter) -> "type[BoundedHttp]":
    """`BoundedHttp` that counts in `cut_off` the connections it ends, by reason: ``head_too_large``, ``too_slow``,
    ``second_request``, ``not_http``."""

    class Counted(BoundedHttp):
        _cut_off = cut_off

    return Counted


class BoundedHttp(HttpToolsProtocol):
    """Uvicorn's HTTP/1.1 over httptools, with bounds on the head of each request.

    One request at a time: a second that comes before the first is answered ends the connection, because uvicorn would
    tell only the second of its end, and the first would wait for it for ever.
    """

    _cut_off: ClassVar[Counter]
    _head_bytes = 0
    _in_body = False
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._head_is_done()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Close when a head grows past its bound without ending."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_timer is None and self._is_answered:
            self._expect_head()
        elif self._head_timer is not None and not self._in_body and self._head_bytes > MAX_HEAD_BYTES:
            self._count("head_too_large")
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request."""
        if self._head_timer is None or self._is_answered:
            self._expect_head()
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]

    def on_headers_complete(self) -> None:
        """The head is whole; what follows is the application's to bound."""
        self._head_is_done()
        self._in_body = True
        if self.cycle is not None and not self.cycle.response_complete:
            self._count("second_request")
            self.transport.abort()
            return
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole. What came of it after its answer was no head."""
        self._in_body = False
        self._head_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP: say so, and close."""
        self._count("not_http")
        super().send_400_response(msg)

    def shutdown(self) -> None:
        """The collector stops: a client that does not do its part is not waited for."""
        super().shutdown()
        asyncio.get_running_loop().call_later(LAST_SECONDS, self._end_is_late)

    @property
    def _is_answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete

    def _expect_head(self) -> None:
        self._head_is_done()
        self._head_bytes = 0
        loop: Any = asyncio.get_running_loop()
        self._head_timer = loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_done(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        self._count("too_slow")
        self.transport.close()

    def _count(self, reason: str) -> None:
        if not self.transport.is_closing():  # once for each connection
            self._cut_off.labels(reason=reason).inc()

    def _end_is_late(self) -> None:
        if self._in_body or self.transport.is_closing():
            self.transport.abort()
