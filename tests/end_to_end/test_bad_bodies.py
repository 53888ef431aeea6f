"""Bodies that are none, bombs, floods and broken connections: refused in little memory, and nobody waits."""

import gzip
import http.client
import json
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import psutil
import pytest

from tests.end_to_end.batches import a_good_batch, batch_of, latency
from tests.end_to_end.collector_process import CollectorFolder, Enrolled
from tests.end_to_end.http_client import Answer, acknowledged, ask, post_batch

MEGABYTE = 1_000_000
ROOM_TO_WORK_BYTES = 100 * MEGABYTE
"""What a collector may grow by under bombs. Eight bodies of 1 MB arrive at once here, each decodes to 4 MB at
most; the rest is what an allocator keeps."""


# Bodies that are no body.


def post(one_collector: CollectorFolder, one_agent: Enrolled, body: bytes | Iterator[bytes], **headers: str) -> Answer:
    sent = {"Authorization": f"Bearer {one_agent.token}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(one_collector.url, "/v1/reports", method="POST", body=body, headers=sent)


GOOD_GZIP = gzip.compress(json.dumps(batch_of([latency(1)], boot="0" * 16)).encode())
BAD_BODIES: list[tuple[str, int, str, bytes, str]] = [
    ("nothing", 400, "empty_body", b"", "identity"),
    ("nothing, as gzip", 400, "empty_body", b"", "gzip"),
    ("gzip of nothing", 400, "bad_json", gzip.compress(b""), "gzip"),
    ("truncated gzip", 400, "bad_gzip", GOOD_GZIP[:-12], "gzip"),
    ("gzip without its last byte", 400, "bad_gzip", GOOD_GZIP[:-1], "gzip"),
    ("the head of gzip", 400, "bad_gzip", GOOD_GZIP[:5], "gzip"),
    ("gzip with a wrong checksum", 400, "bad_gzip", GOOD_GZIP[:-8] + bytes(8), "gzip"),
    ("something after gzip", 400, "bad_gzip", GOOD_GZIP + b"more", "gzip"),
    ("two gzip members", 400, "bad_gzip", GOOD_GZIP + GOOD_GZIP, "gzip"),
    ("JSON that claims to be gzip", 400, "bad_gzip", b'{"version": 1}', "gzip"),
    ("gzip that claims to be plain", 400, "bad_json", GOOD_GZIP, "identity"),
    ("zlib that claims to be gzip", 400, "bad_gzip", zlib.compress(b'{"version": 1}'), "gzip"),
    ("brotli", 415, "unsupported_encoding", b"\x0b\x02\x80", "br"),
    ("gzip twice", 415, "unsupported_encoding", gzip.compress(GOOD_GZIP), "gzip, gzip"),
]


@pytest.mark.parametrize("case", [one[1:] for one in BAD_BODIES], ids=[one[0] for one in BAD_BODIES])
def test_a_body_that_is_none_is_refused(
    one_collector: CollectorFolder, one_agent: Enrolled, case: tuple[int, str, bytes, str]
) -> None:
    status, word, body, encoding = case
    before = one_collector.accounts()
    answer = post(one_collector, one_agent, body, Content_Encoding=encoding)
    assert (answer.status, answer.word) == (status, word)
    assert one_collector.accounts() == before


def test_bombs_and_floods_are_refused_in_little_memory(one_collector: CollectorFolder, one_agent: Enrolled) -> None:
    ten_gigabytes = zeros(10_000 * MEGABYTE)
    one_gigabyte = zeros(900 * MEGABYTE)
    nested = gzip.compress(ten_gigabytes)
    assert 9 * MEGABYTE < len(ten_gigabytes) < 12 * MEGABYTE  # deflate shrinks zeros by 1030 and no more
    assert len(one_gigabyte) < MEGABYTE
    assert len(nested) < MEGABYTE
    bombs = {
        "10 GB of zeros": (413, "too_large", ten_gigabytes, "gzip"),
        "as much as fits into the door": (413, "too_large", one_gigabyte, "gzip"),
        "10 GB in a bomb in a bomb": (413, "too_large", nested, "gzip"),
        "and said to be so": (415, "unsupported_encoding", nested, "gzip, gzip"),
        "50 MB": (413, "too_large", b" " * 50 * MEGABYTE, "identity"),
        "50 MB that claim to be gzip": (413, "too_large", b" " * 50 * MEGABYTE, "gzip"),
        "4 MB of spaces in gzip": (413, "too_large", gzip.compress(b" " * (4 * MEGABYTE + 1)), "gzip"),
        "a list of lists": (400, "bad_json", gzip.compress(b"[" * 4 * MEGABYTE), "gzip"),
        "a million numbers": (422, "bad_batch_size", gzip.compress(b"[" + b"1," * 1_900_000 + b"1]"), "gzip"),
        "a million lists": (422, "bad_batch_size", gzip.compress(b"[" + b"[]," * 1_300_000 + b"1]"), "gzip"),
        "a million reports": (422, "bad_batch_size", gzip.compress(a_million_reports()), "gzip"),
    }
    assert one_collector.running is not None
    accounts = one_collector.accounts()

    def drop(name: str) -> tuple[str, int, str]:
        _, _, body, encoding = bombs[name]
        answer = post(one_collector, one_agent, body, Content_Encoding=encoding)
        return name, answer.status, answer.word

    with memory_of(one_collector.running.pid) as readings, ThreadPoolExecutor(8) as threads:
        for name, status, word in threads.map(drop, [*bombs] * 4):
            assert (name, status, word) == (name, *bombs[name][:2])
    grown = max(readings) - readings[0]
    assert grown < ROOM_TO_WORK_BYTES, f"{grown / MEGABYTE:.0f} MB more than before, {len(readings)} readings"
    assert one_collector.accounts() == accounts
    assert acknowledged(post_batch(one_collector.url, one_agent.token, a_good_batch()))["stored"] == 3


def a_million_reports() -> bytes:
    return json.dumps(a_good_batch() | {"reports": []}).encode()[:-2] + b"{}," * 1_300_000 + b"{}]}"


@contextmanager
def memory_of(pid: int) -> Iterator[list[int]]:
    """Resident bytes of a process, read again and again, the first before anything happens."""
    process = psutil.Process(pid)
    readings = [process.memory_info().rss]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            readings.append(process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield readings
    finally:
        over.set()
        watching.join()


def zeros(count: int) -> bytes:
    """gzip of `count` zeros, quickly: one compressed block again and again. Its checksum is wrong, which
    shows only to who inflates all of it."""
    block = 100 * MEGABYTE
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    repeated = deflate.compress(bytes(block)) + deflate.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, zlib.DEFLATED, -15).flush()
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return head + repeated * (count // block) + end + struct.pack("<II", 0, count % 2**32)


def test_a_chunked_body_is_taken_and_a_flood_of_chunks_is_not(
    one_collector: CollectorFolder, one_agent: Enrolled
) -> None:
    text = json.dumps(a_good_batch()).encode()
    chunks = (text[at : at + 100] for at in range(0, len(text), 100))
    assert acknowledged(post(one_collector, one_agent, chunks))["stored"] == 3
    flood = (b" " * 10_000 for _ in range(5_000))
    answer = post(one_collector, one_agent, flood)
    assert (answer.status, answer.word) == (413, "too_large")


def test_a_body_that_never_comes_is_not_waited_for_and_holds_nobody_up(
    one_collector: CollectorFolder, one_agent: Enrolled
) -> None:
    before = one_collector.accounts()
    place = urlsplit(one_collector.url)
    address = (place.hostname or "", place.port or 0)
    head = (
        f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {one_agent.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    )
    slow = [socket.create_connection(address, timeout=90) for _ in range(50)]
    try:
        for one in slow:
            one.sendall(head.encode() + b'{"version": 1')
        assert acknowledged(post_batch(one_collector.url, one_agent.token, a_good_batch()))["stored"] == 3
        for one in slow[1:]:
            one.close()
        response = http.client.HTTPResponse(slow[0])
        response.begin()
        assert response.status == 408
        assert json.loads(response.read())["error"] == "too_slow"
        response.close()
    finally:
        for one in slow:
            one.close()
    after = one_collector.accounts()
    assert after["received"] - before["received"] == 3
    assert after["stored"] - before["stored"] == 3


def test_a_request_cut_off_in_its_body_stores_nothing(one_collector: CollectorFolder, one_agent: Enrolled) -> None:
    before = one_collector.accounts()
    place = urlsplit(one_collector.url)
    text = json.dumps(a_good_batch()).encode()
    with socket.create_connection((place.hostname or "", place.port or 0)) as line:
        head = f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {one_agent.token}\r\n"
        line.sendall(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text[:-1])
    assert acknowledged(post_batch(one_collector.url, one_agent.token, a_good_batch()))["stored"] == 3
    assert one_collector.accounts()["received"] == before["received"] + 3
