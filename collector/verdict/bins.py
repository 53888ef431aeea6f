"""Judge one bin of one room: is what was measured enough for each activity?

A bin is valid when at least 80 % of its time was probed, as the FCC's testing of subsidised lines wants of its
samples. It is ``bad`` for a profile when QoO is 0 and ``degraded`` below 50, this project's choice. With several
agents in a room the median agent speaks for it, so that one bad PC does not condemn a room.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from collector.verdict.causes import Located
from collector.verdict.profiles import BOUNDED_PERCENTILE, Profile
from collector.verdict.qoo import Dimension, qoo
from wire.histogram import Histogram
from wire.reports import LatencyMethod

VALID_SHARE = 0.8
DEGRADED_BELOW = 50.0
JUDGED_TARGETS = ("district", "site")
"""Whose latency is judged: the first of these that was measured in the bin."""

Quality = Literal["bad", "degraded", "good"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencySummary:
    """What one agent measured to one target within one bin. Times in the histogram are microseconds;
    `probed_ms` is how much of the bin its requests stood for (requests times their interval)."""

    agent: str
    target: str
    method: LatencyMethod
    sent: int
    received: int
    probed_ms: int
    histogram: Histogram
    repaired: bool

    @property
    def loss(self) -> float | None:
        """The share of requests that were not answered in time; ``None`` when none was sent."""
        return 1 - self.received / self.sent if self.sent else None

    def rtt_ms(self, percentile: float) -> float | None:
        """Round-trip time at `percentile` (0..100) in milliseconds; ``None`` when nothing came back."""
        us = self.histogram.quantile(percentile / 100)
        return None if us is None else us / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileScore:
    """How one profile fared in one bin."""

    profile: str
    qoo: float
    quality: Quality
    worst: Dimension | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomBin:
    """One bin of one room, judged. The measures are those of the agent that speaks for the room.

    An invalid bin has no scores: it says nothing about the room. `targets` is all that was measured
    in the bin, with histograms, so that it can be judged again without reports; a store that reads
    bins for showing leaves it empty.

    `anchor` is the target ``anchor:NAME`` on the Internet by which the site's reference decided the scores, because it
    fared worse than the room's own target; ``None`` where the room's own did. `located` is the cause of a bad bin.
    """

    site: str
    room: str
    started_at: datetime
    seconds: int
    valid: bool
    target: str
    method: LatencyMethod
    agents: int
    sent: int
    received: int
    probed_share: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    gateway_p95_ms: float | None
    gateway_loss: float | None
    repaired: bool
    scores: tuple[ProfileScore, ...]
    profiles_digest: str
    targets: tuple[LatencySummary, ...] = ()
    anchor: str | None = None
    anchor_p95_ms: float | None = None
    anchor_loss: float | None = None
    located: Located | None = None

    @property
    def loss(self) -> float | None:
        """The share of requests lost, 0..1."""
        return 1 - self.received / self.sent if self.sent else None

    @property
    def headline(self) -> ProfileScore | None:
        """The worst profile's score; ``None`` for an invalid bin."""
        return min(self.scores, key=lambda score: score.qoo, default=None)


def judge_bin(
    *,
    site: str,
    room: str,
    started_at: datetime,
    seconds: int,
    summaries: Sequence[LatencySummary],
    profiles: Sequence[Profile],
    profiles_digest: str,
) -> RoomBin | None:
    """Judge a bin from all that was measured in it; ``None`` when no judged target was measured."""
    judged = _judged(summaries)
    if not judged:
        return None
    speaker = _speaker(judged, seconds, profiles)
    probed_share = min(1.0, speaker.probed_ms / (seconds * 1000))
    valid = probed_share >= VALID_SHARE
    gateway = next(
        # One that never answers is a router that ignores us, which says nothing about the room.
        (one for one in summaries if one.agent == speaker.agent and one.target == "gateway" and one.received),
        None,
    )
    return RoomBin(
        site=site,
        room=room,
        started_at=started_at,
        seconds=seconds,
        valid=valid,
        target=speaker.target,
        method=speaker.method,
        agents=len({one.agent for one in judged}),
        sent=speaker.sent,
        received=speaker.received,
        probed_share=probed_share,
        p50_ms=speaker.rtt_ms(50),
        p95_ms=speaker.rtt_ms(95),
        p99_ms=speaker.rtt_ms(99),
        gateway_p95_ms=gateway.rtt_ms(95) if gateway else None,
        gateway_loss=gateway.loss if gateway else None,
        repaired=speaker.repaired,
        scores=tuple(_score(speaker, profile) for profile in profiles) if valid else (),
        profiles_digest=profiles_digest,
        targets=tuple(summaries),
    )


def _judged(summaries: Sequence[LatencySummary]) -> list[LatencySummary]:
    """For each agent, what it measured to the first judged target that it has.

    Where UDP was lost or came back within the bin there are two methods, which cannot be added up: the one that stood
    for more of the bin speaks, for all the time that the agent probed.
    """
    found = []
    for agent in sorted({one.agent for one in summaries}):
        for target in JUDGED_TARGETS:
            of_target = [one for one in summaries if (one.agent, one.target) == (agent, target) and one.sent]
            if of_target:
                longest = max(of_target, key=lambda one: one.probed_ms)
                found.append(replace(longest, probed_ms=sum(one.probed_ms for one in of_target)))
                break
    return found


def _speaker(judged: list[LatencySummary], seconds: int, profiles: Sequence[Profile]) -> LatencySummary:
    """The median agent by its worst score, among those that probed enough of the bin if there are
    any; of two in the middle the better one, so that one bad PC of two does not condemn a room."""
    enough = [one for one in judged if one.probed_ms >= VALID_SHARE * seconds * 1000] or judged
    if len(enough) == 1:
        return enough[0]
    worst_qoo = {one.agent: min(_score(one, profile).qoo for profile in profiles) for one in enough}
    ranked = sorted(enough, key=lambda one: (worst_qoo[one.agent], one.agent))
    return ranked[len(ranked) // 2]


def _score(speaker: LatencySummary, profile: Profile) -> ProfileScore:
    bounded = [need.percentile for need in profile.rtt if need.percentile <= BOUNDED_PERCENTILE]
    rtt_ms = {percentile: speaker.rtt_ms(percentile) for percentile in bounded}
    measured = {percentile: ms for percentile, ms in rtt_ms.items() if ms is not None}
    outcome = qoo(profile, rtt_ms=measured or None, loss=speaker.loss, up_to=BOUNDED_PERCENTILE)
    total = outcome.total or 0.0
    if total == 0:
        quality: Quality = "bad"
    else:
        quality = "degraded" if total < DEGRADED_BELOW else "good"
    return ProfileScore(profile=profile.name, qoo=total, quality=quality, worst=outcome.worst)
