"""One direction of a capacity test over a connection of its own, against any ndt7 server, on a thread of its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.connection import TcpConnection
from agent.http import Collector, Unanswered
from wire.lease import Lease
from wire.ndt7.call import Call
from wire.ndt7.protocol import HANDSHAKE_S, TEST_S
from wire.ndt7.talk import prepare, talk
from wire.report_words import Direction
from wire.reports import EndedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Ndt7Place:
    """Where an ndt7 server is, and what it takes. `ca_file` and `proxy` as the agent's settings have them."""

    host: str
    port: int
    tls: bool
    token: str | None
    ca_file: str | None = None
    proxy: str | None = None

    @classmethod
    def of(cls, lease: Lease, *, collector_host: str, ca_file: str | None, proxy: str | None) -> "Ndt7Place":
        """The server that a lease for a capacity test names."""
        assert lease.port is not None
        host = lease.host or collector_host
        return cls(host=host, port=lease.port, tls=lease.tls, token=lease.token, ca_file=ca_file, proxy=proxy)

    def server(self) -> Collector:
        """The way to it: through the machine's proxy, and only to who has a certificate that this machine trusts."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        url = f"{'https' if self.tls else 'http'}://{host}:{self.port}"
        return Collector(url, ca_file=self.ca_file, proxy=self.proxy)


class Ndt7Client:
    """One test in one direction; `run` blocks, and `tcp.cut` ends it from outside. Its end is a reset, so that what
    still waits is not sent.

    `stop` says every few milliseconds whether the test must end, and why. `call` is there once the connection stands:
    what it counted is what there is to know, also when `run` raises.
    """

    def __init__(
        self,
        place: Ndt7Place,
        direction: Direction,
        *,
        most_bytes: int,
        longest_s: float = TEST_S,
        stop: Callable[[], EndedBy | None] = lambda: None,
    ) -> None:
        self._place = place
        self._direction: Direction = direction
        self._most_bytes = most_bytes
        self._longest_s = longest_s
        self._stop = stop
        self.tcp = TcpConnection(HANDSHAKE_S, reset_at_end=True)
        self.call: Call | None = None

    def run(self) -> Call:
        """Test. Raises `Unanswered` when no test came about; its word is the server's where that gave one."""
        try:
            with self._place.server().connected(self.tcp) as way:
                prepare(way.link)
                self.call = Call(
                    self._direction,
                    host=way.headers["Host"],
                    prefix=way.prefix,
                    token=self._place.token,
                    most_bytes=self._most_bytes,
                    longest_s=self._longest_s,
                    now_ns=time.monotonic_ns(),
                    stop=self._stop,
                )
                talk(self.call, way.link, now_ns=time.monotonic_ns)
        finally:
            self.tcp.cut()
        if self.call.refusal is not None:
            raise Unanswered(self.call.refusal)
        return self.call
