"""The agent reads with its codec, the collector with pydantic: both draw the line at the same place.

Unknown keys are the one difference that is meant: a collector refuses them, an agent passes them over.
"""

import copy
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from collector.ingest.decode import decode_batch
from collector.refusal import Refusal
from tests.wire import literal
from tests.wire.valid import BATCHES, ENROLMENT_REQUESTS
from wire.answers import BATCH_WORDS, QUARANTINE_STATUSES
from wire.batch import Batch
from wire.codec import decode, encode
from wire.enrolment import EnrolmentRequest
from wire.fields import WireError

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    2,
    -1,
    61,
    1.0,
    1.5,
    math.nan,
    math.inf,
    -math.inf,
    10**6 + 1,
    2**53,
    2**63,
    2**64,
    10**30,
    10**4000,
    "",
    "1",
    "true",
    "null",
    "latency",
    "health",
    "stamp",
    "linux",
    "gateway",
    "no_answer",
    "163:58",
    "163:58 ",
    "0:58",
    "0.1.0",
    "0" * 16,
    "\u0661",
    "\u0000",
    "\u00e4" * 50,
    "x" * 100_000,
    [],
    [1],
    [[]],
    {},
    {"seq": 1},
]
ENROLMENT_REQUEST: TypeAdapter[EnrolmentRequest] = TypeAdapter(EnrolmentRequest)


def agents_word(text: str) -> str | None:
    """Why the codec refuses a batch; ``None`` when it takes it."""
    try:
        decode(Batch, text)
    except WireError as error:
        return error.word
    return None


def refusal_of(text: str) -> Refusal | None:
    """How the collector refuses a whole batch, if it does."""
    try:
        decode_batch(text.encode())
    except Refusal as refusal:
        return refusal
    return None


def collectors_word(text: str) -> str | None:
    """Why the collector refuses a batch or its first bad report; ``None`` when it takes all of it."""
    try:
        received = decode_batch(text.encode())
    except Refusal as refusal:
        return refusal.word
    return received.rejected[0].error if received.rejected else None


def alike(text: str) -> bool:
    return (agents_word(text) is None) == (collectors_word(text) is None)


def set_in(path: tuple[str | int, ...], value: Any) -> str:
    """The good batch as JSON with `value` at `path`; without what is there when `value` is `GONE`."""
    whole = copy.deepcopy(literal.BATCH)
    *way, last = path
    inside: Any = whole
    for step in way:
        inside = inside[step]
    if value is GONE:
        del inside[last]
    else:
        inside[last] = value
    return json.dumps(whole)


GONE = object()
PATHS: list[tuple[str | int, ...]] = [
    *((name,) for name in literal.BATCH),
    *(("clock", name) for name in literal.CLOCK),
    *(("reports", place, name) for place, report in enumerate(literal.BATCH["reports"]) for name in report),
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_what_one_side_refuses_the_other_refuses(path: tuple[str | int, ...]) -> None:
    assert [value for value in (GONE, *ODD) if not alike(set_in(path, value))] == []


def test_the_corpus_meets_every_word_of_a_report_or_batch() -> None:
    words = {agents_word(set_in(path, value)) for path in PATHS for value in (GONE, *ODD)}
    assert words == {
        None,
        "bad_batch_size",
        "bad_delay_variation",
        "bad_failure",
        "bad_histogram",
        "bad_id",
        "bad_minimum",
        "bad_phase",
        "bad_version_text",
        "histogram_mismatch",
        "missing_field",
        "more_received_than_sent",
        "more_reordered_than_received",
        "negative_value",
        "no_requirement",
        "out_of_range",
        "too_exact",
        "unknown_target",
        "unsupported_version",
        "wrong_type",
    }


def test_a_batch_refused_whole_is_refused_with_a_word_that_agents_know() -> None:
    for path in PATHS:
        for value in (GONE, *ODD):
            refusal = refusal_of(set_in(path, value))
            if refusal is not None and refusal.word != "unsupported_version":
                assert refusal.status in QUARANTINE_STATUSES
                assert refusal.word in BATCH_WORDS


@given(BATCHES)
def test_what_the_codec_writes_the_collector_reads_the_same(batch: Batch) -> None:
    received = decode_batch(encode(batch))
    assert received.rejected == ()
    assert received.reports == batch.reports
    assert (received.batch, received.boot, received.clock) == (batch.batch, batch.boot, batch.clock)
    assert received.indices == tuple(range(len(batch.reports)))


@given(
    st.sampled_from(PATHS),
    st.integers() | st.floats() | st.booleans() | st.none() | st.text(st.characters(codec="utf-8"), max_size=20),
)
def test_any_one_value_replaced_is_judged_alike(path: tuple[str | int, ...], value: Any) -> None:
    assert alike(set_in(path, value))


@pytest.mark.parametrize(
    "text",
    [
        '{"seq": 1, "seq": 2}',
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": 41, "seq": 40'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": 41, "seq": "x"'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": "x", "seq": 41'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": -0'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": 41e0'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": 41.0'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": +41'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": 0x29'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": ' + "4" * 5000),
        json.dumps(literal.BATCH).replace('"district"', '"di\\u0073trict"'),
        json.dumps(literal.BATCH).replace('"district"', '"\\ud800"'),
        json.dumps(literal.BATCH).replace('"seq": 41', '"seq": ' + "[" * 1000 + "]" * 1000),
        json.dumps(literal.BATCH, indent=4),
        json.dumps(literal.BATCH) + "\n",
        json.dumps(literal.BATCH) + "]",
        json.dumps(literal.BATCH)[:-1],
        json.dumps([literal.BATCH]),
        "null",
        "[" * 100_000,
    ],
    ids=range(20),
)
def test_json_written_oddly_is_judged_alike(text: str) -> None:
    assert alike(text)


@pytest.mark.parametrize(
    "path", [("user",), ("clock", "user"), ("reports", 0, "user")], ids=["batch", "clock", "report"]
)
def test_an_unknown_key_is_refused_by_the_collector_and_passed_over_by_an_agent(path: tuple[str | int, ...]) -> None:
    text = set_in(path, "somebody")
    assert agents_word(text) is None
    assert collectors_word(text) == "unknown_field"


@given(ENROLMENT_REQUESTS)
def test_a_good_enrolment_request_is_read_alike(request: EnrolmentRequest) -> None:
    assert ENROLMENT_REQUEST.validate_json(encode(request)) == request


@pytest.mark.parametrize("name", literal.ENROLMENT_REQUEST)
def test_a_bent_enrolment_request_is_judged_alike(name: str) -> None:
    for odd in [*ODD, "7k2m 9qxd 4tab", "7K2M-9QXD-4TAU", "\u00df" * 6, "ab" * 32, "AB" * 32]:
        text = json.dumps(literal.ENROLMENT_REQUEST | {name: odd})
        try:
            ours: EnrolmentRequest | None = decode(EnrolmentRequest, text)
        except WireError:
            ours = None
        try:
            theirs: EnrolmentRequest | None = ENROLMENT_REQUEST.validate_json(text)
        except ValidationError:
            theirs = None
        assert ours == theirs
