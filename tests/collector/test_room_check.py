"""Whether a room can carry the lesson, as a table of claims."""

from typing import Any

import pytest

from collector.verdict.profiles import default_profiles
from collector.verdict.room_check import (
    RateFound,
    Watched,
    Why,
    Word,
    percentile,
    profile_answer,
    rate_found,
    room_check,
)
from tests.collector.live import MONDAY_10
from wire.reports import EndedBy
from wire.sufficiency import LONGEST_MS, Arrivals

R = 1_000_000
IDLE = [12.0] * 36
VIDEO = default_profiles().by_name["video_lesson"]
DOCUMENTS = default_profiles().by_name["cloud_docs_lms"]
DOWN = RateFound(required_bps=R, received_bps=R, sustained=True)
UP = RateFound(required_bps=R // 2, received_bps=R // 2, sustained=True)
SHORT_DOWN = RateFound(required_bps=R, received_bps=400_000, sustained=False)
SHORT_UP = RateFound(required_bps=R // 2, received_bps=300_000, sustained=False)


def flow(rate: float, *, until_ms: int = LONGEST_MS, from_ms: int = 0) -> Arrivals:
    """Arrivals every 10 ms at so many times `R`."""
    found, due = Arrivals(), 0.0
    for at_ms in range(from_ms, until_ms + 1, 10):
        due += rate * R * 10 / 8_000
        found.add(at_ms, int(due) - found.total_bytes)
    return found


def watched(ended_by: EndedBy = "time", lasted_ms: int = LONGEST_MS, rtt_ms: float = 12.0, **more: Any) -> Watched:
    trips = [(at_ms, rtt_ms) for at_ms in range(0, lasted_ms, 100)]
    return Watched(**{"ended_by": ended_by, "lasted_ms": lasted_ms, "stalled_ms": 0, "trips": trips} | more)


def found(arrivals: Arrivals, saw: Watched, **more: Any) -> RateFound:
    values: dict[str, Any] = {"idle_ms": IDLE, "stalled_ms": 0}
    return rate_found(R, arrivals, saw, **(values | more))


def test_what_arrives_at_a_quarter_more_than_the_need_is_enough() -> None:
    one = found(flow(1.25, until_ms=4_300), watched("decided", 4_300))
    assert (one.sustained, one.why) == (True, None)


def test_what_arrives_at_four_tenths_of_it_is_too_little_and_how_little_is_told() -> None:
    one = found(flow(0.4), watched())
    assert (one.sustained, one.received_bps, one.why) == (False, 400_000, None)


def test_a_queue_that_ends_the_test_early_tells_the_rate_of_the_line() -> None:
    one = found(flow(0.4, until_ms=700), watched("rtt", 700, rtt_ms=150.0))
    assert one.sustained is False
    assert one.received_bps == pytest.approx(400_000, rel=0.1)


@pytest.mark.parametrize(
    ("saw", "more", "why"),
    [
        (watched("peer", 3_000), {}, "broken"),
        (watched(), {"idle_ms": [12.0] * 12 + [80.0] * 24}, "busy"),
        (watched(stalled_ms=2_000), {}, "late"),
        (watched(), {"stalled_ms": 2_000}, "late"),
        (watched(), {"idle_ms": [180.0] * 36}, "far"),
        (watched(), {"idle_ms": []}, "not_measured"),
    ],
)
def test_too_little_that_may_not_be_the_line_s_fault_is_not_held_against_it(
    saw: Watched, more: dict[str, Any], why: Why
) -> None:
    one = found(flow(0.8), saw, **more)
    assert (one.sustained, one.why) == (None, why)


def test_a_filter_that_hands_over_all_at_the_end_is_named_instead_of_the_line() -> None:
    late, never = flow(1.25, from_ms=4_000), Arrivals()
    for arrivals in (late, never):
        one = found(arrivals, watched())
        assert (one.sustained, one.received_bps, one.why) == (None, None, "held_back")


def test_a_line_that_brings_nothing_and_answers_late_has_no_filter() -> None:
    assert found(Arrivals(), watched(rtt_ms=400.0)).why != "held_back"


def test_a_line_just_below_the_need_is_too_near_to_tell_because_the_watch_took_its_share() -> None:
    one = found(flow(0.96), watched())
    assert (one.sustained, one.received_bps, one.why) == (None, 960_000, "near")
    assert found(flow(0.94), watched()).sustained is False


def test_an_upload_is_too_slow_only_if_it_is_so_with_the_heads_of_its_requests() -> None:
    near = found(flow(0.95), watched(), with_heads=flow(1.05))
    assert (near.sustained, near.why) == (None, "near")
    just_below = found(flow(0.85), watched(), with_heads=flow(0.95))
    assert (just_below.sustained, just_below.why) == (None, "near")
    slow = found(flow(0.8), watched(), with_heads=flow(0.88))
    assert (slow.sustained, slow.received_bps) == (False, 800_000)
    enough = found(flow(1.05), watched(), with_heads=flow(1.2))
    assert enough.sustained is True


@pytest.mark.parametrize(
    ("down", "up", "p95_ms", "video", "documents"),
    [
        (DOWN, UP, 30.0, ("can", None), ("can", None)),
        (SHORT_DOWN, UP, 30.0, ("cannot", "down"), ("cannot", "down")),
        (DOWN, SHORT_UP, 30.0, ("cannot", "up"), ("can", None)),
        (DOWN, UP, 100.0, ("can", None), ("can", None)),
        (DOWN, UP, 101.0, ("stutters", "latency"), ("stutters", "latency")),
        (DOWN, UP, 200.0, ("stutters", "latency"), ("stutters", "latency")),
        (DOWN, UP, 201.0, ("cannot", "latency"), ("stutters", "latency")),
        (DOWN, UP, 401.0, ("cannot", "latency"), ("cannot", "latency")),
        (DOWN, UP, None, ("unknown", "not_measured"), ("unknown", "not_measured")),
        (RateFound(required_bps=R, why="busy"), UP, 30.0, ("unknown", "busy"), ("unknown", "busy")),
        (DOWN, RateFound(required_bps=R // 2, why="near"), 30.0, ("unknown", "near"), ("unknown", "near")),
        (RateFound(required_bps=R, why="busy"), SHORT_UP, 30.0, ("cannot", "up"), ("unknown", "busy")),
        (RateFound(required_bps=R, why="busy"), UP, 500.0, ("cannot", "latency"), ("cannot", "latency")),
    ],
)
def test_each_activity_is_held_against_its_own_profile(
    down: RateFound,
    up: RateFound,
    p95_ms: float | None,
    video: tuple[Word, Why | None],
    documents: tuple[Word, Why | None],
) -> None:
    for profile, (answer, why) in ((VIDEO, video), (DOCUMENTS, documents)):
        one = profile_answer(profile, down=down, up=up, rtt_p95_ms=p95_ms)
        assert (one.profile, one.answer, one.why) == (profile.name, answer, why)


def test_the_room_s_answer_is_that_of_the_activity_that_fares_worst() -> None:
    check = room_check(
        "oak-hill", "204", at=MONDAY_10, profiles=default_profiles(), down=DOWN, up=SHORT_UP, idle_ms=IDLE, used_bytes=1
    )
    assert (check.profile, check.answer, check.why) == ("video_lesson", "cannot", "up")
    assert check.rtt_p95_ms == 12.0
    assert not check.told


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([], 95) is None
    assert percentile([7.0], 95) == 7.0
    assert percentile([float(one) for one in range(1, 21)], 95) == 19.0
    assert percentile([float(one) for one in range(20, 0, -1)], 50) == 10.0
