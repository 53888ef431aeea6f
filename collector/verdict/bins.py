"""Judge one bin of one room: is what was measured enough for each activity?

A bin is valid when at least 80 % of its time was probed, as the FCC's testing of subsidised lines wants of its
samples. It is ``bad`` for a profile when QoO is 0 and ``degraded`` below 50, this project's choice. With several
agents in a room the median agent speaks for it, so that one bad PC does not condemn a room.
"""

from collections.abc import Collection, Sequence
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

    @property
    def is_bad(self) -> bool:
        """Whether the worst profile was bad; an invalid bin is not."""
        return any(score.quality == "bad" for score in self.scores)


def judge_bin(
    *,
    site: str,
    room: str,
    started_at: datetime,
    seconds: int,
    summaries: Sequence[LatencySummary],
    profiles: Sequence[Profile],
    profiles_digest: str,
    silent: Collection[str] = frozenset(),
) -> RoomBin | None:
    """Judge a bin from all that was measured in it; ``None`` when no agent handed over anything.

    `silent` agents do not speak for the room: a reference, an edge, and a machine that could not measure beside one
    that could. A bin in which nobody else measured a judged target is not valid, but an agent was awake in it.
    """
    if not summaries:
        return None
    speaker = speaker_of(summaries, seconds=seconds, profiles=profiles, silent=silent)
    valid = speaker is not None and speaker.probed_ms >= VALID_SHARE * seconds * 1000
    shown = speaker or speaker_of(summaries, seconds=seconds, profiles=profiles)
    if shown is None:
        shown = _nothing(min(summaries, key=lambda one: (one.agent, one.target, one.method)))
    gateway = next(
        # One that never answers is a router that ignores us, which says nothing about the room.
        (one for one in summaries if one.agent == shown.agent and one.target == "gateway" and one.received),
        None,
    )
    return RoomBin(
        site=site,
        room=room,
        started_at=started_at,
        seconds=seconds,
        valid=valid,
        target=shown.target,
        method=shown.method,
        agents=len({one.agent for one in summaries if one.target in JUDGED_TARGETS and one.sent}),
        sent=shown.sent,
        received=shown.received,
        probed_share=min(1.0, shown.probed_ms / (seconds * 1000)),
        p50_ms=shown.rtt_ms(50),
        p95_ms=shown.rtt_ms(95),
        p99_ms=shown.rtt_ms(99),
        gateway_p95_ms=gateway.rtt_ms(95) if gateway else None,
        gateway_loss=gateway.loss if gateway else None,
        repaired=shown.repaired,
        scores=tuple(score_of(shown, profile) for profile in profiles) if valid else (),
        profiles_digest=profiles_digest,
        targets=tuple(summaries),
    )


def speaker_of(
    summaries: Sequence[LatencySummary],
    *,
    seconds: int,
    profiles: Sequence[Profile],
    silent: Collection[str] = frozenset(),
) -> LatencySummary | None:
    """What the agent that speaks for the room measured to its judged target; ``None`` when none did.

    The median agent by its worst score, among those that probed enough of the bin if there are any; of two in the
    middle the better one, so that one bad PC of two does not condemn a room.
    """
    judged = _judged(summaries, silent)
    if len(judged) <= 1:
        return judged[0] if judged else None
    enough = [one for one in judged if one.probed_ms >= VALID_SHARE * seconds * 1000] or judged
    worst_qoo = {one.agent: min(score_of(one, profile).qoo for profile in profiles) for one in enough}
    ranked = sorted(enough, key=lambda one: (worst_qoo[one.agent], one.agent))
    return ranked[len(ranked) // 2]


def _judged(summaries: Sequence[LatencySummary], silent: Collection[str]) -> list[LatencySummary]:
    """For each agent, ascending, what it measured to the first judged target that it has.

    Where UDP was lost or came back within the bin there are two methods, which cannot be added up: the one that stood
    for more of the bin speaks, for all the time that the agent probed.
    """
    by_agent: dict[str, dict[str, list[LatencySummary]]] = {}
    for one in summaries:
        if one.target in JUDGED_TARGETS and one.sent and one.agent not in silent:
            by_agent.setdefault(one.agent, {}).setdefault(one.target, []).append(one)
    found = []
    for _, by_target in sorted(by_agent.items()):
        of_target = next(by_target[target] for target in JUDGED_TARGETS if target in by_target)
        if len(of_target) == 1:
            found.append(of_target[0])
        else:
            longest = max(of_target, key=lambda one: (one.probed_ms, one.method))
            found.append(replace(longest, probed_ms=sum(one.probed_ms for one in of_target)))
    return found


def _nothing(one: LatencySummary) -> LatencySummary:
    """What an agent measured that could send nothing to a judged target."""
    return replace(one, target=JUDGED_TARGETS[0], sent=0, received=0, probed_ms=0, histogram=Histogram())


def score_of(speaker: LatencySummary, profile: Profile) -> ProfileScore:
    """How `profile` fared by what `speaker` measured."""
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
