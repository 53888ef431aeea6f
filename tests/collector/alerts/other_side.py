"""What channels tell: a real HTTP server on this machine that keeps what it gets and answers as it is bidden."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class OtherSide:
    """`got` are the path, the headers and the JSON of each request; `status` and `body` what it answers; while `hangs`
    is not set it does not answer."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.status = 200
        self.body = b"ok"
        self.hangs: threading.Event | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def other_side(certificate: Path | None = None) -> Iterator[OtherSide]:
    """Run one, over TLS where there is a `certificate` with its key."""
    kept = OtherSide()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            text = self.rfile.read(length)
            kept.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, _parsed(text)))
            if kept.hangs is not None:
                kept.hangs.wait(20)
            self.send_response(kept.status)
            self.send_header("Content-Length", str(len(kept.body)))
            self.end_headers()
            self.wfile.write(kept.body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        if kept.hangs is not None:
            kept.hangs.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.decode()
