"""A reflector, a collector and a clock, as small as they can be and still be real."""

import gzip
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from agent.clock import NS_PER_S, Clock, system_clock
from wire.stamp import ERROR_SYNCHRONISED, reflect

AGENT = "00c0ffee00c0ffee"
TOKEN = "t" * 43


@dataclass
class MovedClock:
    """The machine's clocks, moved by hand on top. With ``frozen`` they only move by hand. `asleep_ns` of `boot_ns` the
    machine slept."""

    frozen: bool = False
    boot_ns: int = 1_000 * NS_PER_S
    asleep_ns: int = 0
    wall_step_ns: int = 0
    synchronised: bool | None = True

    def clock(self) -> Clock:
        real = system_clock()
        if self.frozen:
            wall_ns = 1_760_000_000 * NS_PER_S
            return Clock(
                boot_ns=lambda: self.boot_ns,
                precise_ns=lambda: self.boot_ns,
                wall_ns=lambda: wall_ns + self.boot_ns + self.wall_step_ns,
                synchronised=lambda: self.synchronised,
                awake_ns=lambda: self.boot_ns - self.asleep_ns,
            )
        return Clock(
            boot_ns=real.boot_ns,
            precise_ns=real.precise_ns,
            wall_ns=lambda: real.wall_ns() + self.wall_step_ns,
            synchronised=lambda: self.synchronised,
        )


Answers = Callable[[bytes, int], list[bytes]]
"""What a reflector sends back for a packet, given how many came before it."""


def honest(packet: bytes, _count: int) -> list[bytes]:
    now = time.time_ns()
    answer = reflect(packet, received_ns=now, sent_ns=now, ttl=255, error_estimate=ERROR_SYNCHRONISED)
    return [answer] if answer else []


@contextmanager
def reflector(answers: Answers = honest, host: str = "127.0.0.1") -> Iterator[int]:
    """A STAMP reflector on a free port, which is what it yields."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as link:
        link.bind((host, 0))
        link.settimeout(0.05)
        open_ = [True]

        def serve() -> None:
            count = 0
            while open_[0]:
                try:
                    packet, sender = link.recvfrom(2048)
                except TimeoutError:
                    continue
                for answer in answers(packet, count):
                    link.sendto(answer, sender)
                count += 1

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield link.getsockname()[1]
        finally:
            open_[0] = False
            thread.join()


@dataclass
class Seen:
    """One request a `FakeCollector` got. `query` is what stands behind the path."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    query: str = ""

    @property
    def batch(self) -> Any:
        return json.loads(gzip.decompress(self.body))


Reply = tuple[int, dict[str, str], bytes]
Script = Callable[[Seen], Reply]


@dataclass
class FakeCollector:
    """Answers by `script`; remembers what it saw and which reports it acknowledged."""

    script: Script
    url: str = ""
    seen: list[Seen] = field(default_factory=list)

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [report for one in self.seen if one.path == "/v1/reports" for report in one.batch["reports"]]


def acknowledge(seen: Seen) -> Reply:
    batch = seen.batch
    said = {
        "version": 1,
        "batch": batch["batch"],
        "stored": len(batch["reports"]),
        "duplicate": 0,
        "rejected": [],
    }
    return as_json(200, said)


def as_json(status: int, said: object, **headers: str) -> Reply:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(said).encode()


@contextmanager
def collector(script: Script = acknowledge, *, certificate: Path | None = None) -> Iterator[FakeCollector]:
    """A real HTTP server on a free port, with TLS when given a certificate."""
    fake = FakeCollector(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            path, _, query = self.path.partition("?")
            seen = Seen(self.command, path, headers, body, query)
            fake.seen.append(seen)
            status, more, answer = fake.script(seen)
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST  # noqa: N815 - the server looks for this name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's name for it
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hung up or did not trust us is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        fake.url = f"https://localhost:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def tcp_server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP listener on a free port that runs `serve` for each connection, on a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        done = Event()
        links: list[socket.socket] = []

        def one(link: socket.socket) -> None:
            with suppress(OSError), link:
                serve(link)

        def accept() -> None:
            while not done.is_set():
                try:
                    link, _ = listener.accept()
                except TimeoutError:
                    continue
                link.settimeout(10)
                links.append(link)
                Thread(target=one, args=(link,), daemon=True).start()

        thread = Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            done.set()
            thread.join()
            for link in links:
                link.close()


def hang(link: socket.socket) -> None:
    """Take a request and never answer."""
    while link.recv(65_536):
        pass


def trickle(link: socket.socket) -> None:
    """Answer a byte at a time, for ever."""
    link.recv(65_536)
    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while True:
        link.sendall(b" ")
        time.sleep(0.02)


def trickle_head(link: socket.socket) -> None:
    """Never come to the end of the first header."""
    link.recv(65_536)
    link.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        link.sendall(b"a")
        time.sleep(0.02)


@dataclass
class FakeProxy:
    """What a proxy saw: the first line and the headers of each request."""

    port: int = 0
    heads: list[str] = field(default_factory=list)


@contextmanager
def proxy(towards: int, *, refuse: bytes = b"") -> Iterator[FakeProxy]:
    """A forward proxy that brings every request to the port `towards` of this machine."""
    fake = FakeProxy()

    def serve(link: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += link.recv(65_536)
        fake.heads.append(head.split(b"\r\n\r\n")[0].decode())
        if refuse:
            link.sendall(refuse)
            return
        with socket.create_connection(("127.0.0.1", towards)) as onward:
            if head.startswith(b"CONNECT "):
                link.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                method, url, rest = head.split(b" ", 2)
                onward.sendall(b"%s /%s %s" % (method, url.split(b"/", 3)[3], rest))
            back = Thread(target=_pump, args=(onward, link), daemon=True)
            back.start()
            _pump(link, onward)
            back.join()

    with tcp_server(serve) as port:
        fake.port = port
        yield fake


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
