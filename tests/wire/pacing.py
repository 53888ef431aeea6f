"""What a paced sender sends when it is held up."""

from collections.abc import Sequence

from hypothesis import strategies as st

from wire.pace import BLOCK_BYTES, Pace

MBPS = 1_000_000
NS_PER_MS = 1_000_000

Step = tuple[int, int]
"""(milliseconds, bytes)"""

HELD_UP_MS = st.lists(st.one_of(st.just(0), st.integers(0, 40), st.integers(0, 1_500)), max_size=500)


def sent_at_pace(rate_bps: int, held_up_ms: Sequence[int]) -> list[Step]:
    """What a sender of `rate_bps` sends when, held up so long before each turn."""
    pace, now_ns, sent = Pace(rate_bps, 0), 0, []
    for late_ms in held_up_ms:
        now_ns += pace.wait_ns(now_ns) + late_ms * NS_PER_MS
        pace.woke(now_ns)
        sent.append((now_ns // NS_PER_MS, pace.take_blocks(now_ns) * BLOCK_BYTES))
        pace.sent(now_ns)
    return sent
