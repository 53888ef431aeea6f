"""The TCP port of an ndt7 server, with TLS or without."""

import socket
import ssl
import struct
import sys
from contextlib import suppress

from wire.ndt7.protocol import HANDSHAKE_S
from wire.ndt7.talk import prepare
from wire.tcp_info import SIZE, TcpInfo, read_tcp_info

BACKLOG = 64
ACCEPT_S = 0.2
_LINGER = "hh" if sys.platform == "win32" else "ii"


class Listener:
    """Listens from the beginning to `stop`; its connections are for `wire.ndt7.host`."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None = None) -> None:
        """Open the port; 0 takes a free one, ``::`` is for both versions of IP. Raises `OSError` when it is taken."""
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
        """The next connection. Raises `TimeoutError` now and then, and `OSError`."""
        connection = self._listener.accept()[0]
        if self._context is None:
            return connection
        try:
            return self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        except (OSError, ValueError):  # gone already
            connection.close()
            raise TimeoutError from None

    def stop(self) -> None:
        """Listen no more."""
        self._listener.close()


def open_connection(connection: socket.socket) -> None:
    """Make it ready to talk over; TLS shakes hands here. Blocks. Raises `OSError`."""
    if isinstance(connection, ssl.SSLSocket):
        connection.settimeout(HANDSHAKE_S)
        connection.do_handshake()
    prepare(connection)


def tcp_info_of(connection: socket.socket) -> TcpInfo | None:
    """What its kernel knows of it; ``None`` where that does not say."""
    if sys.platform == "linux":
        with suppress(OSError):
            return read_tcp_info(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SIZE))
    return None


def cut(connection: socket.socket) -> None:
    """End it from another thread."""
    with suppress(OSError):
        # Not TLS' own: that would take the encryption from under the thread that talks.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def close(connection: socket.socket, *, reset: bool) -> None:
    """It has ended. With `reset` nothing that waits is sent any more."""
    with suppress(OSError):
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
    with suppress(OSError):
        connection.close()
