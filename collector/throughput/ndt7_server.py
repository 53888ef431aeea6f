"""The collector's ndt7 server: a TCP port of its own, with TLS where the collector has a certificate."""

import contextlib
import socket
import ssl
import struct
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from wire.ndt7.host import Ndt7Host
from wire.ndt7.protocol import HANDSHAKE_S
from wire.ndt7.talk import LOOK_S
from wire.ndt7.visit import Allow
from wire.report_words import Direction
from wire.tcp_info import SIZE, TcpInfo, read_tcp_info

BACKLOG = 64
ACCEPT_S = 0.2
UNSENT_BYTES = 1 << 18
"""What waits unsent is late when a test ends, and a text behind it when it is sent."""


class Ndt7Server:
    """Serves from `start` to `close`, on threads of its own, never on the event loop."""

    def __init__(
        self,
        host: str,
        port: int,
        allow: Allow,
        *,
        certificate: tuple[Path, Path] | None,
        metrics: CollectorRegistry,
    ) -> None:
        """Open the port; 0 takes a free one. `certificate` is a chain and its key. Raises `OSError` when the port is
        taken or a file of the certificate cannot be read."""
        sockets = _Sockets(host, port, None if certificate is None else _context(*certificate))
        self.port: int = sockets.port
        self._visits = Counter(
            "bandroom_ndt7_visits", "Visits to the ndt7 server by what became of them", ["end"], registry=metrics
        )
        self._bytes = Counter(
            "bandroom_ndt7_bytes", "What ndt7 tests carried, with their frames", ["direction"], registry=metrics
        )
        self._host = Ndt7Host(sockets, allow, self._note)

    def start(self) -> None:
        """Begin to listen."""
        self._host.start()

    def close(self) -> None:
        """Listen no more, and end every test."""
        self._host.close()

    def _note(self, direction: Direction | None, end: str, used_bytes: int) -> None:
        self._visits.labels(end=f"{direction}_{end}" if direction else end).inc()
        if direction is not None:
            self._bytes.labels(direction=direction).inc(used_bytes)


class _Sockets:
    def __init__(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._listener = socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=BACKLOG,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
        self._listener.settimeout(ACCEPT_S)
        self.port: int = self._listener.getsockname()[1]

    def accept(self) -> socket.socket:
        connection = self._listener.accept()[0]
        if self._context is None:
            return connection
        try:
            return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except (OSError, ValueError):  # gone already
            connection.close()
            raise TimeoutError from None

    def open(self, connection: socket.socket) -> socket.socket:
        if isinstance(connection, ssl.SSLSocket):
            connection.settimeout(HANDSHAKE_S)
            connection.do_handshake()
        connection.settimeout(LOOK_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sys.platform == "linux":
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
            with contextlib.suppress(OSError):  # a kernel without it
                # Whatever this machine prefers: what a test finds must not depend on the server that it is made to.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
        return connection

    def tcp_info(self, connection: socket.socket) -> TcpInfo | None:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                return read_tcp_info(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SIZE))
        return None

    def cut(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            # Not TLS' own: that would take the encryption from under the thread that talks.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def close(self, connection: socket.socket, *, reset: bool) -> None:
        if reset:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def stop(self) -> None:
        self._listener.close()


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
