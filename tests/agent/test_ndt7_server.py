"""An agent's ndt7 server over real sockets: the protocol is tested in tests/wire, here is what only a socket shows."""

import contextlib
import socket
import struct
import threading

import pytest

from agent.http import Unanswered
from tests.agent.ndt7_served import client, connected, rest_of, served, until
from tests.wire.ndt7_tested import RIGHT, USED, Desk, Permit, binary, heard, question
from wire.ndt7.places import MOST_VISITS
from wire.report_words import Direction
from wire.upgrade import END_OF_HEAD

MOST = {"down": 6_000_000, "up": 4_000_000}


@pytest.mark.parametrize("direction", ["down", "up"])
def test_our_client_tests_against_our_server(direction: Direction) -> None:
    desk = Desk(down_bytes=MOST["down"], up_bytes=MOST["up"])
    with served(desk) as server:
        call = client(server.port, direction, most_bytes=MOST[direction]).run()
        until(server, 1)

    assert call.ended_by == "bytes"
    assert call.received_bps is not None
    assert call.received_bps > 1_000_000
    assert 0.9 * MOST[direction] < call.used_bytes <= MOST[direction]
    assert desk.permits[direction].cost == [pytest.approx(call.used_bytes, rel=0.001)]
    assert server.ended.total() == 1


@pytest.mark.parametrize(("token", "word"), [(None, "wrong_token"), ("0" * 16, "wrong_token"), (USED, "token_used")])
def test_who_has_no_right_token_is_refused_by_its_word(token: str | None, word: str) -> None:
    with served(Desk()) as server:
        with pytest.raises(Unanswered) as raised:
            client(server.port, "down", most_bytes=MOST["down"], token=token).run()
        until(server, 1)

    assert raised.value.word == word
    assert server.ended == {word: 1}


def test_a_lease_that_ends_stops_a_test_whose_client_reads_nothing() -> None:
    desk = Desk(down_bytes=10**12)
    with served(desk) as server, connected(server.port) as link:
        link.sendall(question("down"))
        link.recv(1 << 16)
        desk.permits["down"].over.set()
        until(server, 1)
        rest_of(link)

    assert server.ended == {"down_lease_over": 1}
    assert len(desk.permits["down"].cost) == 1


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_half_closed_connection_ends_its_test(direction: Direction) -> None:
    with served(Desk(down_bytes=10**12)) as server, connected(server.port) as link:
        link.sendall(question(direction))
        assert link.recv(1 << 16).startswith(b"HTTP/1.1 101 ")
        link.shutdown(socket.SHUT_WR)
        rest_of(link)
        until(server, 1)

    assert server.ended == {f"{direction}_hung_up": 1}


def test_a_reset_connection_ends_its_test() -> None:
    desk = Desk()
    with served(desk) as server:
        link = connected(server.port)
        link.sendall(question("up"))
        link.recv(1 << 16)
        link.sendall(binary(1 << 16)[:30_000])
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.close()
        until(server, 1)

    assert server.ended == {"up_hung_up": 1}
    assert len(desk.permits["up"].cost) == 1


def test_a_client_that_breaks_the_protocol_reads_why() -> None:
    with served(Desk()) as server, connected(server.port) as link:
        link.sendall(question("up"))
        link.recv(1 << 16)
        link.sendall(b"\xff\xff")
        closes = heard(rest_of(link))[2]
        until(server, 1)

    assert [one.reason for one in closes] == [b"reserved_bits"]
    assert server.ended == {"up_reserved_bits": 1}


def test_hundreds_who_say_nothing_keep_nobody_out_and_cost_few_threads() -> None:
    desk = Desk()
    threads = threading.active_count()
    with served(desk) as server, contextlib.ExitStack() as silent:
        for _ in range(400):
            silent.enter_context(connected(server.port))
        call = client(server.port, "up", most_bytes=100_000).run()
        assert call.ended_by == "bytes"
        assert threading.active_count() <= threads + MOST_VISITS + 2
        silent.close()
        until(server, 401)

    assert server.ended.total() == 401
    assert sum(count for word, count in server.ended.items() if word.startswith("up_")) == 1


def test_when_every_place_is_tested_the_next_is_turned_away() -> None:
    desk = Desk(down_bytes=10**12)
    with served(desk) as server, contextlib.ExitStack() as testing:
        for _ in range(MOST_VISITS):
            link = testing.enter_context(connected(server.port))
            link.sendall(question("up"))
            link.recv(1 << 16)
        with connected(server.port) as late:
            assert rest_of(late) == b""
        until(server, 1)

        assert server.ended == {"crowded": 1}


def test_a_server_that_closes_ends_every_test_and_frees_its_port() -> None:
    desk = Desk(down_bytes=10**12)
    with served(desk) as server, connected(server.port) as link:
        link.sendall(question("down"))
        head = link.recv(1 << 16)
        server.close()
        rest_of(link)
        until(server, 1)

    assert END_OF_HEAD in head
    with pytest.raises(ConnectionRefusedError):
        connected(server.port)


def test_a_desk_that_breaks_hurts_only_the_one_who_asked() -> None:
    class Broken(Desk):
        def allow(self, token: str | None, direction: Direction) -> Permit:
            if direction == "down":
                raise ZeroDivisionError
            return super().allow(token, direction)

    with served(Broken()) as server:
        with pytest.raises(Unanswered):
            client(server.port, "down", most_bytes=MOST["down"]).run()
        assert client(server.port, "up", most_bytes=50_000).run().ended_by == "bytes"
        until(server, 2)

    assert server.ended["broken"] == 1


def test_no_line_of_the_log_names_an_address_or_a_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with served(Desk()) as server:
        client(server.port, "up", most_bytes=50_000).run()
        until(server, 1)

    assert "ndt7 test direction=up" in caplog.text
    assert "127.0.0.1" not in caplog.text
    assert RIGHT not in caplog.text
