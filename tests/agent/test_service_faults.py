import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.asked import asked, asked_together, reached
from tests.agent.fakes import hang, tcp_server, trickle, trickle_head
from tests.agent.https import NAMED, answer, head, https, reset


def test_no_name_no_listener_and_no_way_are_results() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nameless = asked(443, trusting=None, host=NAMED)
    strange = asked(443, trusting=None, host="a" * 70 + ".invalid")
    closed = asked(port, trusting=None)
    nowhere = asked(443, trusting=None, host="100::1", timeout_ms=300)  # RFC 6666's discard prefix

    assert (nameless.failure, nameless.failed_in) == ("name_not_resolved", "resolve")
    assert (strange.failure, strange.failed_in) == ("name_not_resolved", "resolve")
    assert (closed.failure, closed.failed_in) == ("refused", "connect")
    assert nowhere.failed_in == "connect"
    assert nowhere.failure in ("unreachable", "no_answer")


def test_a_listener_that_takes_nobody_is_silence_in_connecting() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        fillers = [socket.socket() for _ in range(8)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        report = asked(full.getsockname()[1], trusting=None, host="127.0.0.1", timeout_ms=300)
        for filler in fillers:
            filler.close()

    assert (report.failure, report.failed_in) == ("no_answer", "connect")


@pytest.mark.parametrize("serve", [hang, lambda link: time.sleep(3)], ids=["hears", "sleeps"])
def test_silence_in_the_handshake_ends_at_the_deadline(serve: Callable[[socket.socket], None]) -> None:
    with tcp_server(serve) as port:
        report = asked(port, trusting=None, timeout_ms=300)

    assert (report.failure, report.failed_in) == ("no_answer", "tls")
    assert reached(report) == ["resolve", "connect"]


def test_an_answer_that_does_not_come_or_does_not_get_far_ends_at_the_deadline(trusted: Path) -> None:
    def says(said: bytes) -> Callable[[Any], None]:
        def say(link: Any) -> None:
            link.recv(65_536)
            link.sendall(said)
            hang(link)

        return say

    with https(trusted, says(b"")) as silent, https(trusted, says(b"HTTP/1.1 2")) as stuck:
        nothing, little = asked_together(silent, stuck, trusting=trusted, timeout_ms=2000)

    assert (nothing.failure, nothing.failed_in, nothing.first_byte_us) == ("no_answer", "first_byte", None)
    assert (little.failure, little.failed_in, little.status) == ("no_answer", "first_byte", None)
    assert little.first_byte_us is not None


@pytest.mark.parametrize("say", [trickle, trickle_head], ids=["body", "header"])
def test_an_endless_answer_is_an_answer(say: Callable[[Any], None], trusted: Path) -> None:
    with https(trusted, say) as port:
        assert asked(port, trusting=trusted).status == 200


def test_an_answer_that_trickles_ends_at_the_deadline(trusted: Path) -> None:
    def say(link: Any) -> None:
        link.recv(65_536)
        while True:
            link.sendall(b"a")
            time.sleep(0.02)

    with https(trusted, say) as port:
        report = asked(port, trusting=trusted, timeout_ms=2000)

    assert (report.failure, report.failed_in) == ("no_answer", "first_byte")


def test_a_line_without_an_end_is_not_read_to_its_end(trusted: Path) -> None:
    with https(trusted, answer(b"HTTP/1.1 200 " + b"a" * 1_000_000)) as port:
        assert asked(port, trusting=trusted).failure == "not_http"


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["closes", "resets"])
def test_who_hangs_up_has_refused_in_the_phase_it_hung_up_in(end: Callable[[Any], None], trusted: Path) -> None:
    def hears_and_ends(link: Any) -> None:
        link.recv(65_536)
        end(link)

    with tcp_server(end) as at_once, tcp_server(hears_and_ends) as later, https(trusted, hears_and_ends) as behind:
        first, second, third = (asked(port, trusting=trusted) for port in (at_once, later, behind))

    assert (first.failure, second.failure, third.failure) == ("refused", "refused", "refused")
    assert first.failed_in in ("connect", "tls")
    assert (second.failed_in, third.failed_in) == ("tls", "first_byte")


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"\x15\x03\x01\x00\x02\x02\x28"])
def test_what_speaks_no_tls_has_failed_in_it(said: bytes) -> None:
    def serve(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(said)

    with tcp_server(serve) as port:
        report = asked(port, trusting=None)

    assert (report.failure, report.failed_in) == ("tls_failed", "tls")


NO_HTTP = [
    b"SSH-2.0-OpenSSH\r\n",
    b"HTTP/2 200\r\n\r\n",
    b"HTTP/1.1 2x0 OK\r\n\r\n",
    b"HTTP/1.1 000 OK\r\n\r\n",
    b"HTTP/1.1 999 OK\r\n\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"HTTP/1.1 -20 OK\r\n\r\n",
    b"HTTP/1.1 \xd9\xa2\xd9\xa0\xd9\xa0 OK\r\n\r\n",
    b"<html>welcome</html>",
    b"\n",
    b"\0" * 70_000,
]


@pytest.mark.parametrize("said", NO_HTTP, ids=range(len(NO_HTTP)))
def test_what_is_no_http_is_told(said: bytes, trusted: Path) -> None:
    with https(trusted, answer(said)) as port:
        report = asked(port, trusting=trusted)

    assert (report.failure, report.failed_in, report.status) == ("not_http", "first_byte", None)


def test_a_name_with_a_dead_address_first_is_reached_at_the_next(
    trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with https(trusted, answer(head())) as port:
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.9", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", two_addresses(addresses, socket.getaddrinfo))
        report = asked(port, trusting=trusted, host=NAMED)

    assert (report.failure, report.status) == (None, 200)


def two_addresses(addresses: list[Any], real: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: str, *rest: Any, **more: Any) -> Any:
        return addresses if host == NAMED else real(host, *rest, **more)

    return getaddrinfo


def test_a_look_up_that_hangs_is_silence_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2))
    report = asked(443, trusting=None, host=NAMED, timeout_ms=200)

    assert (report.failure, report.failed_in) == ("no_answer", "resolve")


@pytest.fixture(scope="module")
def parrot(trusted: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A service that says the last of a list, however mad it is."""
    words: list[bytes] = [b""]

    def say(link: Any) -> None:
        answer(words[-1])(link)

    with https(trusted, say) as port:
        yield port, words


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.one_of(
        st.binary(max_size=300),
        st.builds(lambda status, rest: b"HTTP/1.1 %d" % status + rest, st.integers(0, 1200), st.binary(max_size=300)),
    )
)
def test_any_answer_ends_in_a_report(said: bytes, parrot: tuple[int, list[bytes]], trusted: Path) -> None:
    port, words = parrot
    words.append(said)

    report = asked(port, trusting=trusted)

    assert report.failure in (None, "not_http", "server_error", "refused")
    assert (report.status is None) == (report.failure in ("not_http", "refused"))
