import socket
import time
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from agent.clock import NS_PER_MS, Clock, system_clock
from tests.agent.asked import asked, phases, reached
from tests.agent.certificates import make_certificate
from tests.agent.fakes import proxy, tcp_server
from tests.agent.https import LOCAL, NAMED, answer, head, https
from wire.service_report import ServiceReport
from wire.version import VERSION


def test_an_answer_comes_with_its_phases_and_says_nothing_of_the_machine(trusted: Path) -> None:
    heard: list[bytes] = []
    with https(trusted, answer(head(), heard=heard)) as port:
        report = asked(port, trusting=trusted, path="/login")

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


def test_each_phase_has_its_own_time(trusted: Path) -> None:
    with https(trusted, answer(head())) as port, proxy(port) as between:
        direct = asked(port, trusting=trusted, clock=Stepped(11, 22, 33, 44).clock())
        through = asked(
            443, trusting=trusted, host=NAMED, through=between.port, clock=Stepped(11, 22, 33, 44, 55).clock()
        )

    assert list(phases(direct).values()) == [11_000, 22_000, None, 33_000, 44_000]
    assert list(phases(through).values()) == [11_000, 22_000, 33_000, 44_000, 55_000]


SLOW_S = 0.3


def slowest(report: ServiceReport) -> str:
    assert report.failure is None
    return max(reached(report), key=lambda name: phases(report)[name] or 0)


def test_time_is_counted_in_the_phase_it_was_lost_in(trusted: Path) -> None:
    with https(trusted, answer(head()), tls_after_s=SLOW_S) as port:
        assert slowest(asked(port, trusting=trusted)) == "tls"
    with https(trusted, answer(head(), after_s=SLOW_S)) as port:
        assert slowest(asked(port, trusting=trusted)) == "first_byte"
    with https(trusted, answer(head())) as port, slow_proxy(port) as between:
        assert slowest(asked(443, trusting=trusted, host=NAMED, through=between)) == "proxy"


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
def test_what_the_service_says_is_an_answer_whatever_it_says(status: int, trusted: Path) -> None:
    with https(trusted, answer(head(status, ""))) as port:
        report = asked(port, trusting=trusted)

    assert (report.status, report.failure) == (status, None)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_service_that_says_it_is_broken_is_broken(status: int, trusted: Path) -> None:
    with https(trusted, answer(head(status))) as port:
        report = asked(port, trusting=trusted)

    assert (report.status, report.failure, report.failed_in) == (status, "server_error", "first_byte")
    assert report.first_byte_us is not None


def test_a_redirect_is_not_followed(trusted: Path) -> None:
    heard: list[bytes] = []
    with https(trusted, answer(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n", heard=heard)) as port:
        assert asked(port, trusting=trusted).status == 302

    assert len(heard) == 1


def test_a_certificate_of_nobody_is_bad(trusted: Path) -> None:
    heard: list[bytes] = []
    with https(trusted, answer(head(), heard=heard)) as port:
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
