"""An ndt7 server of an agent on this machine, and grants by hand."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from agent.ndt7_client import Ndt7Client, Ndt7Place
from agent.ndt7_server import Ndt7Server
from tests.wire.ndt7_tested import RIGHT, Desk
from wire.report_words import Direction

PATIENCE_S = 20.0


@contextlib.contextmanager
def served(desk: Desk) -> Iterator[Ndt7Server]:
    server = Ndt7Server("127.0.0.1", 0, desk.allow)
    server.start()
    try:
        yield server
    finally:
        server.close()


def client(
    port: int, direction: Direction, *, most_bytes: int, token: str | None = RIGHT, **other: object
) -> Ndt7Client:
    place = Ndt7Place(host="127.0.0.1", port=port, tls=False, token=token)
    return Ndt7Client(place, direction, most_bytes=most_bytes, **other)  # type: ignore[arg-type]


def connected(port: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    link.settimeout(PATIENCE_S)
    return link


def rest_of(link: socket.socket) -> bytes:
    """Everything until the other side ends, however it does."""
    got = bytearray()
    with contextlib.suppress(ConnectionError):
        while data := link.recv(1 << 16):
            got += data
    return bytes(got)


def until(server: Ndt7Server, visits: int) -> None:
    """Wait until so many visits have ended."""
    ends_at = time.monotonic() + PATIENCE_S
    while server.ended.total() < visits:
        assert time.monotonic() < ends_at, server.ended
        time.sleep(0.01)


@contextlib.contextmanager
def tls_before(port: int, certificate: Path) -> Iterator[int]:
    """A port where TLS is ended and every byte passed on to `port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=_end_tls, args=(listener.accept()[0], context, port), daemon=True).start()

        threading.Thread(target=run, daemon=True).start()
        yield listener.getsockname()[1]


def _end_tls(link: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with (
        link,
        contextlib.suppress(OSError),
        context.wrap_socket(link, server_side=True) as outer,
        socket.create_connection(("127.0.0.1", port)) as inner,
    ):
        back = threading.Thread(target=_pass, args=(inner, outer))
        back.start()
        _pass(outer, inner)
        back.join()


def _pass(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
    for end in (one, other):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
