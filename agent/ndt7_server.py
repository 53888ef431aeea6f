"""The ndt7 server of a ``reference``: a TCP port without TLS, inside the site."""

import contextlib
import logging
import socket
import struct
import sys
from collections import Counter

from wire.ndt7.host import Ndt7Host
from wire.ndt7.talk import LOOK_S
from wire.ndt7.visit import Allow
from wire.report_words import Direction
from wire.tcp_info import SIZE, TcpInfo, read_tcp_info

log = logging.getLogger(__name__)

BACKLOG = 64
ACCEPT_S = 0.2
UNSENT_BYTES = 1 << 18
"""What waits unsent is late when a test ends, and a text behind it when it is sent."""

_LINGER = "hh" if sys.platform == "win32" else "ii"


class Ndt7Server:
    """Serves from `start` to `close`. `ended` counts visits by what became of them: the direction where there was a
    test, and a machine word."""

    def __init__(self, host: str, port: int, allow: Allow) -> None:
        """Open the port; 0 takes a free one. Raises `OSError` when it is taken."""
        sockets = _Sockets(host, port)
        self.port: int = sockets.port
        self.ended: Counter[str] = Counter()
        self._host = Ndt7Host(sockets, allow, self._note)

    def start(self) -> None:
        """Begin to listen."""
        self._host.start()

    def close(self) -> None:
        """Listen no more, and end every test."""
        self._host.close()

    def _note(self, direction: Direction | None, end: str, used_bytes: int) -> None:
        self.ended[f"{direction}_{end}" if direction else end] += 1
        if direction is not None:
            log.info("ndt7 test direction=%s end=%s bytes=%d", direction, end, used_bytes)


class _Sockets:
    def __init__(self, host: str, port: int) -> None:
        self._listener = socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=BACKLOG,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
        self._listener.settimeout(ACCEPT_S)
        self.port: int = self._listener.getsockname()[1]

    def accept(self) -> socket.socket:
        return self._listener.accept()[0]

    def open(self, connection: socket.socket) -> socket.socket:
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
            connection.shutdown(socket.SHUT_RDWR)

    def close(self, connection: socket.socket, *, reset: bool) -> None:
        if reset:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
        connection.close()

    def stop(self) -> None:
        self._listener.close()
