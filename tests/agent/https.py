"""Services and proxies, real ones on this machine, that do what services and proxies do at their worst."""

import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.agent.fakes import tcp_server

Say = Callable[[ssl.SSLSocket], None]
NAMED = "lms.invalid"
"""A name that has no address: only a proxy gets there."""

LOCAL = f"DNS:localhost,IP:127.0.0.1,DNS:{NAMED}"


def head(status: int = 200, reason: str = "OK") -> bytes:
    return f"HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


def answer(said: bytes, *, after_s: float = 0, heard: list[bytes] | None = None) -> Say:
    """Hear the request out, wait, and say `said`."""

    def say(link: ssl.SSLSocket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            if not (more := link.recv(65_536)):
                return
            request += more
        if heard is not None:
            heard.append(request)
        time.sleep(after_s)
        link.sendall(said)

    return say


@contextmanager
def https(certificate: Path, say: Say, *, tls_after_s: float = 0) -> Iterator[int]:
    """A server with that certificate; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(link: socket.socket) -> None:
        time.sleep(tls_after_s)
        with context.wrap_socket(link, server_side=True) as secured:
            say(secured)

    with tcp_server(serve) as port:
        yield port


def reset(link: socket.socket) -> None:
    """End with a reset, not with a word."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()
