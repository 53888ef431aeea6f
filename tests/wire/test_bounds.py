"""Every bound of every field: the last value that may travel, and the first that may not."""

from typing import Any

import pytest

from tests.wire import literal
from tests.wire.bending import EDGES, GOOD, RANGES, TEN_YEARS_MS, built, word_of
from wire.batch import MAX_REPORTS, Acknowledgement, Batch
from wire.enrolment import (
    AgentConfig,
    Enrolment,
    EnrolmentRequest,
    ReflectorPlan,
    Service,
    Target,
    normalised_code,
)
from wire.fields import WireError
from wire.lease import Lease, LeaseAccount
from wire.ndt7_allowance import Ndt7Allowance
from wire.path_report import PathReport
from wire.reports import HealthReport, LatencyReport, ThroughputReport
from wire.service_report import ServiceReport
from wire.uplink_report import UplinkReport


@pytest.mark.parametrize("shape", GOOD, ids=lambda shape: shape.__name__)
def test_the_example_that_the_tests_bend_is_good(shape: type[Any]) -> None:
    built(shape)


@pytest.mark.parametrize(("shape", "name", "low", "high"), EDGES, ids=lambda part: getattr(part, "__name__", None))
def test_the_first_and_last_allowed_value_travel_and_the_next_does_not(
    shape: type[Any], name: str, low: int, high: int
) -> None:
    for value in (low, high):
        assert getattr(built(shape, **{name: value}), name) == value
    for value in (low - 1, high + 1, 10**30):
        word_of(shape, **{name: value})


@pytest.mark.parametrize("shape", RANGES, ids=lambda shape: shape.__name__)
def test_no_integer_goes_without_a_bound(shape: type[Any]) -> None:
    bounded_by_another_field = {"received", "working_received"}
    of_an_answer = {"version"} if shape in {Acknowledgement, AgentConfig, Lease, LeaseAccount, Ndt7Allowance} else set()
    integers = {name for name, value in GOOD[shape].items() if type(value) is int}
    assert integers - bounded_by_another_field - of_an_answer <= RANGES[shape].keys() <= GOOD[shape].keys()


NOTHING: dict[str, Any] = {
    "received": 0,
    "reordered": 0,
    "min_us": None,
    "ipdv_mean_us": None,
    "histogram": "",
    "failure": "no_answer",
}


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"duplicates": -1}, "negative_value"),
        ({"sent": -1}, "negative_value"),
        ({"received": -1}, "negative_value"),
        ({"duplicates": 1_000_001}, "out_of_range"),
        ({"seq": 0}, "out_of_range"),
        ({"received": 61, "histogram": "163:61"}, "more_received_than_sent"),
        ({"reordered": 59}, "more_reordered_than_received"),
        ({"min_us": None}, "bad_minimum"),
        ({"received": 0, "reordered": 0, "histogram": ""}, "bad_minimum"),
        ({"received": 1, "reordered": 0, "histogram": "163:1"}, "bad_delay_variation"),
        (NOTHING | {"ipdv_mean_us": 0}, "bad_delay_variation"),
        ({"failure": "no_answer"}, "bad_failure"),
        (NOTHING | {"failure": None}, "bad_failure"),
        ({"histogram": "163:57"}, "histogram_mismatch"),
        ({"histogram": "163:59"}, "histogram_mismatch"),
        ({"histogram": ""}, "histogram_mismatch"),
        ({"histogram": "164:18 163:40"}, "bad_histogram"),
        ({"histogram": "383:58"}, "bad_histogram"),
    ],
)
def test_a_latency_report_that_contradicts_itself_is_refused(other: dict[str, Any], word: str) -> None:
    assert word_of(LatencyReport, **other) == word


def test_a_period_in_which_nothing_came_back_is_a_report() -> None:
    lost = built(LatencyReport, **NOTHING)
    assert lost.sent - lost.received == 60


def test_a_sufficiency_test_names_its_requirement_and_a_capacity_test_need_not() -> None:
    assert word_of(ThroughputReport, required_bps=None) == "no_requirement"
    assert built(ThroughputReport, method="capacity", required_bps=None).required_bps is None


def test_a_test_that_its_machine_limited_does_not_fail_a_line() -> None:
    assert word_of(ThroughputReport, sustained=False, at_ceiling=True) == "ceiling_fails"
    assert built(ThroughputReport, sustained=None, at_ceiling=True).at_ceiling
    assert not built(ThroughputReport, sustained=False, at_ceiling=False).sustained


def test_a_signal_is_told_in_steps() -> None:
    assert word_of(HealthReport, wifi_signal_dbm=-61) == "too_exact"


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"target": "district"}, "unknown_target"),
        ({"via_proxy": False}, "bad_phase"),
        ({"failure": "no_answer"}, "bad_failure"),
        ({"failure": "server_error", "failed_in": "first_byte"}, None),
        ({"failed_in": "tls"}, "bad_failure"),
        ({"first_byte_us": None}, "bad_failure"),
        ({"first_byte_us": None, "failure": "no_answer", "failed_in": "first_byte"}, None),
    ],
)
def test_a_service_report_has_a_failure_or_a_whole_answer(other: dict[str, Any], word: str | None) -> None:
    if word is None:
        assert built(ServiceReport, **other).failure
    else:
        assert word_of(ServiceReport, **other) == word


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"hops": []}, "bad_failure"),
        ({"failure": "no_answer"}, "bad_failure"),
        ({"hops": [literal.HOP, literal.HOP]}, "bad_hops"),
        ({"hops": [literal.HOP | {"ttl": 2}, literal.HOP]}, "bad_hops"),
        ({"hops": [literal.HOP | {"received": 4}]}, "out_of_range"),
        ({"hops": [literal.HOP | {"received": 0}]}, "bad_minimum"),
        ({"hops": [literal.HOP | {"role": "192.0.2.1"}]}, "wrong_type"),
    ],
)
def test_a_path_that_contradicts_itself_is_refused(other: dict[str, Any], word: str) -> None:
    assert word_of(PathReport, **other) == word


NOT_COUNTED: dict[str, Any] = {"down_bytes": None, "up_bytes": None, "speed_mbps": None}


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"down_bytes": None}, "bad_failure"),
        ({"up_bytes": None}, "bad_failure"),
        ({"down_bytes": None, "failure": "restarted"}, "bad_failure"),
        ({"up_bytes": None, "failure": "restarted"}, "bad_failure"),
        ({"failure": "no_answer"}, "bad_failure"),
        (NOT_COUNTED, "bad_failure"),
        (NOT_COUNTED | {"failure": "unreachable"}, "wrong_type"),
        (NOT_COUNTED | {"failure": "no_answer"}, None),
        ({"speed_mbps": None}, None),
        ({"down_bytes": 0, "up_bytes": 0}, None),
        ({"uplink": "room"}, "wrong_type"),
        ({"method": "netflow"}, "wrong_type"),
    ],
)
def test_an_uplink_report_has_octets_of_both_directions_or_a_failure(other: dict[str, Any], word: str | None) -> None:
    if word is None:
        assert built(UplinkReport, **other).kind == "uplink"
    else:
        assert word_of(UplinkReport, **other) == word


def test_a_resolver_is_asked_by_dns_and_nothing_else_is() -> None:
    assert word_of(Target, method="dns") == "bad_method"
    assert word_of(Target, alias="resolver:1") == "bad_method"
    assert built(Target, alias="resolver:1", method="dns").method == "dns"


def test_a_key_has_256_bits_and_is_never_repeated() -> None:
    with pytest.raises(WireError) as refused:
        built(Target, key="f00d" * 15)
    assert refused.value.word == "bad_key"
    assert "f00d" not in refused.value.detail
    assert word_of(ReflectorPlan, key="AB" * 32) == "bad_key"
    assert word_of(AgentConfig, presence=literal.TARGET | {"key": None}) == "no_key"


@pytest.mark.parametrize("name", ["port", "token", "longest_ms"])
def test_a_lease_for_capacity_names_a_server_and_no_other_does(name: str) -> None:
    assert word_of(Lease, **{name: None}) == "bad_lease"
    assert word_of(Lease, kind="sufficiency") == "bad_lease"
    of_sufficiency = {"kind": "sufficiency", "port": None, "token": None, "longest_ms": None}
    built(Lease, **of_sufficiency)
    assert word_of(Lease, **of_sufficiency | {name: literal.LEASE[name]}) == "bad_lease"


@pytest.mark.parametrize("path", ["", "login", "/a?b=c", "/a#b", "/a b", "/\n", "//x" + "y" * 300])
def test_a_path_has_no_query(path: str) -> None:
    assert word_of(Service, path=path) == "bad_path"


@pytest.mark.parametrize("steps", [[(3, 1), (2, 1)], [(2, 2), (3, 1)], [(0, 0)] * 1001])
def test_an_account_whose_steps_go_back_or_are_too_many_is_refused(steps: list[tuple[int, int]]) -> None:
    up = [{"at_ms": at_ms, "total_bytes": total} for at_ms, total in steps]

    assert word_of(LeaseAccount, up=up) == "bad_account"
    assert len(built(LeaseAccount, up=up[:1] * 1000).up) == 1000


def test_a_clock_may_have_stepped_back() -> None:
    assert built(HealthReport, clock_step_ms=-86_400_000).clock_step_ms == -86_400_000
    assert word_of(HealthReport, clock_step_ms=-10 * TEN_YEARS_MS - 1) == "out_of_range"


@pytest.mark.parametrize(
    "target",
    ["gateway", "site", "district", "anchor:a", "service:video-1", "resolver:9", "service:" + "s" * 40],
)
def test_a_target_is_an_alias(target: str) -> None:
    assert built(LatencyReport, target=target).target == target


@pytest.mark.parametrize(
    "target",
    [
        "",
        "Gateway",
        "gateway ",
        "gateway\n",
        "district:x",
        "anchor:",
        "anchor:A",
        "anchor:a b",
        "anchor:-a",
        "anchor:a-",
        "anchor:a--b",
        "anchor:a.example.org",
        "service:192.0.2.1",
        "resolver:0",
        "resolver:10",
        "resolver:a",
        "service:[2001:db8::1]",
        "https://example.org",
        "service:" + "s" * 41,
        "anchor:" + "a" * 41,
        "anchor:\u0661",
    ],
)
def test_no_name_or_address_passes_for_a_target(target: str) -> None:
    assert word_of(LatencyReport, target=target) == "unknown_target"
    assert word_of(Target, alias=target) == "unknown_target"


@pytest.mark.parametrize("version", ["0.1", "0.1.0", "9999.9999.9999"])
def test_a_version_is_dotted_numbers(version: str) -> None:
    assert built(HealthReport, agent_version=version).agent_version == version


@pytest.mark.parametrize(
    "version",
    ["", "1", "1.", "1.2.3.4", "192.0.2.17", "12345.0", "0.1.0-dev", "v0.1", "0.1.0\n", "\u0660.1", "a pupil's name"],
)
def test_a_version_carries_no_words(version: str) -> None:
    assert word_of(HealthReport, agent_version=version) == "bad_version_text"


@pytest.mark.parametrize(
    "text", ["", "0" * 15, "0" * 17, "0" * 15 + "A", "0" * 15 + "g", "0" * 16 + "\n", "\u0660" * 16]
)
def test_an_id_is_sixteen_hexadecimal_digits(text: str) -> None:
    assert word_of(Batch, batch=text) == "bad_id"
    assert word_of(Batch, boot=text) == "bad_id"
    assert word_of(Acknowledgement, batch=text) == "bad_id"
    assert word_of(Enrolment, agent=text) == "bad_id"


@pytest.mark.parametrize("text", ["", "a" * 63, "a" * 65, "A" * 64, "a" * 64 + "\n"])
def test_a_digest_is_64_hexadecimal_digits(text: str) -> None:
    assert word_of(EnrolmentRequest, token_sha256=text) == "bad_digest"


@pytest.mark.parametrize("text", ["", "a" * 41, "A", "a b", "-a", "a-", "a--b", "a_b", "room\n", "\u00e4"])
def test_a_place_is_a_slug(text: str) -> None:
    assert word_of(Enrolment, site=text) == "bad_slug"
    assert word_of(Enrolment, room=text) == "bad_slug"


def test_a_batch_holds_1_to_2000_reports() -> None:
    assert len(built(Batch, reports=[literal.HEALTH] * MAX_REPORTS).reports) == MAX_REPORTS == 2000
    assert word_of(Batch, reports=[]) == "bad_batch_size"
    assert word_of(Batch, reports=[literal.HEALTH] * (MAX_REPORTS + 1)) == "bad_batch_size"


@pytest.mark.parametrize("version", [-1, 0, 5, 10**30])
def test_a_version_not_spoken_here_is_said_so(version: int) -> None:
    assert word_of(Batch, version=version) == "unsupported_version"
    assert word_of(EnrolmentRequest, version=version) == "unsupported_version"


def test_an_answer_of_a_newer_collector_is_read() -> None:
    assert built(Acknowledgement, version=7).version == 7
    assert built(AgentConfig, version=7).version == 7
    assert built(Enrolment, version=7).version == 7


def test_a_target_is_configured_once() -> None:
    assert word_of(AgentConfig, targets=[literal.TARGET, literal.TARGET]) == "double_target"
    assert built(AgentConfig, targets=[]).targets == ()


@pytest.mark.parametrize(
    "typed", ["7K2M-9QXD-4TAB", "7k2m9qxd4tab", " 7k2m 9qxd 4tab ", "7K2M9QXD4TAB", "7-K-2-M-9-Q-X-D-4-T-A-B"]
)
def test_a_code_is_read_as_a_person_may_type_it(typed: str) -> None:
    assert normalised_code(typed) == "7K2M9QXD4TAB"


def test_letters_that_look_like_digits_are_those_digits() -> None:
    assert normalised_code("oOiI-lL00-1111") == "001111001111"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "7K2M-9QXD-4TA",
        "7K2M-9QXD-4TAB-X",
        "7K2M-9QXD-4TAU",
        "7K2M_9QXD_4TAB",
        "7K2M\u20139QXD\u20134TAB",
        "\u00df" * 6,
        "\ufb01" * 6,
        "\u0131" * 12,
        "\u0661" * 12,
        "7K2M9QXD4TAB" + "-" * 29,
        "A" * 10_000,
    ],
)
def test_what_cannot_be_a_code_is_said_so(typed: str) -> None:
    with pytest.raises(WireError) as refused:
        normalised_code(typed)
    assert refused.value.word == "bad_code"
    assert word_of(EnrolmentRequest, code=typed) == "bad_code"


def test_a_huge_integer_is_named_by_its_size_and_not_printed() -> None:
    with pytest.raises(WireError) as refused:
        built(HealthReport, rss_kib=10**400)
    assert "bits" in refused.value.detail
    assert len(refused.value.detail) < 200
