import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.http import Answer, Collector, Unanswered
from agent.proxy import BadProxy, find_proxy, parse_proxy
from tests.agent.fakes import (
    Reply,
    Seen,
    as_json,
    collector,
    hang,
    proxy,
    tcp_server,
    trickle,
    trickle_head,
)
from wire.version import VERSION

HELLO: Reply = as_json(200, {"hello": "room 204"}, ETag='"7"')


def hello(_seen: Seen) -> Reply:
    return HELLO


def ask(url: str, *, deadline_s: float = 5, ca_file: Path | None = None, proxy_url: str | None = None) -> Answer:
    client = Collector(url, ca_file=str(ca_file) if ca_file else None, proxy=proxy_url)
    return asyncio.run(client.ask("POST", "/v1/reports", body=lambda: b"body", deadline_s=deadline_s))


def word(url: str, **options: float | Path | str) -> str:
    with pytest.raises(Unanswered) as raised:
        ask(url, **options)  # type: ignore[arg-type]
    return raised.value.word


def test_an_answer_comes_whole_and_the_agent_names_only_its_version() -> None:
    with collector(hello) as fake:
        answer = ask(fake.url + "/behind/")

    assert (answer.status, answer.headers["etag"]) == (200, '"7"')
    assert answer.body == HELLO[2]
    (seen,) = fake.seen
    assert seen.path == "/behind/v1/reports"
    assert seen.headers["user-agent"] == f"bandroom-agent/{VERSION}"
    assert seen.headers["host"] == fake.url.removeprefix("http://")
    assert set(seen.headers) == {"host", "user-agent", "connection", "content-length", "accept-encoding"}


def test_a_redirect_is_not_followed() -> None:
    with collector(lambda seen: (302, {"Location": "/login"}, b"")) as fake:
        assert ask(fake.url).status == 302
        assert len(fake.seen) == 1


@pytest.mark.parametrize("serve", [hang, trickle, trickle_head])
def test_no_server_holds_a_request_past_its_deadline(serve: Callable[[socket.socket], None]) -> None:
    with tcp_server(serve) as port:
        began = time.monotonic()
        assert word(f"http://127.0.0.1:{port}", deadline_s=0.3) == "timeout"
        assert time.monotonic() - began < 3


def test_a_hung_tls_handshake_ends_at_the_deadline(certificate: Path) -> None:
    with tcp_server(hang) as port:
        assert word(f"https://127.0.0.1:{port}", deadline_s=0.3) == "timeout"


def test_an_endless_answer_is_cut_off() -> None:
    def endless(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            link.sendall(b" " * 65_536)

    with tcp_server(endless) as port:
        assert word(f"http://127.0.0.1:{port}") == "answer_too_large"


def test_no_listener_and_no_name_are_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert word(f"http://127.0.0.1:{port}") == "connection_refused"
    assert word("http://no-such-host.invalid") == "name_not_resolved"


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH\r\n", b"", b"HTTP/1.1 2x0 OK\r\n\r\n", b"\x00" * 70_000])
def test_what_is_no_http_is_a_word(said: bytes) -> None:
    def serve(link: socket.socket) -> None:
        link.recv(65_536)
        link.sendall(said)

    with tcp_server(serve) as port:
        assert word(f"http://127.0.0.1:{port}") == "broken_answer"


def test_a_certificate_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with collector(hello, certificate=certificate) as fake:
        assert word(fake.url) == "tls_untrusted"
        assert fake.seen == []


def test_a_ca_file_is_trusted_besides_the_systems(certificate: Path) -> None:
    with collector(hello, certificate=certificate) as fake:
        assert ask(fake.url, ca_file=certificate).body == HELLO[2]


def test_a_certificate_for_another_name_is_refused_even_with_the_ca_file(certificate: Path) -> None:
    with collector(hello, certificate=certificate) as fake:
        url = fake.url.replace("localhost", "127.0.0.1")
        assert word(url, ca_file=certificate) == "tls_untrusted"


def test_the_body_is_made_once_the_connection_stands(certificate: Path) -> None:
    made: list[int] = []

    def body() -> bytes:
        made.append(1)
        return b"body"

    with proxy(1, refuse=b"HTTP/1.1 502 No\r\n\r\n") as through:
        client = Collector("https://collector.invalid", proxy=f"http://127.0.0.1:{through.port}")
        with pytest.raises(Unanswered, match="proxy_refused"):
            asyncio.run(client.ask("POST", "/", body=body))
    assert made == []
    with collector(hello, certificate=certificate) as fake:
        client = Collector(fake.url, ca_file=str(certificate))
        asyncio.run(client.ask("POST", "/", body=body))
    assert len(made) == 1


def test_plain_http_goes_through_the_proxy_with_its_login() -> None:
    with collector(hello) as fake, proxy(int(fake.url.rsplit(":", 1)[1])) as through:
        answer = ask("http://collector.invalid/base", proxy_url=f"http://ann:p%40ss@127.0.0.1:{through.port}")

    assert answer.body == HELLO[2]
    (head,) = through.heads
    assert head.startswith("POST http://collector.invalid/base/v1/reports HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic YW5uOnBAc3M=" in head


def test_https_tunnels_through_the_proxy_and_still_checks_the_certificate(certificate: Path) -> None:
    with (
        collector(hello, certificate=certificate) as fake,
        proxy(int(fake.url.rsplit(":", 1)[1])) as through,
    ):
        url, proxy_url = "https://collector.invalid", f"http://ann:pass@127.0.0.1:{through.port}"
        assert ask(url, ca_file=certificate, proxy_url=proxy_url).body == HELLO[2]
        assert word("https://other.invalid", ca_file=certificate, proxy_url=proxy_url) == "tls_untrusted"

    assert through.heads[0].startswith("CONNECT collector.invalid:443 HTTP/1.1\r\n")
    assert "Proxy-Authorization: Basic YW5uOnBhc3M=" in through.heads[0]
    assert "POST" not in through.heads[0]


def test_a_proxy_that_wants_a_login_says_so() -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with proxy(1, refuse=refusal) as through:
        proxy_url = f"http://127.0.0.1:{through.port}"
        assert word("https://collector.invalid", proxy_url=proxy_url) == "proxy_wants_login"


def test_the_environments_proxy_is_used_except_for_loopback_and_what_it_excludes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    monkeypatch.setenv("no_proxy", "inside.invalid")

    found = find_proxy("https", "collector.invalid", None)

    assert found is not None
    assert (found.host, found.port, found.authorization) == ("proxy.invalid", 3128, None)
    assert find_proxy("http", "collector.invalid", None) is None
    assert find_proxy("https", "a.inside.invalid", None) is None
    assert find_proxy("https", "127.0.0.1", None) is None
    assert find_proxy("https", "127.0.0.1", "http://proxy.invalid:3128") is None


def test_a_proxy_without_a_scheme_is_http_and_other_kinds_are_named() -> None:
    assert parse_proxy("proxy.invalid:8080").port == 8080
    for url in ("socks5://proxy.invalid:1080", "https://proxy.invalid", "http://proxy.invalid:99999"):
        with pytest.raises(BadProxy):
            parse_proxy(url)


def test_nothing_that_is_raised_names_an_address() -> None:
    with pytest.raises(Unanswered) as raised:
        ask("http://no-such-host.invalid")

    assert "invalid" not in str(raised.value)
    assert raised.value.__suppress_context__
