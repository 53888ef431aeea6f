"""What one letter says of a bin: all of it that a week's verdict needs, and how near it was to being another."""

from collections.abc import Mapping

from collector.verdict.bins import RoomBin
from collector.verdict.profiles import BOUNDED_PERCENTILE, Profile

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

BAD = frozenset("Bb")
VALID = frozenset("Bbndg")
"""Those that say something of the network."""

LAXER, STRICTER = 1.1, 0.9
"""What the limits beyond which an activity fails are multiplied with, to see what is near (science.md 6.3)."""


def speaks(one: RoomBin) -> bool:
    """Whether a bin says something of the network: enough of it was measured, by a machine that could."""
    return one.valid and one.headline is not None and not spoiled(one)


def mark_of(one: RoomBin | None, profiles: Mapping[str, Profile]) -> str:
    """The one of `MARKS` for a bin of lesson time, ``None`` where nobody was awake. `profiles` by name hold those that
    it was judged by; of one that is no longer there nothing is known but what it found."""
    if one is None:
        return "."
    if spoiled(one):
        return "x"
    if not one.valid or one.headline is None:
        return "?"
    judged = [profiles[score.profile] for score in one.scores if score.profile in profiles]
    if one.headline.quality == "bad":
        return "B" if not judged or _fails(one, judged, LAXER) else "b"
    if _fails(one, judged, STRICTER):
        return "n"
    return "d" if one.headline.quality == "degraded" else "g"


def spoiled(one: RoomBin) -> bool:
    """Whether the machine that measured could not, so that what it found is no fault of the network."""
    return one.located is not None and one.located.cause == "device"


def _fails(one: RoomBin, profiles: list[Profile], times: float) -> bool:
    """Whether any of `profiles` failed, were its limits `times` as high, in the room or at the anchor that decided."""
    room = {50.0: one.p50_ms, 95.0: one.p95_ms}
    anchor = {95.0: one.anchor_p95_ms}
    return any(
        _beyond(profile, room, one.loss, times) or _beyond(profile, anchor, one.anchor_loss, times)
        for profile in profiles
    )


def _beyond(profile: Profile, rtt_ms: Mapping[float, float | None], loss: float | None, times: float) -> bool:
    if loss is not None and loss >= profile.loss.unacceptable * times:
        return True
    return any(
        ms >= need.unacceptable_ms * times
        for need in profile.rtt
        if need.percentile <= BOUNDED_PERCENTILE and (ms := rtt_ms.get(need.percentile)) is not None
    )
