"""One direction of a sufficiency test as bytes: receiving or sending them, on a thread of its own."""

import re
import select
import socket
import ssl
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection

from agent.connection import TcpConnection
from agent.http import Collector, Unanswered, Way
from wire.lease import Lease
from wire.pace import BLOCK_BYTES, Pace
from wire.reports import EndedBy
from wire.sufficiency import LONGEST_MS, Arrivals, offered_bps

HEAD_S = 5.0
"""How long connecting and the answer's head may take, beyond the test itself."""

_CHUNK_BYTES = 65_536
_UNSENT_BYTES = 8_192
_BLOCK = bytes(BLOCK_BYTES)
_ENOUGH = re.compile(rb"HTTP/1\.[01] 204 ")


class Stream:
    """One stream over `tcp`. `receive` and `send` block; `tcp.cut` ends them from outside.

    `began_ns` is when the first byte could move, by ``time.monotonic_ns``; ``None`` before. `arrivals` is what came
    down, `sent_bytes` what the system took to send up, `stalled_ns` how long we ourselves were too busy to send.
    """

    def __init__(self, collector: Collector, tcp: TcpConnection, lease: Lease, *, token: str) -> None:
        self._collector = collector
        self._tcp = tcp
        self._lease = lease
        self._authorization = {"Authorization": f"Bearer {token}"}
        self.began_ns: int | None = None
        self.arrivals = Arrivals()
        self.sent_bytes = 0
        self.stalled_ns = 0

    def elapsed_ms(self) -> int:
        """Milliseconds since the stream began; 0 before."""
        return 0 if self.began_ns is None else (time.monotonic_ns() - self.began_ns) // 1_000_000

    def receive(self) -> EndedBy:
        """Count what comes down until the rate is decided or time is up. Raises `Unanswered`."""
        with self._collector.connected(self._tcp) as way:
            way.link.settimeout(HEAD_S)
            self._request(way, "GET", "down")
            with way.connection.getresponse() as response:
                if response.status != 200:
                    raise Unanswered(f"http_{response.status}")
                self.began_ns = time.monotonic_ns()
                while (at_ms := self.elapsed_ms()) < LONGEST_MS:
                    way.link.settimeout((LONGEST_MS - at_ms) / 1000)
                    try:
                        chunk = response.read1(_CHUNK_BYTES)
                    except TimeoutError:
                        break
                    self.arrivals.add(self.elapsed_ms(), len(chunk))
                    if self.arrivals.decided(self._lease.down_bps, self.elapsed_ms()) is not None:
                        return "decided"
                    if not chunk:
                        return "bytes" if self.arrivals.total_bytes >= self._lease.down_bytes else "peer"
        return "time"

    def send(self) -> EndedBy:
        """Send at the pace of the lease until the collector answers, which it does when it has enough, or time is up.
        Raises `Unanswered`."""
        with self._collector.connected(self._tcp) as way:
            _send_promptly(way.link)
            way.link.settimeout(HEAD_S)
            self._request(way, "POST", "up", length=self._lease.up_bytes)
            self.began_ns = time.monotonic_ns()
            pace = Pace(offered_bps(self._lease.up_bps), self.began_ns)
            while (at_ms := self.elapsed_ms()) < LONGEST_MS:
                if self.sent_bytes >= self._lease.up_bytes:
                    return "bytes"
                if (
                    _readable(way.link, pace.wait_ns(time.monotonic_ns()) / 1e9)
                    and (answer := _answer(way)) is not None
                ):
                    return answer
                pace.woke(time.monotonic_ns())
                self.stalled_ns = pace.stalled_ns
                size = min(pace.take_blocks(time.monotonic_ns()) * BLOCK_BYTES, self._lease.up_bytes - self.sent_bytes)
                way.link.settimeout((LONGEST_MS - at_ms) / 1000)
                try:
                    way.link.sendall(_BLOCK if size == BLOCK_BYTES else bytes(size))
                except TimeoutError:
                    break
                except (BrokenPipeError, ConnectionResetError):
                    return _answer(way) or "peer"
                self.sent_bytes += size
                pace.sent(time.monotonic_ns())
        return "time"

    def _request(self, way: Way, method: str, direction: str, *, length: int | None = None) -> None:
        connection: HTTPConnection = way.connection
        connection.putrequest(
            method, f"{way.prefix}/v1/leases/{self._lease.lease}/{direction}", skip_host=True, skip_accept_encoding=True
        )
        for name, value in (way.headers | self._authorization).items():
            connection.putheader(name, value)
        if length is not None:
            connection.putheader("Content-Type", "application/octet-stream")
            connection.putheader("Content-Length", str(length))
        connection.endheaders()


def _send_promptly(link: socket.socket) -> None:
    """Each block leaves at once, and little waits in the system: what waits there is not offered to the network."""
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError):
        if sys.platform == "linux":
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
        else:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)


def _readable(link: socket.socket, wait_s: float) -> bool:
    return bool(select.select([link], [], [], wait_s)[0])


def _answer(way: Way) -> EndedBy | None:
    """What an answer in mid-stream means; ``None`` when there is none yet: TLS has messages of its own."""
    way.link.settimeout(0.0)
    try:
        head = way.link.recv(4096)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None
    except OSError:
        return "peer"
    return "decided" if _ENOUGH.match(head) else "peer"
