import socket
from pathlib import Path

import pytest

from agent.proxy import BadProxy
from tests.agent.asked import asked, reached
from tests.agent.fakes import hang, proxy, tcp_server
from tests.agent.https import NAMED, answer, head, https
from wire.version import VERSION


def test_a_proxys_way_is_a_phase_of_its_own_and_the_name_is_the_proxys_to_look_up(trusted: Path) -> None:
    with https(trusted, answer(head())) as port, proxy(port) as between:
        report = asked(443, trusting=trusted, host=NAMED, through=f"http://ann:p%40ss@127.0.0.1:{between.port}")

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


def test_the_machines_proxy_is_used_but_not_for_what_it_excludes(
    trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with https(trusted, answer(head())) as port, proxy(port) as between:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{between.port}")
        through = asked(443, trusting=trusted, host=NAMED)
        monkeypatch.setenv("no_proxy", "invalid")
        around = asked(443, trusting=trusted, host=NAMED)

    assert (through.via_proxy, through.failure) == (True, None)
    assert (around.via_proxy, around.failure) == (False, "name_not_resolved")


def test_a_proxy_of_a_kind_that_is_not_spoken_is_no_fault_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(BadProxy):
        asked(443, trusting=None, host=NAMED)


def test_an_authority_that_is_gone_is_no_fault_of_the_service(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        asked(443, trusting=tmp_path / "gone.pem")
