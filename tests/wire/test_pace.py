"""At what pace a sender sends."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.wire.pacing import HELD_UP_MS, MBPS, NS_PER_MS, sent_at_pace
from wire.pace import BLOCK_BYTES, CATCH_UP_MS, Pace


@settings(max_examples=200)
@given(rate_bps=st.integers(20_000, 100 * MBPS), late_ms=st.lists(st.integers(0, CATCH_UP_MS - 12), max_size=300))
def test_a_sender_sends_at_its_rate_however_often_it_wakes_late(rate_bps: int, late_ms: list[int]) -> None:
    sent = sent_at_pace(rate_bps, late_ms)

    total = 0
    for at_ms, size in sent:
        total += size
        due = rate_bps * at_ms / 8_000
        assert due - rate_bps * CATCH_UP_MS / 8_000 - BLOCK_BYTES <= total <= due + rate_bps / 8_000 + 2 * BLOCK_BYTES


@given(rate_bps=st.integers(20_000, 100 * MBPS), held_up_ms=HELD_UP_MS)
def test_no_burst_is_larger_than_what_is_caught_up_and_a_block(rate_bps: int, held_up_ms: list[int]) -> None:
    most = rate_bps * CATCH_UP_MS / 8_000 + 2 * BLOCK_BYTES

    assert all(size <= most for _, size in sent_at_pace(rate_bps, held_up_ms))


@given(rate_bps=st.integers(20_000, 100 * MBPS), held_up_ms=HELD_UP_MS)
def test_a_sender_never_sends_more_than_its_rate_since_it_began(rate_bps: int, held_up_ms: list[int]) -> None:
    total = 0
    for at_ms, size in sent_at_pace(rate_bps, held_up_ms):
        total += size
        assert total <= rate_bps * (at_ms + 1) / 8_000 * 1.001 + BLOCK_BYTES


def test_what_is_beyond_catching_up_is_the_senders_own_stall() -> None:
    pace = Pace(MBPS, 0)
    pace.take_blocks(0)

    due_ns = pace.wait_ns(0)
    pace.woke(due_ns + CATCH_UP_MS * NS_PER_MS)
    assert pace.stalled_ns == 0

    pace.woke(due_ns + (CATCH_UP_MS + 300) * NS_PER_MS)
    assert pace.stalled_ns == 300 * NS_PER_MS


def test_a_slow_sender_may_be_a_whole_block_late() -> None:
    pace = Pace(11_200, 0)  # a block a second
    pace.take_blocks(0)

    pace.woke(1_900 * NS_PER_MS)

    assert pace.stalled_ns == 0


def test_a_send_that_was_blocked_is_no_stall_and_is_not_made_up_for() -> None:
    pace = Pace(MBPS, 0)
    pace.take_blocks(0)

    pace.sent(2_000 * NS_PER_MS)
    pace.woke(2_000 * NS_PER_MS)

    assert pace.stalled_ns == 0
    assert pace.take_blocks(2_000 * NS_PER_MS) * BLOCK_BYTES <= MBPS * CATCH_UP_MS / 8_000 + BLOCK_BYTES
