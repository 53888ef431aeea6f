"""Why a throughput test found too little."""

from dataclasses import replace
from datetime import timedelta

import pytest

from collector.verdict.bins import RoomBin
from collector.verdict.causes import Cause, Confidence, Located
from collector.verdict.locate.shortfall import locate_shortfall
from collector.verdict.profiles import default_profiles
from collector.verdict.throughput import ThroughputTest
from tests.collector.slice_builders import TEN, WIFI, WIRED, Told, site

VIDEO = default_profiles().by_name["video_lesson"]


def a_test(received_bps: int = 400_000, *, queue_ms: float | None = 0.0, agent: str = "a") -> ThroughputTest:
    """A test towards the room that got so much, with so long a queue of its own."""
    need = VIDEO.down.bps
    return ThroughputTest(
        agent=agent,
        direction="down",
        ended_at=TEN + timedelta(minutes=4),
        duration_ms=5000,
        required_bps=need,
        offered_bps=need * 5 // 4,
        received_bps=received_bps,
        sustained=received_bps >= need,
        used_bytes=300_000,
        ended_by="decided",
        idle_rtt_ms=10.0,
        working_p95_ms=None if queue_ms is None else 10.0 + queue_ms,
        failure=None,
    )


def quiet() -> list[RoomBin]:
    return [Told(rooms=site("oak", 0, 1, WIFI)).bins()["oak", "1"]]


ENOUGH = a_test(2_000_000, agent="b")
FULL = a_test(queue_ms=300.0)


@pytest.mark.parametrize(
    ("test", "peers", "reference", "cause", "confidence"),
    [
        (a_test(), [ENOUGH, ENOUGH], None, "rate_limit_or_client", "low"),
        (a_test(), [], None, "rate_limit_or_client", "low"),
        (a_test(queue_ms=90.0), [ENOUGH, ENOUGH], None, "rate_limit_or_client", "low"),
        (FULL, [ENOUGH, ENOUGH], None, "room_access", "medium"),
        (FULL, [ENOUGH], None, "room_access", "low"),
        (FULL, [], ENOUGH, "room_access", "medium"),
        (FULL, [FULL, FULL], None, "site_uplink", "medium"),
        (FULL, [FULL, FULL, ENOUGH], None, "site_uplink", "low"),
        (FULL, [], FULL, "site_uplink", "low"),
        (FULL, [FULL], None, "undetermined", "low"),
        (FULL, [FULL, FULL], ENOUGH, "undetermined", "low"),
        (FULL, [], None, "undetermined", "low"),
        (a_test(queue_ms=None), [ENOUGH, ENOUGH], None, "undetermined", "low"),
    ],
)
def test_a_shortfall_is_located_by_its_own_queue_and_the_tests_of_others(
    test: ThroughputTest,
    peers: list[ThroughputTest],
    reference: ThroughputTest | None,
    cause: Cause,
    confidence: Confidence,
) -> None:
    found = locate_shortfall(test, profile=VIDEO, bins=quiet(), peers=peers, reference=reference)

    assert found is not None
    assert (found.cause, found.confidence) == (cause, confidence)


def test_a_test_that_found_enough_or_could_not_tell_has_no_cause() -> None:
    assert locate_shortfall(ENOUGH, profile=VIDEO, bins=quiet(), peers=[]) is None
    blind = replace(a_test(), sustained=None, received_bps=None)
    assert locate_shortfall(blind, profile=VIDEO, bins=quiet(), peers=[]) is None


def test_a_test_in_a_bad_hour_is_slow_for_what_made_the_hour_bad() -> None:
    told = Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED})
    bad = told.bins()["oak", "1"]

    found = locate_shortfall(FULL, profile=VIDEO, bins=[bad], peers=[])

    assert found is not None
    assert (found.cause, found.confidence) == ("room_access", "medium")


def test_bad_bins_of_several_causes_leave_a_shortfall_undetermined() -> None:
    told = Told(rooms=site("oak", 1, 5, WIFI), references={"oak": WIRED})
    bad = told.bins()["oak", "1"]
    other = replace(bad, located=Located(cause="site_uplink", confidence="medium", rule="L3"))

    found = locate_shortfall(FULL, profile=VIDEO, bins=[bad, other], peers=[])

    assert found is not None
    assert found.cause == "undetermined"
