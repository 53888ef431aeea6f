"""The way from HTTP to WebSocket, both sides."""

import random
from contextlib import suppress

import pytest

from wire.upgrade import (
    MOST_HEAD_BYTES,
    BadUpgrade,
    Head,
    accepting_head,
    read_answer,
    read_request,
    refusing_head,
    request_head,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
PROTOCOL = "net.measurementlab.ndt.v7"


def question(target: str = "/ndt/v7/download", **headers: str) -> bytes:
    return request_head(host="localhost:8630", target=target, key=KEY, protocol=PROTOCOL, headers=headers)


def test_the_key_of_rfc_6455_section_1_3_is_answered_as_it_is_there() -> None:
    head = accepting_head(KEY, PROTOCOL)

    assert f"Sec-WebSocket-Accept: {ACCEPT}\r\n".encode() in head
    read_answer(head, key=KEY, protocol=PROTOCOL)


def test_our_own_question_is_read() -> None:
    asked = read_request(question("/ndt/v7/upload?access_token=s3cret&client_name=r%C3%A4um&access_token=other"))

    assert (asked.path, asked.key, asked.protocols) == ("/ndt/v7/upload", KEY, (PROTOCOL,))
    assert asked.query == {"access_token": "s3cret", "client_name": "räum"}
    assert "s3cret" not in repr(asked)


def test_a_browsers_question_is_read() -> None:
    head = (
        b"GET /ndt/v7/download? HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
        b"Origin: https://x\r\nSec-WebSocket-Version: 13\r\nCookie: a\r\nCookie: b\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: " + KEY.encode() + b"\r\n"
        b"Sec-WebSocket-Protocol: chat, net.measurementlab.ndt.v7\r\n\r\n"
    )

    assert read_request(head).protocols == ("chat", PROTOCOL)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (question().replace(b"GET", b"POST"), "bad_request_line"),
        (question().replace(b"HTTP/1.1\r\nHost", b"HTTP/1.0\r\nHost"), "bad_request_line"),
        (question("http://elsewhere/"), "bad_request_line"),
        (question("/x?" + "a" * 4_097), "query_too_long"),
        (question("/x?name=%ff"), "bad_query"),
        (question("/x?" + "a=1&" * 101), "bad_query"),
        (question().replace(b"Upgrade: websocket", b"Upgrade: h2c"), "no_upgrade"),
        (question().replace(b"Connection: Upgrade", b"Connection: close"), "no_upgrade"),
        (question().replace(b"Version: 13", b"Version: 8"), "bad_version"),
        (question().replace(KEY.encode(), b"short"), "bad_key"),
        (question().replace(KEY.encode(), b"\xff" * 24), "bad_key"),
        (question().replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Key: " + KEY.encode() + b"\r\n\r\n"), "bad_key"),
        (question().replace(b"Host: ", b"Host : "), "bad_header"),
        (question().replace(b"Host: ", b" Host: "), "bad_header"),
        (b"\r\n\r\n", "bad_request_line"),
    ],
)
def test_a_malformed_question_is_refused_with_its_reason(head: bytes, word: str) -> None:
    with pytest.raises(BadUpgrade) as raised:
        read_request(head)

    assert (raised.value.status, raised.value.word) == (400, word)


def test_a_refusal_says_why_and_the_client_reads_it() -> None:
    with pytest.raises(BadUpgrade) as raised:
        read_answer(refusing_head(409, "token_used"), key=KEY, protocol=PROTOCOL)

    assert (raised.value.status, raised.value.word) == (409, "token_used")
    assert len(refusing_head(503, "collector_away")) < len(question())


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "http_200"),
        (b"HTTP/1.1 403 Forbidden\r\nX-Bandroom-Error: <script>\r\n\r\n", "http_403"),
        (b"SSH-2.0-x\r\n\r\n", "no_http"),
        (accepting_head(KEY, "chat"), "foreign_answer"),
        (accepting_head("AAAAAAAAAAAAAAAAAAAAAA==", PROTOCOL), "foreign_answer"),
    ],
)
def test_an_answer_that_begins_no_websocket_is_told_apart(head: bytes, word: str) -> None:
    with pytest.raises(BadUpgrade) as raised:
        read_answer(head, key=KEY, protocol=PROTOCOL)

    assert raised.value.word == word


def test_a_head_is_gathered_from_any_pieces_and_what_follows_is_kept() -> None:
    head = Head()
    pieces = [question()[:10], question()[10:-1], question()[-1:] + b"\x82\x7e"]

    assert [head.take(memoryview(one)) for one in pieces] == [None, None, question()]
    assert head.rest == b"\x82\x7e"


def test_a_head_that_never_ends_is_refused_at_its_bound() -> None:
    head = Head()
    assert head.take(memoryview(b"x" * MOST_HEAD_BYTES)) is None
    with pytest.raises(BadUpgrade, match="head_too_long"):
        head.take(memoryview(b"x"))


def test_noise_is_refused_and_nothing_else() -> None:
    noise = random.Random(7230)
    whole = question("/ndt/v7/upload?access_token=0123456789abcdef")
    for _ in range(3_000):
        damaged = bytearray(whole)
        for _ in range(noise.randrange(1, 6)):
            damaged[noise.randrange(len(damaged))] = noise.randrange(256)
        for reads in (read_request, lambda head: read_answer(head, key=KEY, protocol=PROTOCOL)):
            with suppress(BadUpgrade):
                reads(bytes(damaged))
