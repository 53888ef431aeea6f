"""A stream up: what is sent, and which answer ends it."""

import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.agent.streams import BPS, ENOUGH, LEASE, head_of, slower, stream
from wire.pace import BLOCK_BYTES
from wire.sufficiency import offered_bps


@dataclass
class Uploads:
    """Takes what comes up until `until_bytes` of it, then sends `answer`."""

    answer: bytes = ENOUGH
    until_bytes: int = 30_000
    head: bytes = b""
    got: int = 0
    tls: ssl.SSLContext | None = None

    def __call__(self, link: socket.socket) -> None:
        if self.tls is not None:
            link = self.tls.wrap_socket(link, server_side=True)
        with link:
            self.head = head_of(link)
            while self.got < self.until_bytes and (data := link.recv(65_536)):
                self.got += len(data)
            with suppress(OSError):
                link.sendall(self.answer)
                while link.recv(65_536):
                    pass


def test_the_collectors_answer_says_that_enough_has_arrived() -> None:
    uploads = Uploads()

    ended = stream(uploads, "send")

    assert ended.by == "decided"
    assert ended.stream.sent_bytes >= uploads.until_bytes
    assert uploads.head.startswith(b"POST /v1/leases/9b05688c2b3e6c1f/up HTTP/1.1\r\n")
    assert b"Content-Length: %d\r\n" % LEASE.up_bytes in uploads.head


def test_it_is_sent_at_the_pace_of_thelease_of() -> None:
    ended = stream(Uploads(), "send")

    # what the system took, and the first block at once
    most = offered_bps(BPS) / 8 * (ended.seconds + 0.025) + BLOCK_BYTES
    assert ended.stream.sent_bytes <= most


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"HTTP/1.1 409 Conflict\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b""]
)
def test_any_other_answer_in_mid_stream_is_the_peers_end(answer: bytes) -> None:
    def serve(link: socket.socket) -> None:
        head_of(link)
        link.sendall(answer)

    assert stream(serve, "send").by == "peer"


def test_an_old_proxys_answer_is_an_answer() -> None:
    assert stream(Uploads(answer=ENOUGH.replace(b"HTTP/1.1", b"HTTP/1.0")), "send").by == "decided"


def test_all_that_a_lease_allows_is_sent_and_no_more() -> None:
    lease = slower(up_bytes=20_000)
    uploads = Uploads(until_bytes=10**9)

    ended = stream(uploads, "send", lease=lease)

    assert (ended.by, ended.stream.sent_bytes) == ("bytes", 20_000)


def test_session_tickets_are_no_answer(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.num_tickets = 8
    uploads = Uploads(tls=context, until_bytes=20_000)

    ended = stream(uploads, "send", certificate=certificate)

    assert ended.by == "decided"
    assert uploads.got >= uploads.until_bytes
    assert ended.stream.sent_bytes <= offered_bps(BPS) / 8 * (ended.seconds + 0.025) + BLOCK_BYTES
