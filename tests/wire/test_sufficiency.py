"""When a rate is held, and what an account of arrivals keeps."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.wire.pacing import HELD_UP_MS, MBPS, NS_PER_MS, Step, sent_at_pace
from wire.lateness import Lateness
from wire.lease import MAX_STEPS
from wire.pace import BLOCK_BYTES, CATCH_UP_MS, Pace
from wire.sufficiency import LONGEST_MS, OFFER, WARM_UP_MS, Arrivals, decided, most_bytes, offered_bps

MEASURED_MS = LONGEST_MS - WARM_UP_MS
RATES_BPS = st.integers(50_000, 50 * MBPS)
ARRIVING = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 40 * BLOCK_BYTES)), max_size=300)
"""(wait before, size) of each arrival"""


def arrivals_of(waits_and_sizes: Sequence[Step]) -> tuple[Arrivals, list[Step]]:
    """What is noted of arrivals, and when each of them really came."""
    found, came, at_ms = Arrivals(), [], 0
    for wait_ms, size in waits_and_sizes:
        at_ms += wait_ms
        found.add(at_ms, size)
        came.append((at_ms, size))
    return found, came


def constant(rate_bps: float, *, until_ms: int, phase: float = 0.0, size: int = BLOCK_BYTES) -> Arrivals:
    """Blocks that arrive at a constant rate, as a receiver whose clock has whole milliseconds notes them."""
    found, every_ms = Arrivals(), size * 8_000 / rate_bps
    at_ms = phase * every_ms
    while at_ms <= until_ms:
        found.add(int(at_ms), size)
        at_ms += every_ms
    return found


@given(rate_bps=RATES_BPS.map(lambda rate: rate // 2 * 2), warm_bytes=st.integers(0, 10**7))
def test_a_rate_held_exactly_is_held_and_a_byte_less_is_not(rate_bps: int, warm_bytes: int) -> None:
    held = warm_bytes + rate_bps * MEASURED_MS // 8_000

    assert decided(rate_bps, at_ms=LONGEST_MS, warm_bytes=warm_bytes, total_bytes=held) is True
    assert decided(rate_bps, at_ms=LONGEST_MS, warm_bytes=warm_bytes, total_bytes=held - 1) is False


@given(every_ms=st.sampled_from([1, 2, 4, 5, 8, 10, 16, 20]), phase_ms=st.integers(0, 19), lost=st.integers(0, 199))
def test_blocks_at_the_rate_hold_it_at_any_phase_and_a_block_less_does_not(
    every_ms: int, phase_ms: int, lost: int
) -> None:
    rate_bps = BLOCK_BYTES * 8_000 // every_ms
    times_ms = list(range(phase_ms % every_ms, LONGEST_MS + 1, every_ms))
    measured = [at_ms for at_ms in times_ms if at_ms > WARM_UP_MS]
    held, one_less = Arrivals(), Arrivals()
    for at_ms in times_ms:
        held.add(at_ms, BLOCK_BYTES)
        if at_ms != measured[lost]:
            one_less.add(at_ms, BLOCK_BYTES)

    assert held.decided(rate_bps, LONGEST_MS) is True
    assert one_less.decided(rate_bps, LONGEST_MS) is False


def test_nothing_is_held_by_the_warm_up_alone() -> None:
    found = Arrivals()
    found.add(900, most_bytes(MBPS))

    assert found.decided(MBPS, WARM_UP_MS) is None
    assert found.decided(MBPS, LONGEST_MS) is False


def test_what_arrives_after_the_longest_time_does_not_count() -> None:
    found = constant(0.9 * MBPS, until_ms=LONGEST_MS)
    assert found.decided(MBPS, LONGEST_MS) is False

    found.add(LONGEST_MS + 4, MBPS)

    assert found.decided(MBPS, LONGEST_MS + 4) is False


def test_a_step_never_spans_an_edge_that_is_judged_by() -> None:
    found = Arrivals()
    for at_ms in (WARM_UP_MS - 5, WARM_UP_MS, WARM_UP_MS + 1, LONGEST_MS - 3, LONGEST_MS, LONGEST_MS + 1):
        found.add(at_ms, 1)

    assert (found.by(WARM_UP_MS), found.by(LONGEST_MS)) == (2, 5)


@settings(max_examples=300)
@example(rate_bps=50_000, held_up_ms=[0, 0, 286, 1500, 40, 0])
@given(rate_bps=st.integers(50_000, 4 * MBPS), held_up_ms=HELD_UP_MS)
def test_what_is_decided_is_never_contradicted(rate_bps: int, held_up_ms: list[int]) -> None:
    """A sender that catches up can open again what was given up, because the most that it can bring is counted anew;
    it can never turn it round. What is held stays held."""
    found, said = Arrivals(), None
    for at_ms, size in sent_at_pace(offered_bps(rate_bps), held_up_ms):
        found.add(at_ms, size)
        says = found.decided(rate_bps, at_ms)
        assert said is not True or says is True
        assert said is not False or says is not True
        said = says if said is None else said


def most_to_come(rate_bps: int, at_ms: int) -> int:
    """The most bytes that a sender at its pace can still bring into the measured time: it has all to catch up."""
    begins_ns = max(at_ms, WARM_UP_MS + 1) * NS_PER_MS
    pace, now_ns, total = Pace(offered_bps(rate_bps), begins_ns - CATCH_UP_MS * NS_PER_MS), begins_ns, 0
    while now_ns <= LONGEST_MS * NS_PER_MS:
        total += pace.take_blocks(now_ns) * BLOCK_BYTES
        now_ns += pace.wait_ns(now_ns)
    return total


@settings(max_examples=60, deadline=None)
@given(rate_bps=st.integers(100_000, 8 * MBPS), at_ms=st.integers(1, LONGEST_MS), share=st.floats(0, 1.1))
def test_a_rate_is_given_up_only_when_no_future_could_make_it_up(rate_bps: int, at_ms: int, share: float) -> None:
    measured = int(share * rate_bps * max(0, at_ms - WARM_UP_MS) / 8_000)

    said = decided(rate_bps, at_ms=at_ms, warm_bytes=0, total_bytes=measured)

    if said is False and at_ms < LONGEST_MS:
        assert measured + most_to_come(rate_bps, at_ms) < rate_bps * MEASURED_MS / 8_000


@given(rate_bps=st.integers(100_000, 50 * MBPS), share=st.floats(0, 0.7))
def test_a_rate_far_below_is_given_up_before_the_time_is_over(rate_bps: int, share: float) -> None:
    at_ms = 4_500

    total = int(share * rate_bps * (at_ms - WARM_UP_MS) / 8_000)

    assert decided(rate_bps, at_ms=at_ms, warm_bytes=0, total_bytes=total) is False


def test_the_most_a_direction_carries_is_the_offer_for_the_longest_time() -> None:
    assert offered_bps(MBPS) == OFFER * MBPS
    assert most_bytes(MBPS) == 781_250
    assert most_bytes(500_000) == 390_625


@given(ARRIVING)
def test_the_account_of_arrivals_says_the_same_at_the_other_side(arriving: list[Step]) -> None:
    found, came = arrivals_of(arriving)

    there = Arrivals.of(found.steps())

    assert there.steps() == found.steps()
    assert there.total_bytes == found.total_bytes == sum(size for _, size in came)


@given(ARRIVING, st.integers(0, LONGEST_MS))
def test_steps_are_off_by_ten_milliseconds_at_most(arriving: list[Step], at_ms: int) -> None:
    found, came = arrivals_of(arriving)

    noted = found.by(at_ms)

    assert sum(size for when, size in came if when <= at_ms) <= noted
    assert noted <= sum(size for when, size in came if when < at_ms + 10)


def test_more_than_an_account_may_hold_goes_into_its_last_step() -> None:
    found = Arrivals()
    for index in range(MAX_STEPS + 50):
        found.add(10 * index, 7)

    steps = found.steps()

    assert len(steps) == MAX_STEPS
    assert steps[-1].total_bytes == found.total_bytes == 7 * (MAX_STEPS + 50)
    assert Arrivals.of(steps).steps() == steps


@given(
    rate_bps=st.integers(200_000, 40 * MBPS),
    phase=st.floats(0, 1),
    from_ms=st.integers(0, 500),
    window_ms=st.integers(100, 1_000),
)
@example(rate_bps=10 * MBPS, phase=0.0, from_ms=0, window_ms=121)
def test_the_rate_between_arrivals_is_right_at_any_phase(
    rate_bps: int, phase: float, from_ms: int, window_ms: int
) -> None:
    found = constant(rate_bps, until_ms=from_ms + window_ms, phase=phase)

    rate = found.rate_between_arrivals_bps(from_ms)

    if rate is not None:
        assert rate == pytest.approx(rate_bps, rel=max(0.05, 2 / window_ms + 0.03))


def test_too_few_arrivals_have_no_rate_between_them() -> None:
    found, _ = arrivals_of([(0, BLOCK_BYTES), (20, BLOCK_BYTES), (20, BLOCK_BYTES)])
    assert found.rate_between_arrivals_bps(0) is None
    found.add(60, BLOCK_BYTES)
    assert found.rate_between_arrivals_bps(0) == BLOCK_BYTES * 8 * 50
    assert found.rate_between_arrivals_bps(1) is None


def test_an_end_that_looks_in_time_is_never_late_and_one_that_does_not_is_by_what_it_could_not_make_up_for() -> None:
    lateness = Lateness(0)
    for at_ms in range(10, 1_000, 10):
        lateness.look(at_ms * 1_000_000)
    assert lateness.ms == 0
    lateness.look(1_290 * 1_000_000)
    assert lateness.ms == 300 - 10 - CATCH_UP_MS
