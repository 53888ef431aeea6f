"""What the wired references of a site saw in a bin: the same way without the room's own access, and the Internet.

A reference that cannot be trusted says nothing: its machine could not measure, or it suffers while most rooms of its
site, which go the same way, are fine. Of several the one with the least trouble speaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary, ProfileScore, score_of
from collector.verdict.locate.chain import (
    ELEVATED_MS,
    LOSSY,
    Measure,
    Reading,
    Step,
    Stretch,
    agreed,
    family,
    read,
    steps,
    way,
)
from collector.verdict.locate.chance import at_least, at_most
from collector.verdict.locate.rooms import UNKNOWN_FINE_MS
from collector.verdict.profiles import Profile
from collector.verdict.topology import RoomKey

ANCHOR = "anchor:"
FEWEST_REQUESTS = 20
"""To an anchor, for its 95th percentile not to be its slowest answer."""
SURELY_LOST = 0.001
HARDLY = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceView:
    """One reference, by the methods of one `family`. `stretch` is where its trouble lies, ``None`` when it has none or
    that cannot be told."""

    agent: str
    family: str
    way: tuple[Step, ...]
    fine: bool
    stretch: Stretch | None

    def total(self, reading: Reading) -> float | None:
        """Its trouble at the end of its way, measured as `reading` of a room was."""
        last = self.way[-1]
        return last.loss if reading.measure == "loss" else last.over_ms(absolute=reading.absolute)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorView:
    """What a site's reference found on the Internet. `bad` of `measured` anchors failed some profile; `decides` are the
    scores of the profiles that more than half of them failed, by the anchor in their middle, which is `target`.
    """

    measured: int
    bad: int
    decides: tuple[ProfileScore, ...]
    target: str | None
    p95_ms: float | None
    loss: float | None
    steps: tuple[Step, ...]
    sent: int
    received: int

    @property
    def fine(self) -> bool:
        """Whether every anchor answered as usual."""
        return self.measured > 0 and not any(_elevated(one, measure) for one in self.steps for measure in _MEASURES)

    @property
    def silent(self) -> bool:
        """Whether not one of them answered anything, as behind a filter that lets nobody ask them."""
        return not self.received

    def clears_of_loss(self, loss: float) -> bool:
        """Whether they would hardly have lost so little, had `loss` been on the way to them."""
        return at_most(self.sent - self.received, self.sent, loss) < HARDLY


_MEASURES: tuple[Measure, ...] = ("latency", "loss")


def reference_view(
    summaries: Sequence[LatencySummary], agent: str, *, key: RoomKey, baselines: Baselines
) -> ReferenceView | None:
    """What `agent` saw of the way to the district; ``None`` when it did not measure that."""
    towards = [one for one in summaries if (one.agent, one.target) == (agent, "district") and one.sent]
    if not towards:
        return None
    method = max(towards, key=lambda one: (one.probed_ms, one.method)).method
    seen = way(summaries, agent, key=key, method=method, baselines=baselines)
    troubled = [measure for measure in _MEASURES if _elevated(seen[-1], measure)]
    found = agreed({measure: read(seen, measure) for measure in troubled})
    return ReferenceView(
        agent=agent, family=family(method), way=seen, fine=not troubled, stretch=found.stretch if found else None
    )


def anchor_view(
    summaries: Sequence[LatencySummary],
    agent: str,
    *,
    key: RoomKey,
    profiles: Sequence[Profile],
    baselines: Baselines,
) -> AnchorView | None:
    """What `agent` found on the Internet; ``None`` when it measured too little there. The silence of a single anchor
    says nothing: that machine may be off."""
    targets = sorted({one.target for one in summaries if one.agent == agent and one.target.startswith(ANCHOR)})
    seen = steps(summaries, agent, targets, key=key, method=None, baselines=baselines)
    scored: dict[str, tuple[ProfileScore, ...]] = {}
    for target in _telling(seen):
        one = max(
            (one for one in summaries if one.agent == agent and one.target == target),
            key=lambda one: (one.probed_ms, one.method),
        )
        if one.sent >= FEWEST_REQUESTS:
            scored[target] = tuple(score_of(_surely(one, profile), profile) for profile in profiles)
    seen = tuple(one for one in seen if one.target in scored)
    if not seen or (len(seen) == 1 and not seen[0].received):
        return None
    decides: list[ProfileScore] = []
    middle: str | None = None
    for index in range(len(profiles)):
        ranked = sorted(scored, key=lambda target: (scored[target][index].qoo, target))
        if 2 * sum(scored[target][index].quality == "bad" for target in scored) > len(scored):
            middle = middle or ranked[(len(ranked) - 1) // 2]
            decides.append(
                scored[middle][index] if scored[middle][index].quality == "bad" else scored[ranked[0]][index]
            )
    shown = next((one for one in seen if one.target == middle), None)
    return AnchorView(
        measured=len(scored),
        bad=sum(any(score.quality == "bad" for score in scores) for scores in scored.values()),
        decides=tuple(decides),
        target=middle,
        p95_ms=shown.p95_ms if shown else None,
        loss=shown.loss if shown else None,
        steps=seen,
        sent=sum(one.sent for one in seen),
        received=sum(one.received for one in seen),
    )


def _telling(seen: Sequence[Step]) -> list[str]:
    """The anchors but those that are silent beside one that answers: there is an Internet, so these machines are off or
    behind a filter, as is one that never answered."""
    answering = [one.target for one in seen if one.received]
    return answering or [one.target for one in seen if one.usual_ms is not None]


def _surely(one: LatencySummary, profile: Profile) -> LatencySummary:
    """`one` without its loss where that may be chance: an anchor is sent so little that one lost packet of twenty would
    fail a school."""
    lost = one.sent - one.received
    unlikely = at_least(lost, one.sent, profile.loss.optimal) < SURELY_LOST
    return one if not lost or unlikely else replace(one, sent=one.received)


def _elevated(step: Step, measure: Measure) -> bool:
    if measure == "loss":
        return step.loss >= LOSSY
    if step.p95_ms is None:
        return False
    over_ms = step.p95_ms if step.usual_ms is None else step.p95_ms - step.usual_ms
    return over_ms >= (UNKNOWN_FINE_MS if step.usual_ms is None else ELEVATED_MS)
