"""One direction of a capacity test over real connections, plain and with TLS."""

import socket
import time
from pathlib import Path

import pytest

from agent.http import Unanswered
from agent.ndt7_client import Ndt7Client, Ndt7Place
from tests.agent.fakes import tcp_server
from tests.agent.ndt7_served import client, served, tls_before, until
from tests.end_to_end.certificate import make_certificate
from tests.wire.ndt7_tested import RIGHT, Desk
from wire.report_words import Direction
from wire.reports import EndedBy

MOST = {"down": 3_000_000, "up": 2_000_000}


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_test_over_tls_trusts_only_whom_the_machine_trusts(direction: Direction, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path / "one.pem")

    def over(ca_file: str | None, port: int) -> Ndt7Client:
        place = Ndt7Place(host="localhost", port=port, tls=True, token=RIGHT, ca_file=ca_file)
        return Ndt7Client(place, direction, most_bytes=MOST[direction])

    with served(Desk()) as server, tls_before(server.port, certificate) as port:
        call = over(str(certificate), port).run()
        with pytest.raises(Unanswered, match="tls_untrusted"):
            over(None, port).run()

    assert call.ended_by == "bytes"
    assert 0.8 * MOST[direction] < call.used_bytes <= MOST[direction]


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_test_that_is_told_to_stop_has_stopped_soon_after(direction: Direction) -> None:
    began = time.monotonic()

    def stop() -> EndedBy | None:
        return "lease" if time.monotonic() - began > 0.5 else None

    with served(Desk(down_bytes=10**12, up_bytes=10**12)) as server:
        call = client(server.port, direction, most_bytes=10**12, stop=stop).run()
        until(server, 1)

    assert call.ended_by == "lease"
    assert call.used_bytes > 0


def test_a_test_that_is_cut_from_outside_ends_and_keeps_its_count() -> None:
    with served(Desk(down_bytes=10**12)) as server:
        cut = False

        def stop() -> EndedBy | None:
            nonlocal cut
            if not cut and ours.call is not None and ours.call.used_bytes > 1_000_000:
                ours.tcp.cut()
                cut = True
            return None

        ours = client(server.port, "down", most_bytes=10**12, stop=stop)
        call = ours.run()
        until(server, 1)

    assert call.ended_by == "peer"
    assert call.used_bytes > 1_000_000


@pytest.mark.parametrize(
    ("answer", "word"), [(b"", "no_answer"), (b"HTTP/1.1 407 Login\r\n\r\n", "http_407"), (b"\x00\r\n\r\n", "no_http")]
)
def test_what_is_no_ndt7_server_is_no_test(answer: bytes, word: str) -> None:
    def serve(link: socket.socket) -> None:
        link.recv(4096)
        link.sendall(answer)

    with tcp_server(serve) as port, pytest.raises(Unanswered) as raised:
        client(port, "up", most_bytes=MOST["up"]).run()

    assert raised.value.word == word


def test_where_nobody_listens_there_is_no_test() -> None:
    with served(Desk()) as server:
        port = server.port
    with pytest.raises(Unanswered, match="connection_refused"):
        client(port, "down", most_bytes=MOST["down"]).run()
