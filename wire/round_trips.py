"""Round trips beside a throughput test, and what they show: do others on this line feel it, does a queue stand? Pure.

A round trip has risen when the three newest that say anything are all `RISE_NS` above the shortest of the idle line:
one slow or lost packet, as Wi-Fi has them, is no queue. The two thresholds are udpst's and TR-471's for delay
variation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

RISE_NS = 90_000_000
STANDING_NS = 30_000_000
IN_A_ROW = 3


@dataclass(slots=True, kw_only=True)
class RoundTrip:
    """A request sent at `sent_ns`. `rtt_ns` is ``None`` without an answer: it is `lost`, or still waited for."""

    sent_ns: int
    rtt_ns: int | None = None
    lost: bool = False

    def at_least_ns(self, now_ns: int) -> int:
        """The round trip, or how long it has been waited for."""
        return now_ns - self.sent_ns if self.rtt_ns is None else self.rtt_ns

    def says_something(self, now_ns: int, limit_ns: int) -> bool:
        """Whether it is known by now to be shorter or longer than `limit_ns`, or lost."""
        return self.lost or self.rtt_ns is not None or now_ns - self.sent_ns >= limit_ns


def was_busy(rtts_ns: Sequence[int]) -> bool:
    """Whether a queue stood on the line before the test: half of the round trips were `STANDING_NS` longer than the
    shortest."""
    ranked = sorted(rtts_ns)
    return bool(ranked) and ranked[len(ranked) // 2] - ranked[0] >= STANDING_NS


def risen(trips: Sequence[RoundTrip], *, idle_ns: int, now_ns: int) -> bool:
    """Whether others must feel the test by now. `trips` are those beside it in the order in which they were sent,
    `idle_ns` is the shortest of the idle line."""
    limit_ns = idle_ns + RISE_NS
    newest = [one.at_least_ns(now_ns) for one in trips if one.says_something(now_ns, limit_ns)]
    return len(newest) >= IN_A_ROW and min(newest[-IN_A_ROW:]) >= limit_ns


def standing_since_ns(trips: Sequence[RoundTrip], *, idle_ns: int, now_ns: int) -> int | None:
    """Since when a queue stands: since the first of those requests was `STANDING_NS` late that up to the newest all
    were, answered or not. ``None`` when the newest was not."""
    limit_ns = idle_ns + STANDING_NS
    since_ns = None
    for one in reversed(trips):
        if one.lost:
            continue  # by whatever
        if one.at_least_ns(now_ns) >= limit_ns:
            since_ns = one.sent_ns + limit_ns
        elif one.rtt_ns is not None:
            break
    return since_ns
