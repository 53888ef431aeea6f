"""Bad input gets a clear answer; nothing of it is stored by accident and nothing good beside it is lost."""

import gzip
import http.client
import json
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.end_to_end.batches import Json, batch_of, boot_ms, health, latency, new_id, throughput
from tests.end_to_end.collector_process import CollectorFolder, Enrolled
from tests.end_to_end.http_client import Answer, ask, post_batch
from tests.end_to_end.process import run
from tests.end_to_end.waiting import eventually

MEGABYTE = 1_000_000
ROOM_TO_WORK_BYTES = 100 * MEGABYTE
"""What a collector may grow by under bombs. Eight bodies of 1 MB arrive at once here, each decodes to 4 MB at
most; the rest is what an allocator keeps."""

HUGE = int("9" * 4_000)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorFolder]:
    """One collector for all of these: none of them may harm it for the next."""
    folder = CollectorFolder(tmp_path_factory.mktemp("bad-input") / "collector").start()
    yield folder
    folder.stop()
    folder.close()


@pytest.fixture(scope="module")
def agent(collector: CollectorFolder) -> Enrolled:
    """One agent for all of these; each batch is of a boot of its own."""
    return collector.enrol()


def a_good_batch() -> Json:
    return batch_of([latency(1), throughput(2), health(3)], boot=new_id())


def without(values: Json, name: str) -> Json:
    return {key: value for key, value in values.items() if key != name}


def nest(depth: int) -> list[Any]:
    """Lists in lists."""
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


# What a report says wrong, by the machine word of its rejection.

BAD_REPORTS: list[tuple[str, str, Callable[[], Any]]] = [
    ("an unknown key", "unknown_field", lambda: latency(2, user="kim")),
    ("an unknown key in health", "unknown_field", lambda: health(2, hostname="lab-3")),
    ("a missing key", "missing_field", lambda: without(latency(2), "sent")),
    ("no kind", "missing_field", lambda: without(latency(2), "kind")),
    ("an unknown kind", "unknown_kind", lambda: latency(2, kind="location")),
    ("a kind that is no text", "unknown_kind", lambda: latency(2, kind=7)),
    ('"1" for 1', "wrong_type", lambda: latency(2, sent="10")),
    ("1.0 for 1", "wrong_type", lambda: latency(2, sent=10.0)),
    ("true for 1", "wrong_type", lambda: latency(2, sent=True)),
    ("null for 1", "wrong_type", lambda: latency(2, sent=None)),
    ("a list for 1", "wrong_type", lambda: latency(2, sent=[10])),
    ("1 for a text", "wrong_type", lambda: latency(2, histogram=10)),
    ("1 for true", "wrong_type", lambda: throughput(2, sustained=1)),
    ("an unknown method", "wrong_type", lambda: latency(2, method="ping")),
    ("free text for a reason", "wrong_type", lambda: latency(2, failure="Ms. Lee unplugged it")),
    ("NaN", "wrong_type", lambda: latency(2, sent=float("nan"))),
    ("Infinity", "wrong_type", lambda: latency(2, min_us=float("inf"))),
    ("-Infinity", "wrong_type", lambda: latency(2, ipdv_mean_us=float("-inf"))),
    ("a huge integer", "out_of_range", lambda: latency(2, boot_ms=HUGE)),
    ("a huge negative integer", "negative_value", lambda: latency(2, boot_ms=-HUGE)),
    ("2**63", "out_of_range", lambda: latency(2, min_us=2**63)),
    ("2**64", "out_of_range", lambda: throughput(2, used_bytes=2**64)),
    ("a negative count", "negative_value", lambda: latency(2, sent=-1)),
    ("a negative rate", "negative_value", lambda: throughput(2, received_bps=-1)),
    ("number 0", "out_of_range", lambda: latency(0)),
    ("a huge number", "out_of_range", lambda: latency(HUGE)),
    ("more received than sent", "more_received_than_sent", lambda: latency(2, sent=9)),
    ("a histogram that does not add up", "histogram_mismatch", lambda: latency(2, histogram="100:4 101:3")),
    ("an empty histogram", "histogram_mismatch", lambda: latency(2, histogram="")),
    ("a histogram out of order", "bad_histogram", lambda: latency(2, histogram="101:5 100:5")),
    ("a histogram that is none", "bad_histogram", lambda: latency(2, histogram="fast, mostly")),
    ("no minimum", "bad_minimum", lambda: latency(2, min_us=None)),
    ("an address as target", "unknown_target", lambda: latency(2, target="192.168.1.77")),
    ("a page as target", "unknown_target", lambda: latency(2, target="service:https://example.org/kim")),
    ("an hour ahead", "from_future", lambda: latency(2, boot_ms=boot_ms() + 3_600_000)),
    ("half a character", "wrong_type", lambda: latency(2, target="\ud800")),
    ("half a character in a key", "wrong_type", lambda: latency(2, **{"\udfff": 1})),
    ("a deep nest", "wrong_type", lambda: latency(2, sent=nest(300))),
    ("a deeper nest", "wrong_type", lambda: latency(2, sent=nest(900))),
    ("a list for a report", "wrong_type", list),
    ("null for a report", "wrong_type", lambda: None),
    ("a text for a report", "wrong_type", lambda: "report"),
    ("a number for a report", "wrong_type", lambda: 7),
]


@pytest.mark.parametrize(("word", "bad"), [one[1:] for one in BAD_REPORTS], ids=[one[0] for one in BAD_REPORTS])
def test_a_bad_report_is_named_and_the_good_ones_beside_it_are_stored(
    collector: CollectorFolder, agent: Enrolled, word: str, bad: Callable[[], Any]
) -> None:
    before = collector.accounts()
    batch = batch_of([latency(1), bad(), health(3)], boot=new_id())
    said = acknowledged(post_batch(collector.url, agent.token, batch))
    assert (said["stored"], said["duplicate"]) == (2, 0)
    (rejected,) = said["rejected"]
    assert (rejected["index"], rejected["error"]) == (1, word), rejected
    assert rejected["seq"] in (2, 0, None)
    assert rejected["detail"]
    assert len(rejected["detail"]) < 300
    after = collector.accounts()
    assert {name: after[name] - before[name] for name in after} == {
        "received": 3,
        "stored": 2,
        "duplicate": 0,
        "rejected": 1,
        "deferred": 0,
    }


def test_every_bad_report_of_a_mixed_batch_is_named(collector: CollectorFolder, agent: Enrolled) -> None:
    reports: list[Any] = []
    expected = []
    for number, (_, word, bad) in enumerate(BAD_REPORTS):
        reports += [latency(10 + number), bad()]
        expected.append((2 * number + 1, word))
    said = acknowledged(post_batch(collector.url, agent.token, batch_of(reports, boot=new_id())))
    assert said["stored"] == len(BAD_REPORTS)
    assert [(one["index"], one["error"]) for one in said["rejected"]] == expected


def test_what_is_refused_is_not_repeated_in_answer_or_log(collector: CollectorFolder, agent: Enrolled) -> None:
    secret = "kim-possible-2011"
    reports = [
        latency(1, **{secret: 1}),
        latency(2, target=secret),
        latency(3, failure=secret),
        latency(4, histogram=secret),
        health(5, agent_version=secret),
        latency(6, kind=secret),
        secret,
    ]
    answer = post_batch(collector.url, agent.token, batch_of(reports, boot=new_id()))
    assert len(acknowledged(answer)["rejected"]) == len(reports)
    assert secret.encode() not in answer.body
    for batch in (a_good_batch() | {secret: 1}, a_good_batch() | {"boot": secret}, a_good_batch() | {"clock": secret}):
        answer = post_batch(collector.url, agent.token, batch)
        assert answer.status == 422
        assert secret.encode() not in answer.body
    assert collector.running is not None
    assert secret not in collector.running.said()
    assert secret not in ask(collector.url, "/metrics").body.decode()


# What a whole batch says wrong.

BAD_BATCHES: list[tuple[str, int, str, Callable[[], Any]]] = [
    ("an unknown key", 422, "unknown_field", lambda: a_good_batch() | {"school": "north"}),
    ("an unknown key in the clock", 422, "unknown_field", lambda: with_clock(zone="UTC")),
    ("no reports", 422, "missing_field", lambda: without(a_good_batch(), "reports")),
    ("no version", 422, "missing_field", lambda: without(a_good_batch(), "version")),
    ("no clock", 422, "missing_field", lambda: without(a_good_batch(), "clock")),
    ("an empty list of reports", 422, "bad_batch_size", lambda: a_good_batch() | {"reports": []}),
    (
        "too many reports",
        422,
        "bad_batch_size",
        lambda: a_good_batch() | {"reports": [latency(seq) for seq in range(1, 2002)]},
    ),
    ("reports that are no list", 422, "wrong_type", lambda: a_good_batch() | {"reports": {"0": latency(1)}}),
    ("a version that is no number", 422, "wrong_type", lambda: a_good_batch() | {"version": "1"}),
    ("version 0", 415, "unsupported_version", lambda: a_good_batch() | {"version": 0}),
    ("a later version", 415, "unsupported_version", lambda: a_good_batch() | {"version": 99, "new": "key"}),
    ("a huge version", 415, "unsupported_version", lambda: a_good_batch() | {"version": HUGE}),
    ("a boot that is no id", 422, "bad_id", lambda: a_good_batch() | {"boot": "lab-3"}),
    ("a batch that is no id", 422, "bad_id", lambda: a_good_batch() | {"batch": "A" * 16}),
    ("a negative clock", 422, "negative_value", lambda: with_clock(boot_ms=-1)),
    ("a huge clock", 422, "out_of_range", lambda: with_clock(wall_ms=HUGE)),
    ("NaN for a clock", 422, "wrong_type", lambda: with_clock(wall_ms=float("nan"))),
    ("a list", 422, "wrong_type", lambda: [a_good_batch()]),
    ("null", 422, "wrong_type", lambda: None),
    ("a number", 422, "wrong_type", lambda: 7),
    ("an empty object", 422, "missing_field", dict),
    ("half of it", 400, "bad_json", lambda: json.dumps(a_good_batch()).encode()[:-40]),
    ("two of it", 400, "bad_json", lambda: json.dumps(a_good_batch()).encode() * 2),
    ("no JSON", 400, "bad_json", lambda: b"<html><body>login</body></html>"),
    ("invalid UTF-8", 400, "bad_json", lambda: json.dumps(a_good_batch()).encode().replace(b"user", b"us\xff\xfe")),
    ("UTF-16", 400, "bad_json", lambda: json.dumps(a_good_batch()).encode("utf-16")),
    ("half a character", 422, "wrong_type", lambda: json.dumps(a_good_batch() | {"boot": "\ud800"}).encode()),
    ("deep lists", 400, "bad_json", lambda: b"[" * 100_000),
    ("deep lists that close", 400, "bad_json", lambda: b"[" * 100_000 + b"]" * 100_000),
    ("deep objects", 400, "bad_json", lambda: b'{"reports":' * 100_000),
    ("an integer of 5000 digits", 422, "unknown_field", lambda: json_with(b"5" * 5_000)),
    ("an integer of 3 million digits", 422, "unknown_field", lambda: json_with(b"5" * 3 * MEGABYTE)),
    ("an exponent", 422, "unknown_field", lambda: json_with(b"1e999999999")),
]


def with_clock(**changed: Any) -> Json:
    batch = a_good_batch()
    return batch | {"clock": batch["clock"] | changed}


def json_with(value: bytes) -> bytes:
    """A good batch, but for one more key with a value that Python's own encoder would not write."""
    return json.dumps(a_good_batch()).encode()[:-1] + b', "more": ' + value + b"}"


@pytest.mark.parametrize("gzipped", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("case", [one[1:] for one in BAD_BATCHES], ids=[one[0] for one in BAD_BATCHES])
def test_a_bad_batch_is_refused_whole(
    collector: CollectorFolder, agent: Enrolled, case: tuple[int, str, Callable[[], Any]], gzipped: bool
) -> None:
    status, word, bad = case
    before = collector.accounts()
    body = bad() if isinstance(bad(), bytes) else json.dumps(bad()).encode()
    answer = post_batch(collector.url, agent.token, body, gzipped=gzipped)
    if not gzipped and len(body) > MEGABYTE:
        status, word = 413, "too_large"
    assert (answer.status, answer.word) == (status, word), answer
    assert len(answer.body) < 500
    assert collector.accounts() == before


# Bodies that are no body.


def post(collector: CollectorFolder, agent: Enrolled, body: bytes | Iterator[bytes], **headers: str) -> Answer:
    sent = {"Authorization": f"Bearer {agent.token}", "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(collector.url, "/v1/reports", method="POST", body=body, headers=sent)


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
    collector: CollectorFolder, agent: Enrolled, case: tuple[int, str, bytes, str]
) -> None:
    status, word, body, encoding = case
    before = collector.accounts()
    answer = post(collector, agent, body, Content_Encoding=encoding)
    assert (answer.status, answer.word) == (status, word)
    assert collector.accounts() == before


def test_bombs_and_floods_are_refused_in_little_memory(collector: CollectorFolder, agent: Enrolled) -> None:
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
    assert collector.running is not None
    accounts = collector.accounts()

    def drop(name: str) -> tuple[str, int, str]:
        _, _, body, encoding = bombs[name]
        answer = post(collector, agent, body, Content_Encoding=encoding)
        return name, answer.status, answer.word

    with memory_of(collector.running.pid) as readings, ThreadPoolExecutor(8) as threads:
        for name, status, word in threads.map(drop, [*bombs] * 4):
            assert (name, status, word) == (name, *bombs[name][:2])
    grown = max(readings) - readings[0]
    assert grown < ROOM_TO_WORK_BYTES, f"{grown / MEGABYTE:.0f} MB more than before, {len(readings)} readings"
    assert collector.accounts() == accounts
    assert acknowledged(post_batch(collector.url, agent.token, a_good_batch()))["stored"] == 3


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


def test_a_chunked_body_is_taken_and_a_flood_of_chunks_is_not(collector: CollectorFolder, agent: Enrolled) -> None:
    text = json.dumps(a_good_batch()).encode()
    chunks = (text[at : at + 100] for at in range(0, len(text), 100))
    assert acknowledged(post(collector, agent, chunks))["stored"] == 3
    flood = (b" " * 10_000 for _ in range(5_000))
    answer = post(collector, agent, flood)
    assert (answer.status, answer.word) == (413, "too_large")


def test_a_body_that_never_comes_is_not_waited_for_and_holds_nobody_up(
    collector: CollectorFolder, agent: Enrolled
) -> None:
    before = collector.accounts()
    place = urlsplit(collector.url)
    address = (place.hostname or "", place.port or 0)
    head = (
        f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {agent.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    )
    slow = [socket.create_connection(address, timeout=90) for _ in range(50)]
    try:
        for one in slow:
            one.sendall(head.encode() + b'{"version": 1')
        assert acknowledged(post_batch(collector.url, agent.token, a_good_batch()))["stored"] == 3
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
    after = collector.accounts()
    assert after["received"] - before["received"] == 3
    assert after["stored"] - before["stored"] == 3


def test_a_request_cut_off_in_its_body_stores_nothing(collector: CollectorFolder, agent: Enrolled) -> None:
    before = collector.accounts()
    place = urlsplit(collector.url)
    text = json.dumps(a_good_batch()).encode()
    with socket.create_connection((place.hostname or "", place.port or 0)) as line:
        head = f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {agent.token}\r\n"
        line.sendall(f"{head}Content-Length: {len(text)}\r\n\r\n".encode() + text[:-1])
    assert acknowledged(post_batch(collector.url, agent.token, a_good_batch()))["stored"] == 3
    assert collector.accounts()["received"] == before["received"] + 3


# Who is not let in.


def test_an_unknown_token_is_refused(collector: CollectorFolder) -> None:
    before = collector.accounts()
    for token in ("x" * 43, "", "x" * 300, "\u00e9" * 43, "a b"):
        answer = post_batch(collector.url, token.encode().decode("latin-1"), a_good_batch())
        assert answer.status == 401
        assert answer.word in ("unknown_agent", "no_token")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for headers in ({}, {"Authorization": "Basic eDp5"}):
        answer = ask(collector.url, "/v1/reports", method="POST", body=b"{}", headers=headers)
        assert (answer.status, answer.word) == (401, "no_token")
        assert ask(collector.url, "/v1/agent/config", headers=headers).status == 401
    assert collector.accounts() == before


def test_a_revoked_token_is_refused_and_what_it_reported_stays(collector: CollectorFolder) -> None:
    agent = collector.enrol()
    batch = a_good_batch()
    assert acknowledged(post_batch(collector.url, agent.token, batch))["stored"] == 3
    done = run("bandroom", "enrol", "revoke", agent.agent, "--settings", collector.file)
    assert done.returncode == 0, done.stderr

    def refused() -> Answer | None:
        answer = post_batch(collector.url, agent.token, a_good_batch())
        return answer if answer.status != 200 else None

    answer = eventually("the revoked token is refused", refused)
    assert (answer.status, answer.word) == (401, "revoked_token")
    before = collector.accounts()
    assert post_batch(collector.url, agent.token, a_good_batch()).status == 401
    assert collector.accounts() == before
    listed = run("bandroom", "enrol", "agents", "--settings", collector.file).stdout
    assert agent.agent in listed
    unknown = run("bandroom", "enrol", "revoke", "0" * 16, "--settings", collector.file)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)


def test_a_batch_is_its_senders_whatever_boot_it_names(collector: CollectorFolder) -> None:
    one, other = collector.enrol_many(2)
    batch = a_good_batch()
    for agent in (one, other):
        assert acknowledged(post_batch(collector.url, agent.token, batch))["stored"] == 3


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/v1/reports", 405, "wrong_method"),
        ("PUT", "/v1/reports", 405, "wrong_method"),
        ("DELETE", "/v1/rooms", 405, "wrong_method"),
        ("POST", "/v1/rooms", 405, "wrong_method"),
        ("GET", "/v1/enrol", 405, "wrong_method"),
        ("POST", "/v1/agent/config", 405, "wrong_method"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/reports/", 404, "not_found"),
        ("GET", "/v1/rooms/north/nowhere", 404, "unknown_room"),
        ("GET", "/v1/rooms/%2e%2e/%2e%2e", 404, "unknown_room"),
        ("GET", "/docs", 404, "not_found"),
    ],
)
def test_a_wrong_method_or_place_is_refused(
    collector: CollectorFolder, method: str, path: str, status: int, word: str
) -> None:
    answer = ask(collector.url, path, method=method)
    assert (answer.status, answer.word) == (status, word)


@pytest.mark.parametrize(
    ("status", "word", "body"),
    [
        (422, "bad_code", b'{"version": 1, "code": "short", "token_sha256": "%s"}' % (b"0" * 64)),
        (422, "bad_digest", b'{"version": 1, "code": "7K2M-9QXD-4TAB", "token_sha256": "x"}'),
        (403, "unknown_code", b'{"version": 1, "code": "7K2M-9QXD-4TAB", "token_sha256": "%s"}' % (b"0" * 64)),
        (422, "bad_request", b'{"version": 1}'),
        (422, "bad_request", b""),
        (422, "bad_request", b"\xff\xfe"),
        (422, "bad_request", b"[" * 4_000),
        (413, "too_large", b" " * 5_000),
    ],
    ids=["a short code", "no digest", "an unknown code", "half", "nothing", "no text", "deep", "too much"],
)
def test_a_bad_enrolment_is_refused(collector: CollectorFolder, status: int, word: str, body: bytes) -> None:
    answer = ask(collector.url, "/v1/enrol", method="POST", body=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.word) == (status, word)


def test_a_code_is_good_for_as_many_machines_as_it_was_made_for(collector: CollectorFolder) -> None:
    code = collector.code(uses=2)
    assert collector.enrol(code).agent != collector.enrol(code).agent
    body = json.dumps({"version": 1, "code": code, "token_sha256": "0" * 64}).encode()
    answer = ask(collector.url, "/v1/enrol", method="POST", body=body)
    assert (answer.status, answer.word) == (403, "code_used")


def test_codes_cannot_be_guessed_by_the_thousand(new_collector: Callable[..., CollectorFolder]) -> None:
    collector = new_collector().start()
    body = json.dumps({"version": 1, "code": "7K2M-9QXD-4TAB", "token_sha256": "0" * 64}).encode()
    answers = [ask(collector.url, "/v1/enrol", method="POST", body=body) for _ in range(40)]
    assert (answers[0].status, answers[0].word) == (403, "unknown_code")
    assert (answers[-1].status, answers[-1].word) == (429, "too_many_attempts")
    assert int(answers[-1].headers["retry-after"]) > 0


def acknowledged(answer: Answer) -> Json:
    assert answer.status == 200, answer
    said: Json = answer.json
    assert set(said) == {"version", "batch", "stored", "duplicate", "rejected"}
    return said
