"""Was the rate there? From what arrived, how the test ended and what the round trips showed. Pure."""

from dataclasses import dataclass

from wire.pace import BLOCK_BYTES
from wire.reports import EndedBy
from wire.sufficiency import LONGEST_MS, WARM_UP_MS, Arrivals, offered_bps

SHORTEST_MEASURED_MS = 1_000
"""A rate that held so long after the warm-up is there, though the queue grew: more was offered than was needed."""

FIRST_WINDOW_BYTES = 10 * BLOCK_BYTES
"""TCP's initial window (RFC 6928). Where it carries the offer for a round trip, neither slow start nor a few losses
limit what arrives."""

SENDER_AT_LEAST = 1.05
"""A sender that offered less than this times the rate by its own fault has not shown that the line is too slow."""

AT_CEILING = 0.8
"""Who brought this share of what its machine can do at all may have been limited by the machine: the ceiling is
measured once a day, without a driver and TLS, which can take a fifth (our choice, on the side of the room)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The rate that arrived in bits per second, ``None`` when it could not be told, and whether the required rate was
    held; ``None`` when the test could not tell. `at_ceiling` says that a machine at one end may have limited the rate,
    which is then a lower bound and never held against the line."""

    received_bps: int | None
    sustained: bool | None
    at_ceiling: bool = False


def find(
    required_bps: int,
    arrivals: Arrivals,
    *,
    ended_by: EndedBy,
    lasted_ms: int,
    standing_from_ms: int | None,
    stalled_ms: int,
    idle_ms: float,
    was_busy: bool,
    ceiling_bps: int | None = None,
    was_full: bool = False,
) -> Finding:
    """Judge one direction by the receiver's `arrivals`.

    `standing_from_ms` is since when the round trips showed a standing queue until the test ended, if they did: from
    there on what arrives is what the bottleneck lets through. `stalled_ms` is how long either end was too busy, which
    is not the line's fault. `idle_ms` is the shortest round trip before the test, `was_busy` whether a queue
    stood then. `ceiling_bps` is the most that the machine can move, `was_full` whether its
    processors had no more to give.
    """
    received_bps: float | None = None
    sustained: bool | None = None
    if ended_by in ("decided", "time", "bytes"):
        end_ms = min(max(lasted_ms, WARM_UP_MS + 1), LONGEST_MS)
        received_bps = arrivals.rate_bps(WARM_UP_MS, end_ms)
        # Nothing is missed by an end that came too early, whoever says that enough has arrived.
        sustained = arrivals.decided(required_bps, LONGEST_MS if ended_by == "time" else lasted_ms)
    elif ended_by == "rtt" and standing_from_ms is not None:
        received_bps = arrivals.rate_between_arrivals_bps(standing_from_ms)
        if received_bps is None:
            # Too short a stretch to measure by: the queue rose steeply. What the whole test let through is no less, if
            # it is less than even a sender that waits for each first window to be acknowledged would have brought.
            overall_bps = arrivals.rate_between_arrivals_bps(0)
            if overall_bps is not None and overall_bps * idle_ms < FIRST_WINDOW_BYTES * 8_000:
                received_bps = overall_bps
        if received_bps is not None and received_bps < required_bps:
            sustained = False
        elif lasted_ms >= WARM_UP_MS + SHORTEST_MEASURED_MS:
            received_bps = arrivals.rate_bps(WARM_UP_MS, lasted_ms)
            sustained = True if received_bps >= required_bps else None
    offered = offered_bps(required_bps) * (1 - stalled_ms / max(1, lasted_ms))
    was_late = offered < SENDER_AT_LEAST * required_bps
    excused = (
        was_late
        or was_busy  # our share of a shared line
        or (standing_from_ms is None and _is_long_way(required_bps, idle_ms))  # TCP's own limit
    )
    # A busy processor still carries a paced test between other work, unless an end was late for it.
    at_ceiling = is_at_ceiling(received_bps, ceiling_bps, was_full=was_full and was_late)
    if sustained is False and (excused or at_ceiling):
        sustained = None
    return Finding(
        received_bps=None if received_bps is None else round(received_bps),
        sustained=sustained,
        at_ceiling=at_ceiling,
    )


def is_at_ceiling(received_bps: float | None, ceiling_bps: int | None, *, was_full: bool) -> bool:
    """Whether the machine may have limited what was received. `was_full`: its processors had no more to give."""
    if received_bps is None:
        return False
    return was_full or (ceiling_bps is not None and received_bps >= AT_CEILING * ceiling_bps)


def _is_long_way(required_bps: int, idle_ms: float) -> bool:
    """Whether TCP itself may limit what arrives: its first window is less than what is offered in a round trip."""
    return offered_bps(required_bps) * idle_ms / 8_000 > FIRST_WINDOW_BYTES
