import asyncio
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.clock import NS_PER_MS, Clock, system_clock
from agent.fold import Draft
from agent.proxy import BadProxy
from agent.service import ServiceProbe
from tests.agent.certificates import make_certificate
from tests.agent.fakes import MovedClock, hang, proxy, tcp_server, trickle, trickle_head
from tests.agent.https import NAMED, answer, head, https, reset
from wire.enrolment import Service
from wire.reports import ServiceReport
from wire.version import VERSION

LOCAL = f"DNS:localhost,IP:127.0.0.1,DNS:{NAMED}"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "good.pem", LOCAL, to_days=40.5)


def asked(port: int, **options: Any) -> ServiceReport:
    """What one request to `port` learns; see `asked_together`."""
    return asked_together(port, **options)[0]


def asked_together(
    *ports: int,
    trusting: Path | None,
    host: str = "localhost",
    path: str = "/",
    through: int | str | None = None,
    timeout_ms: int = 10_000,
    clock: Clock | None = None,
) -> list[ServiceReport]:
    """What one request to each of `ports` learns, with `trusting` for an authority and the proxy `through`, by its port
    or URL."""
    url = f"http://127.0.0.1:{through}" if isinstance(through, int) else through
    probe = ServiceProbe(ca_file=str(trusting) if trusting else None, proxy=url, clock=clock or MovedClock().clock())

    def service(port: int) -> Service:
        return Service(alias="service:lms", host=host, port=port, path=path, interval_ms=60_000, timeout_ms=timeout_ms)

    async def work() -> list[Draft]:
        return await asyncio.gather(*(probe.ask(service(port)) for port in ports))

    reports = [draft(seq=1) for draft in asyncio.run(work())]
    return [report for report in reports if isinstance(report, ServiceReport)]


def phases(report: ServiceReport) -> Mapping[str, int | None]:
    names = ("resolve", "connect", "proxy", "tls", "first_byte")
    return {name: getattr(report, f"{name}_us") for name in names}


def reached(report: ServiceReport) -> list[str]:
    """The phases that came to their end."""
    return [name for name, us in phases(report).items() if us is not None]


def test_an_answer_comes_with_its_phases_and_says_nothing_of_the_machine(good: Path) -> None:
    heard: list[bytes] = []
    with https(good, answer(head(), heard=heard)) as port:
        report = asked(port, trusting=good, path="/login")

    assert (report.failure, report.failed_in, report.status, report.via_proxy) == (None, None, 200, False)
    assert reached(report) == ["resolve", "connect", "tls", "first_byte"]
    assert report.certificate_days == 40
    expected = f"HEAD /login HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: bandroom-agent/{VERSION}\r\n"
    assert heard == [f"{expected}Connection: close\r\n\r\n".encode()]


class Stepped:
    """A clock whose precise time goes on only between the two readings of a phase, by that phase's number of ms."""

    def __init__(self, *phases_ms: int) -> None:
        self._times = iter(accumulate(step for ms in phases_ms for step in (0, ms * NS_PER_MS)))

    def clock(self) -> Clock:
        real = system_clock()
        return Clock(
            boot_ns=real.boot_ns,
            precise_ns=lambda: next(self._times),
            wall_ns=real.wall_ns,
            synchronised=real.synchronised,
        )


def test_each_phase_has_its_own_time(good: Path) -> None:
    with https(good, answer(head())) as port, proxy(port) as between:
        direct = asked(port, trusting=good, clock=Stepped(11, 22, 33, 44).clock())
        through = asked(443, trusting=good, host=NAMED, through=between.port, clock=Stepped(11, 22, 33, 44, 55).clock())

    assert list(phases(direct).values()) == [11_000, 22_000, None, 33_000, 44_000]
    assert list(phases(through).values()) == [11_000, 22_000, 33_000, 44_000, 55_000]


SLOW_S = 0.3


def slowest(report: ServiceReport) -> str:
    assert report.failure is None
    return max(reached(report), key=lambda name: phases(report)[name] or 0)


def test_time_is_counted_in_the_phase_it_was_lost_in(good: Path) -> None:
    with https(good, answer(head()), tls_after_s=SLOW_S) as port:
        assert slowest(asked(port, trusting=good)) == "tls"
    with https(good, answer(head(), after_s=SLOW_S)) as port:
        assert slowest(asked(port, trusting=good)) == "first_byte"
    with https(good, answer(head())) as port, slow_proxy(port) as between:
        assert slowest(asked(443, trusting=good, host=NAMED, through=between)) == "proxy"


def slow_proxy(port: int) -> Any:
    """A proxy that thinks before it lets anybody through."""

    def serve(link: socket.socket) -> None:
        link.recv(65_536)
        time.sleep(SLOW_S)
        with socket.create_connection(("127.0.0.1", port)) as onward:
            link.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            link.settimeout(0.02)
            onward.settimeout(0.02)
            for _ in range(200):
                for source, sink in ((link, onward), (onward, link)):
                    try:
                        data = source.recv(65_536)
                    except TimeoutError:
                        continue
                    if not data:
                        return
                    sink.sendall(data)

    return tcp_server(serve)


@pytest.mark.parametrize("status", [100, 200, 204, 301, 302, 401, 403, 404, 405, 429, 501])
def test_what_the_service_says_is_an_answer_whatever_it_says(status: int, good: Path) -> None:
    with https(good, answer(head(status, ""))) as port:
        report = asked(port, trusting=good)

    assert (report.status, report.failure) == (status, None)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_service_that_says_it_is_broken_is_broken(status: int, good: Path) -> None:
    with https(good, answer(head(status))) as port:
        report = asked(port, trusting=good)

    assert (report.status, report.failure, report.failed_in) == (status, "server_error", "first_byte")
    assert report.first_byte_us is not None


def test_a_redirect_is_not_followed(good: Path) -> None:
    heard: list[bytes] = []
    with https(good, answer(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", heard=heard)) as port:
        assert asked(port, trusting=good).status == 302

    assert len(heard) == 1


def test_a_certificate_of_nobody_is_bad(good: Path) -> None:
    heard: list[bytes] = []
    with https(good, answer(head(), heard=heard)) as port:
        report = asked(port, trusting=None)

    assert (report.failure, report.failed_in, report.certificate_days) == ("bad_certificate", "tls", None)
    assert reached(report) == ["resolve", "connect"]
    assert heard == []  # nothing was asked of a stranger


def test_a_certificate_of_another_name_is_bad(tmp_path: Path) -> None:
    other = make_certificate(tmp_path / "other.pem", "DNS:elsewhere.example")
    with https(other, answer(head())) as port:
        report = asked(port, trusting=other)

    assert (report.failure, report.failed_in, report.certificate_days) == ("bad_certificate", "tls", None)


def test_an_expired_certificate_is_bad_and_says_since_when(tmp_path: Path) -> None:
    over = make_certificate(tmp_path / "over.pem", LOCAL, from_days=-90, to_days=-2.5)
    heard: list[bytes] = []
    with https(over, answer(head(), heard=heard)) as port, proxy(port) as between:
        direct = asked(port, trusting=over)
        through = asked(443, trusting=over, host=NAMED, through=between.port)

    assert (direct.failure, direct.failed_in, direct.certificate_days) == ("bad_certificate", "tls", -3)
    assert (through.failure, through.failed_in, through.certificate_days) == ("bad_certificate", "tls", -3)
    assert heard == []


def test_an_expired_certificate_of_another_name_does_not_say_since_when(tmp_path: Path) -> None:
    over = make_certificate(tmp_path / "over.pem", "DNS:elsewhere.example", from_days=-90, to_days=-2.5)
    with https(over, answer(head())) as port:
        assert asked(port, trusting=over).certificate_days is None


def test_a_certificate_from_tomorrow_is_bad(tmp_path: Path) -> None:
    early = make_certificate(tmp_path / "early.pem", LOCAL, from_days=1)
    with https(early, answer(head())) as port:
        assert asked(port, trusting=early).failure == "bad_certificate"


def test_a_certificate_that_never_ends_is_one_the_wire_accepts(tmp_path: Path) -> None:
    forever = make_certificate(tmp_path / "forever.pem", LOCAL, to_days=2_900_000)
    with https(forever, answer(head())) as port:
        assert asked(port, trusting=forever).certificate_days == 100_000


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


def test_an_answer_that_does_not_come_or_does_not_get_far_ends_at_the_deadline(good: Path) -> None:
    def says(said: bytes) -> Callable[[Any], None]:
        def say(link: Any) -> None:
            link.recv(65_536)
            link.sendall(said)
            hang(link)

        return say

    with https(good, says(b"")) as silent, https(good, says(b"HTTP/1.1 2")) as stuck:
        nothing, little = asked_together(silent, stuck, trusting=good, timeout_ms=2000)

    assert (nothing.failure, nothing.failed_in, nothing.first_byte_us) == ("no_answer", "first_byte", None)
    assert (little.failure, little.failed_in, little.status) == ("no_answer", "first_byte", None)
    assert little.first_byte_us is not None


@pytest.mark.parametrize("say", [trickle, trickle_head], ids=["body", "header"])
def test_an_endless_answer_is_an_answer(say: Callable[[Any], None], good: Path) -> None:
    with https(good, say) as port:
        assert asked(port, trusting=good).status == 200


def test_an_answer_that_trickles_ends_at_the_deadline(good: Path) -> None:
    def say(link: Any) -> None:
        link.recv(65_536)
        while True:
            link.sendall(b"a")
            time.sleep(0.02)

    with https(good, say) as port:
        report = asked(port, trusting=good, timeout_ms=2000)

    assert (report.failure, report.failed_in) == ("no_answer", "first_byte")


def test_a_line_without_an_end_is_not_read_to_its_end(good: Path) -> None:
    with https(good, answer(b"HTTP/1.1 200 " + b"a" * 1_000_000)) as port:
        assert asked(port, trusting=good).failure == "not_http"


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["closes", "resets"])
def test_who_hangs_up_has_refused_in_the_phase_it_hung_up_in(end: Callable[[Any], None], good: Path) -> None:
    def hears_and_ends(link: Any) -> None:
        link.recv(65_536)
        end(link)

    with tcp_server(end) as at_once, tcp_server(hears_and_ends) as later, https(good, hears_and_ends) as behind:
        first, second, third = (asked(port, trusting=good) for port in (at_once, later, behind))

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
def test_what_is_no_http_is_told(said: bytes, good: Path) -> None:
    with https(good, answer(said)) as port:
        report = asked(port, trusting=good)

    assert (report.failure, report.failed_in, report.status) == ("not_http", "first_byte", None)


def test_a_name_with_a_dead_address_first_is_reached_at_the_next(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with https(good, answer(head())) as port:
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in ("127.0.0.9", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", two_addresses(addresses, socket.getaddrinfo))
        report = asked(port, trusting=good, host=NAMED)

    assert (report.failure, report.status) == (None, 200)


def two_addresses(addresses: list[Any], real: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: str, *rest: Any, **more: Any) -> Any:
        return addresses if host == NAMED else real(host, *rest, **more)

    return getaddrinfo


def test_a_look_up_that_hangs_is_silence_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2))
    report = asked(443, trusting=None, host=NAMED, timeout_ms=200)

    assert (report.failure, report.failed_in) == ("no_answer", "resolve")


def test_a_proxys_way_is_a_phase_of_its_own_and_the_name_is_the_proxys_to_look_up(good: Path) -> None:
    with https(good, answer(head())) as port, proxy(port) as between:
        report = asked(443, trusting=good, host=NAMED, through=f"http://ann:p%40ss@127.0.0.1:{between.port}")

    assert (report.failure, report.via_proxy, report.status) == (None, True, 200)
    assert reached(report) == ["resolve", "connect", "proxy", "tls", "first_byte"]
    (asked_for,) = between.heads
    assert asked_for.splitlines() == [
        f"CONNECT {NAMED}:443 HTTP/1.1",
        f"Host: {NAMED}:443",
        f"User-Agent: bandroom-agent/{VERSION}",
        "Proxy-Authorization: Basic YW5uOnBAc3M=",
    ]


def hears_and_hangs_up(link: socket.socket) -> None:
    link.recv(65_536)


PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>This site is blocked</html>"


@pytest.mark.parametrize(
    ("said", "failure", "status"),
    [
        (head(403, "Forbidden") + b"<html>blocked</html>", "proxy_refused", 403),
        (head(407, "Proxy Authentication Required"), "proxy_refused", 407),
        (b"HTTP/1.1 302 Found\r\nLocation: http://filter.example/blocked\r\n\r\n", "proxy_refused", 302),
        (head(503, "x" * 20_000), "not_http", None),
        (head(502), "proxy_refused", 502),
        (PAGE, "proxy_refused", None),
        (b"SSH-2.0-OpenSSH\r\n", "not_http", None),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Endless: a\r\n" * 5000, "not_http", None),
        (b"HTTP/1.1 200 OK\r\nX-Short: ", "not_http", None),
        (b"", "refused", None),
    ],
    ids=range(10),
)
def test_a_proxy_that_does_not_let_us_through_is_the_one_that_failed(
    said: bytes, failure: str, status: int | None
) -> None:
    with proxy(1, refuse=said) if said else tcp_server(hears_and_hangs_up) as between:
        port = between if isinstance(between, int) else between.port
        report = asked(443, trusting=None, host=NAMED, through=port)

    assert (report.failure, report.failed_in, report.status) == (failure, "proxy", status)
    assert report.via_proxy
    assert reached(report) == ["resolve", "connect"]


def test_a_silent_proxy_and_a_proxy_that_is_not_there_are_told_apart() -> None:
    with tcp_server(hang) as port:
        silent = asked(443, trusting=None, host=NAMED, through=port, timeout_ms=300)
    absent = asked(443, trusting=None, host=NAMED, through=port)
    nameless = asked(443, trusting=None, host=NAMED, through="http://proxy.invalid:3128")

    assert (silent.failure, silent.failed_in) == ("no_answer", "proxy")
    assert (absent.failure, absent.failed_in) == ("refused", "connect")
    assert (nameless.failure, nameless.failed_in) == ("name_not_resolved", "resolve")
    assert {silent.via_proxy, absent.via_proxy, nameless.via_proxy} == {True}


def test_the_machines_proxy_is_used_but_not_for_what_it_excludes(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with https(good, answer(head())) as port, proxy(port) as between:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{between.port}")
        through = asked(443, trusting=good, host=NAMED)
        monkeypatch.setenv("no_proxy", "invalid")
        around = asked(443, trusting=good, host=NAMED)

    assert (through.via_proxy, through.failure) == (True, None)
    assert (around.via_proxy, around.failure) == (False, "name_not_resolved")


def test_a_proxy_of_a_kind_that_is_not_spoken_is_no_fault_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(BadProxy):
        asked(443, trusting=None, host=NAMED)


def test_an_authority_that_is_gone_is_no_fault_of_the_service(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        asked(443, trusting=tmp_path / "gone.pem")


@pytest.fixture(scope="module")
def parrot(good: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A service that says the last of a list, however mad it is."""
    words: list[bytes] = [b""]

    def say(link: Any) -> None:
        answer(words[-1])(link)

    with https(good, say) as port:
        yield port, words


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.one_of(
        st.binary(max_size=300),
        st.builds(lambda status, rest: b"HTTP/1.1 %d" % status + rest, st.integers(0, 1200), st.binary(max_size=300)),
    )
)
def test_any_answer_ends_in_a_report(said: bytes, parrot: tuple[int, list[bytes]], good: Path) -> None:
    port, words = parrot
    words.append(said)

    report = asked(port, trusting=good)

    assert report.failure in (None, "not_http", "server_error", "refused")
    assert (report.status is None) == (report.failure in ("not_http", "refused"))
