"""The agent's reading of JSON: strict about types and what is missing, lenient about what is new."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire import literal
from tests.wire.valid import EVERYTHING
from wire.answers import Problem
from wire.batch import Acknowledgement, Batch
from wire.codec import decode, encode
from wire.enrolment import AgentConfig
from wire.fields import WireError
from wire.reports import HealthReport, LatencyReport

GOOD = json.dumps(literal.HEALTH)


def word_of(shape: type[Any], text: bytes | str) -> str:
    with pytest.raises(WireError) as refused:
        decode(shape, text)
    return refused.value.word


def bent(**other: Any) -> str:
    return json.dumps(literal.HEALTH | other)


@given(EVERYTHING)
def test_everything_that_may_travel_comes_back_the_same(value: Any) -> None:
    assert decode(type(value), encode(value)) == value


@given(EVERYTHING)
def test_everything_that_travels_is_compact_ascii_json(value: Any) -> None:
    text = encode(value)
    assert text.isascii()
    assert text == json.dumps(json.loads(text), separators=(",", ":")).encode()


def test_absent_is_null() -> None:
    assert json.loads(encode(decode(HealthReport, bent(link_mbps=None))))["link_mbps"] is None


@pytest.mark.parametrize("value", [1.0, True, "1", None, [], {}, [1], 1.5, math.nan, math.inf])
def test_an_integer_is_written_as_an_integer(value: Any) -> None:
    assert word_of(HealthReport, bent(seq=value)) == "wrong_type"


def test_an_integer_written_with_an_exponent_is_no_integer() -> None:
    assert word_of(HealthReport, GOOD.replace('"seq": 43', '"seq": 43e0')) == "wrong_type"


@pytest.mark.parametrize("value", [0, 1, "true", "", []])
def test_a_boolean_is_written_as_a_boolean(value: Any) -> None:
    assert word_of(HealthReport, bent(clock_synchronised=value)) == "wrong_type"


@pytest.mark.parametrize("value", ["Linux", "", 1, None, ["linux"], {"linux": 1}])
def test_a_word_is_one_of_the_words(value: Any) -> None:
    assert word_of(HealthReport, bent(platform=value)) == "wrong_type"


@pytest.mark.parametrize("value", [1, None, ["0.1.0"], True])
def test_a_text_is_written_as_a_text(value: Any) -> None:
    assert word_of(HealthReport, bent(agent_version=value)) == "wrong_type"


@pytest.mark.parametrize("value", [None, {}, "[]", 0])
def test_a_list_is_written_as_a_list(value: Any) -> None:
    assert word_of(Batch, json.dumps(literal.BATCH | {"reports": value})) == "wrong_type"
    assert word_of(AgentConfig, json.dumps(literal.AGENT_CONFIG | {"targets": value})) == "wrong_type"


@pytest.mark.parametrize("kind", ["Latency", "dns", "", None, 1, ["health"]])
def test_a_report_of_an_unknown_kind_is_refused(kind: Any) -> None:
    assert word_of(Batch, json.dumps(literal.BATCH | {"reports": [literal.HEALTH | {"kind": kind}]})) == "wrong_type"


MAY_BE_MISSING = {"kind", "failure", "working_sent", "working_received", "working_histogram"}
"""What version 1 had a default for, and what came later."""


def test_a_report_of_version_1_is_read_as_one_without_a_test() -> None:
    of_version_1 = {key: value for key, value in literal.LATENCY.items() if not key.startswith("working_")}
    read = decode(LatencyReport, json.dumps(of_version_1))
    assert (read.working_sent, read.working_received, read.working_histogram) == (0, 0, "")


@pytest.mark.parametrize("name", sorted(literal.LATENCY.keys() - MAY_BE_MISSING))
def test_a_missing_field_is_named(name: str) -> None:
    rest = {key: value for key, value in literal.LATENCY.items() if key != name}
    with pytest.raises(WireError) as refused:
        decode(LatencyReport, json.dumps(rest))
    assert refused.value.word == "missing_field"
    assert name in refused.value.detail


def test_a_field_that_was_added_with_a_default_may_be_missing() -> None:
    rest = {key: value for key, value in literal.LATENCY.items() if key != "failure"}
    assert decode(LatencyReport, json.dumps(rest)).failure is None


@given(st.text(max_size=10), st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), st.lists))
def test_what_a_newer_collector_adds_is_passed_over(key: str, value: Any) -> None:
    for shape, good in (
        (Acknowledgement, literal.ACKNOWLEDGEMENT),
        (AgentConfig, literal.AGENT_CONFIG),
        (Problem, {"error": "busy", "detail": "later"}),
    ):
        more = good if key in good else good | {key: value}
        assert decode(shape, json.dumps(more)) == decode(shape, json.dumps(good))


def test_what_a_newer_collector_adds_to_an_inner_object_is_passed_over() -> None:
    target = literal.TARGET | {"packet_budget": {"per_day": 1}}
    config = decode(AgentConfig, json.dumps(literal.AGENT_CONFIG | {"targets": [target]}))
    assert config == decode(AgentConfig, json.dumps(literal.AGENT_CONFIG))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        GOOD[:-1],
        GOOD + "x",
        GOOD + GOOD,
        GOOD.replace('"seq": 43', '"seq": 043'),
        GOOD.replace('"seq": 43', '"seq": 43,,'),
        GOOD.replace('"', "'"),
        GOOD.replace('"seq": 43', '"seq": ' + "9" * 5000),
        "\ufeff" + GOOD,
        "[" * 100_000,
        '{"a":' * 100_000,
        "<html><body>Sign in to the guest network</body></html>",
    ],
    ids=range(14),
)
def test_what_is_not_json_is_said_so(text: str) -> None:
    assert word_of(HealthReport, text) == "bad_json"
    assert word_of(HealthReport, text.encode()) == "bad_json"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_on_the_wire_is_utf_8_and_nothing_else(encoding: str) -> None:
    assert decode(HealthReport, GOOD.encode()).seq == 43
    assert word_of(HealthReport, GOOD.encode(encoding)) == "bad_json"


@given(st.binary(max_size=60))
def test_no_octets_break_the_reading(octets: bytes) -> None:
    for shape in (Acknowledgement, Problem, AgentConfig):
        assert word_of(shape, octets) in {"bad_json", "wrong_type", "missing_field"}


@pytest.mark.parametrize("text", ["null", "true", "1", '"x"', "[]", "NaN"])
def test_json_that_is_no_object_is_refused(text: str) -> None:
    assert word_of(HealthReport, text) == "wrong_type"
