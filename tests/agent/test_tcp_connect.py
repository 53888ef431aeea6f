import asyncio
import socket

from agent.clock import NS_PER_MS
from agent.place import Place
from agent.sample import Sample
from agent.tcp_connect import TcpConnect
from tests.agent.fakes import MovedClock


def connect(host: str | None, port: int, *, timeout_ms: int = 300) -> Sample:
    place = Place(lambda: host, port, socket.SOCK_STREAM)
    return asyncio.run(TcpConnect(place, timeout_ms=timeout_ms, clock=MovedClock().clock()).probe())


def test_a_listener_that_accepts_is_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sample = connect("127.0.0.1", listener.getsockname()[1])

    assert sample.answered
    assert sample.method == "tcp_connect"
    assert sample.rtt_ns is not None
    assert 0 < sample.rtt_ns < 200 * NS_PER_MS


def test_a_reset_is_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert connect("127.0.0.1", port).answered


def test_a_listener_that_is_full_is_a_loss_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        fillers = []
        try:
            for _ in range(8):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
                fillers.append(filler)
            sample = connect("127.0.0.1", port)
        finally:
            for filler in fillers:
                filler.close()

    assert sample.failure == "no_answer"


def test_a_name_without_an_address_is_a_result() -> None:
    assert connect("no-such-host.invalid", 80, timeout_ms=5000).failure == "name_not_resolved"


def test_no_default_route_is_a_result() -> None:
    assert connect(None, 80).failure == "no_gateway"


def test_no_way_there_is_a_result() -> None:
    # RFC 3849's documentation prefix with the discard prefix of RFC 6666: routed nowhere
    sample = connect("100::1", 80)

    assert sample.failure in {"unreachable", "no_answer"}
