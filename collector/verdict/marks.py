"""What one letter says of a bin: all of it that a week's verdict needs, and how near it was to being another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

from collector.verdict.bins import RoomBin
from collector.verdict.profiles import Profile

MARKS: Mapping[str, str] = {
    "B": "bad, and with limits 10 % laxer as well",
    "b": "bad, but not with limits 10 % laxer",
    "n": "not bad, but with limits 10 % stricter",
    "d": "degraded",
    "g": "good",
    "x": "its machine could not measure, so that it says nothing of the network",
    "?": "an agent was awake and measured too little of it",
    ".": "no agent was awake",
}

MarkQuality = Literal["bad", "degraded", "good", "unknown"]

WORST_FIRST: tuple[MarkQuality, ...] = get_args(MarkQuality)

QUALITY_OF: Mapping[str, MarkQuality] = {
    "B": "bad",
    "b": "bad",
    "n": "degraded",
    "d": "degraded",
    "g": "good",
    "x": "unknown",
    "?": "unknown",
    ".": "unknown",
}
"""How a bin of that mark is drawn."""

BAD = frozenset("Bb")
VALID = frozenset("Bbndg")
"""Those that say something of the network."""

LAXER, STRICTER = 1.1, 0.9
"""What the limits beyond which an activity fails are multiplied with, to see what is near (science.md 6.3)."""


def speaks(one: RoomBin) -> bool:
    """Whether a bin says something of the network: enough of it was measured, by a machine that could."""
    return one.valid and one.headline is not None and not spoiled(one)


def marker(profiles: Mapping[str, Profile]) -> Callable[[RoomBin | None], str]:
    """What tells the one of `MARKS` for a bin of lesson time, ``None`` where nobody was awake. `profiles` by name hold
    those that bins were judged by; of one that is no longer there nothing is known but what it found."""
    limits: dict[tuple[str, ...], _Limits | None] = {}

    def mark_of(one: RoomBin | None) -> str:
        if one is None:
            return "."
        if spoiled(one):
            return "x"
        headline = one.headline
        if not one.valid or headline is None:
            return "?"
        names = tuple([score.profile for score in one.scores])
        if names not in limits:
            limits[names] = _strictest([profiles[name] for name in names if name in profiles])
        strictest = limits[names]
        if headline.quality == "bad":
            return "B" if strictest is None or strictest.fail(one, LAXER) else "b"
        if strictest is not None and strictest.fail(one, STRICTER):
            return "n"
        return "d" if headline.quality == "degraded" else "g"

    return mark_of


def spoiled(one: RoomBin) -> bool:
    """Whether the machine that measured could not, so that what it found is no fault of the network."""
    return one.located is not None and one.located.cause == "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """Beyond which an activity fails: the lowest of several profiles. Bins keep these two percentiles."""

    p50_ms: float
    p95_ms: float
    loss: float

    def fail(self, one: RoomBin, times: float) -> bool:
        """Whether anything failed, were the limits `times` as high, in the room or at the anchor that decided."""
        return (
            (one.p95_ms or 0) >= self.p95_ms * times
            or (one.p50_ms or 0) >= self.p50_ms * times
            or (one.loss or 0) >= self.loss * times
            or (one.anchor_p95_ms or 0) >= self.p95_ms * times
            or (one.anchor_loss or 0) >= self.loss * times
        )


def _strictest(profiles: Sequence[Profile]) -> _Limits | None:
    if not profiles:
        return None

    def lowest(percentile: float) -> float:
        needs = (need for one in profiles for need in one.rtt if need.percentile == percentile)
        return min((need.unacceptable_ms for need in needs), default=inf)

    return _Limits(p50_ms=lowest(50), p95_ms=lowest(95), loss=min(one.loss.unacceptable for one in profiles))
