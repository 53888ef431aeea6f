"""What an agent talks to in the bench: three targets and a collector's two answers, all on loopback, counted.

Bytes are those of IP packets. UDP: payload and 28 bytes of headers, for each packet that these sockets saw.
TCP: payload and 52 bytes of headers (20 IPv4, 32 TCP with timestamps) for each segment that the kernel
counted on the connection (``TCP_INFO``), handshake and end included; segments are kept to Ethernet's size.
"""

import gzip
import json
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from wire.batch import Acknowledgement
from wire.codec import encode
from wire.enrolment import AgentConfig, Target
from wire.stamp import ERROR_UNSYNCHRONISED, reflect
from wire.version import WIRE_VERSION

UDP_HEADERS = 28
TCP_HEADERS = 52
ETHERNET_MSS = 1460
_SEGMENTS = struct.Struct("=II")
_SEGMENTS_AT = 136
"""Of tcpi_segs_out and tcpi_segs_in in ``struct tcp_info`` (linux/tcp.h)."""


@dataclass(slots=True)
class Traffic:
    """Bytes of IP packets as the agent sees them, and reports that it delivered."""

    up_bytes: int = 0
    down_bytes: int = 0
    reports: int = 0


class StandInCollector:
    """A collector for one agent, with its reflectors and a gateway; its threads end with the process. `change` makes
    another configuration of the default one."""

    def __init__(self) -> None:
        self.traffic = Traffic()
        self.change: Callable[[AgentConfig], AgentConfig] = lambda config: config
        self._counting = threading.Lock()
        self.reflector_ports = [self._reflector(), self._reflector()]
        self.gateway_port = self._listener(answering=False)
        self.port = self._listener(answering=True)

    def config(self) -> AgentConfig:
        """The default schedule (`collector.settings`) with the three targets of a school."""
        site, district = self.reflector_ports
        return AgentConfig(
            version=WIRE_VERSION,
            role="room",
            period_ms=60_000,
            push_interval_ms=60_000,
            targets=(
                _target("gateway", self.gateway_port, interval_ms=10_000),
                _target("site", site, tcp_port=self.port),
                _target("district", district, tcp_port=self.port),
            ),
        )

    def _count(self, *, up: int = 0, down: int = 0, reports: int = 0) -> None:
        with self._counting:
            self.traffic.up_bytes += up
            self.traffic.down_bytes += down
            self.traffic.reports += reports

    def _reflector(self) -> int:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(("127.0.0.1", 0))

        def run() -> None:
            while True:
                packet, source = opened.recvfrom(2048)
                now_ns = time.time_ns()
                answer = reflect(
                    packet, received_ns=now_ns, sent_ns=now_ns, ttl=64, error_estimate=ERROR_UNSYNCHRONISED
                )
                self._count(up=UDP_HEADERS + len(packet))
                if answer is not None:
                    opened.sendto(answer, source)
                    self._count(down=UDP_HEADERS + len(answer))

        threading.Thread(target=run, daemon=True).start()
        return int(opened.getsockname()[1])

    def _listener(self, *, answering: bool) -> int:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, ETHERNET_MSS)
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def run() -> None:
            while True:
                link, _ = listener.accept()
                link.settimeout(10)
                with link, suppress(OSError):
                    self._converse(link, answering=answering)

        threading.Thread(target=run, daemon=True).start()
        return int(listener.getsockname()[1])

    def _converse(self, link: socket.socket, *, answering: bool) -> None:
        up = down = 0
        if answering and (request := _read_request(link)):
            answer = self._answer(request)
            up, down = len(request), len(answer)
            link.sendall(answer)
            link.shutdown(socket.SHUT_WR)
        while link.recv(4096):
            pass
        sent, received = _SEGMENTS.unpack_from(link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), _SEGMENTS_AT)
        self._count(up=up + received * TCP_HEADERS, down=down + sent * TCP_HEADERS)

    def _answer(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        if head.startswith(b"GET /v1/agent/config?"):
            return _response(encode(self.change(self.config())), etag=secrets.token_hex(8))
        batch = json.loads(gzip.decompress(body))
        stored = len(batch["reports"])
        self._count(reports=stored)
        return _response(
            encode(Acknowledgement(version=WIRE_VERSION, batch=batch["batch"], stored=stored, duplicate=0, rejected=()))
        )


def _target(alias: str, port: int, *, tcp_port: int | None = None, interval_ms: int = 1000) -> Target:
    return Target(
        alias=alias,
        method="stamp" if tcp_port else "tcp_connect",
        host="127.0.0.1",
        port=port,
        tcp_port=tcp_port,
        interval_ms=interval_ms,
        timeout_ms=2000,
    )


def _read_request(link: socket.socket) -> bytes:
    """A whole request; nothing where the agent only timed a connect."""
    request = b""
    while more := link.recv(65_536):
        request += more
        head, ended, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if ended and len(body) >= int(length[1] if length else 0):
            return request
    return b""


def _response(body: bytes, *, etag: str = "") -> bytes:
    """As long as the collector's own."""
    head = (
        "HTTP/1.1 200 OK\r\ndate: Mon, 16 Nov 2026 10:00:00 GMT\r\n"
        f"content-length: {len(body)}\r\ncontent-type: application/json\r\n"
        "content-security-policy: default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'\r\nreferrer-policy: no-referrer\r\n"
        "x-content-type-options: nosniff\r\ncache-control: no-store\r\nconnection: close\r\n"
    )
    return (head + (f'etag: "{etag}"\r\n' if etag else "") + "\r\n").encode() + body
