"""What reports and batches say wrong is named; nothing of it is stored and nothing good beside it is lost."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.end_to_end.batches import Json, a_good_batch, batch_of, boot_ms, health, latency, new_id, throughput
from tests.end_to_end.collector_process import CollectorFolder, Enrolled
from tests.end_to_end.http_client import acknowledged, ask, post_batch

MEGABYTE = 1_000_000
HUGE = int("9" * 4_000)


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
    one_collector: CollectorFolder, one_agent: Enrolled, word: str, bad: Callable[[], Any]
) -> None:
    before = one_collector.accounts()
    batch = batch_of([latency(1), bad(), health(3)], boot=new_id())
    said = acknowledged(post_batch(one_collector.url, one_agent.token, batch))
    assert (said["stored"], said["duplicate"]) == (2, 0)
    (rejected,) = said["rejected"]
    assert (rejected["index"], rejected["error"]) == (1, word), rejected
    assert rejected["seq"] in (2, 0, None)
    assert rejected["detail"]
    assert len(rejected["detail"]) < 300
    after = one_collector.accounts()
    assert {name: after[name] - before[name] for name in after} == {
        "received": 3,
        "stored": 2,
        "duplicate": 0,
        "rejected": 1,
        "deferred": 0,
    }


def test_every_bad_report_of_a_mixed_batch_is_named(one_collector: CollectorFolder, one_agent: Enrolled) -> None:
    reports: list[Any] = []
    expected = []
    for number, (_, word, bad) in enumerate(BAD_REPORTS):
        reports += [latency(10 + number), bad()]
        expected.append((2 * number + 1, word))
    said = acknowledged(post_batch(one_collector.url, one_agent.token, batch_of(reports, boot=new_id())))
    assert said["stored"] == len(BAD_REPORTS)
    assert [(one["index"], one["error"]) for one in said["rejected"]] == expected


def test_what_is_refused_is_not_repeated_in_answer_or_log(one_collector: CollectorFolder, one_agent: Enrolled) -> None:
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
    answer = post_batch(one_collector.url, one_agent.token, batch_of(reports, boot=new_id()))
    assert len(acknowledged(answer)["rejected"]) == len(reports)
    assert secret.encode() not in answer.body
    for batch in (a_good_batch() | {secret: 1}, a_good_batch() | {"boot": secret}, a_good_batch() | {"clock": secret}):
        answer = post_batch(one_collector.url, one_agent.token, batch)
        assert answer.status == 422
        assert secret.encode() not in answer.body
    assert one_collector.running is not None
    assert secret not in one_collector.running.said()
    assert secret not in ask(one_collector.url, "/metrics").body.decode()


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
    one_collector: CollectorFolder, one_agent: Enrolled, case: tuple[int, str, Callable[[], Any]], gzipped: bool
) -> None:
    status, word, bad = case
    before = one_collector.accounts()
    body = bad() if isinstance(bad(), bytes) else json.dumps(bad()).encode()
    answer = post_batch(one_collector.url, one_agent.token, body, gzipped=gzipped)
    if not gzipped and len(body) > MEGABYTE:
        status, word = 413, "too_large"
    assert (answer.status, answer.word) == (status, word), answer
    assert len(answer.body) < 500
    assert one_collector.accounts() == before
