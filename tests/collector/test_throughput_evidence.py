"""What a throughput test found too little, in a sentence."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collector.verdict.evidence import arrived, sentence
from collector.verdict.profiles import default_profiles
from collector.verdict.room_state import RoomState
from collector.verdict.throughput import Shortfall, ThroughputTest, shortfall
from wire.report_words import Direction

TEN = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)


def a_test(direction: Direction, received_bps: int) -> ThroughputTest:
    """A test of ten past ten that needed one megabit a second and did not get it."""
    return ThroughputTest(
        agent="a" * 16,
        direction=direction,
        ended_at=TEN + timedelta(minutes=12),
        duration_ms=4700,
        required_bps=1_000_000,
        offered_bps=1_250_000,
        received_bps=received_bps,
        sustained=False,
        used_bytes=300_000,
        ended_by="decided",
        idle_rtt_ms=11.0,
        working_p95_ms=48.0,
        failure=None,
    )


def said_of(short: Shortfall | None, time_zone: str = "UTC") -> str:
    return sentence(
        RoomState(state="bad", short=short),
        agents=1,
        profiles=default_profiles(),
        time_zone=ZoneInfo(time_zone),
        newest_report_at=TEN,
        stale=False,
    )


def found(*tests: ThroughputTest) -> Shortfall | None:
    return shortfall(tests, default_profiles().in_force(), TEN + timedelta(minutes=20))


def test_a_rate_that_is_too_low_is_a_sentence_with_time_measure_and_need() -> None:
    said = said_of(found(a_test("down", 460_000)))

    assert said == "At 10:12 a video lesson would have frozen: 0.46 Mbit/s arrived down; needs 1 Mbit/s."


def test_the_sentence_names_the_direction_and_its_own_need_in_local_time() -> None:
    said = said_of(found(a_test("up", 200_000)), "America/Chicago")

    assert said == "At 04:12 a video lesson would have frozen: 0.2 Mbit/s arrived up; needs 0.5 Mbit/s."


def test_a_profile_in_the_plural_has_no_article() -> None:
    short = Shortfall(profile="cloud_docs_lms", need_bps=250_000, test=a_test("up", 90_000))

    assert said_of(short).startswith("At 10:12 cloud documents would have frozen: 0.09 Mbit/s arrived up;")


@pytest.mark.parametrize(
    ("bps", "text"),
    [
        (0, "0 Mbit/s"),
        (4_000, "less than 0.01 Mbit/s"),
        (998_000, "0.99 Mbit/s"),
        (1_000_000, "1 Mbit/s"),
        (9_876_000, "9.87 Mbit/s"),
        (312_400_000, "312 Mbit/s"),
        (2_400_000_000, "2400 Mbit/s"),
    ],
)
def test_a_measured_rate_is_never_rounded_up_to_what_is_needed(bps: int, text: str) -> None:
    assert arrived(bps) == text
