"""Quality of Outcome, 0..100, of draft-ietf-ippm-qoo-09 (section "Calculating the QoO").

::

    QoO            = min(latency, loss, throughput)
    latency        = 100 * min over percentiles i of clamp(0, 1 - (ML[i]-ROP[i]) / (CPUP[i]-ROP[i]), 1)
    loss           = 100 * clamp(0, 1 - (M-ROP) / (CPUP-ROP), 1)
    throughput     = 100 if the required rate was measured, else 0

A dimension that was not measured does not enter the minimum, and the score says which ones did.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from collector.verdict.profiles import Profile

Dimension = Literal["latency", "loss", "throughput"]

DIMENSION_WORDS: Mapping[Dimension, str] = {
    "latency": "latency",
    "loss": "packet loss",
    "throughput": "throughput",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A score per measured dimension (0..100; ``None`` not measured).

    `total` is the smallest and `worst` its dimension; ties go to the dimension named first. Both
    are ``None`` when nothing was measured.
    """

    latency: float | None
    loss: float | None
    throughput: float | None

    @property
    def worst(self) -> Dimension | None:
        """The dimension with the smallest score; ``None`` when all are 100 or unmeasured."""
        scores: list[tuple[float, Dimension]] = []
        if self.latency is not None:
            scores.append((self.latency, "latency"))
        if self.loss is not None:
            scores.append((self.loss, "loss"))
        if self.throughput is not None:
            scores.append((self.throughput, "throughput"))
        if not scores:
            return None
        smallest, dimension = min(scores, key=lambda pair: pair[0])
        return dimension if smallest < 100 else None

    @property
    def total(self) -> float | None:
        """The QoO: the smallest of the measured dimensions."""
        measured = [score for score in (self.latency, self.loss, self.throughput) if score is not None]
        return min(measured, default=None)


def qoo(
    profile: Profile,
    *,
    rtt_ms: Mapping[float, float] | None,
    loss: float | None,
    down_bps: float | None = None,
    up_bps: float | None = None,
    up_to: float = 100,
) -> Outcome:
    """Score what was measured against `profile`.

    `rtt_ms` maps percentile (0..100) to milliseconds and must hold every percentile up to `up_to` that the profile
    names (`KeyError` otherwise): what was measured need not bound the others. `loss` is a share, 0..1.
    """
    latency = None
    if rtt_ms is not None:
        latency = min(
            (
                _linear(rtt_ms[need.percentile], need.optimal_ms, need.unacceptable_ms)
                for need in profile.rtt
                if need.percentile <= up_to
            ),
            default=None,
        )
    rates = [
        100.0 if measured >= required else 0.0
        for measured, required in ((down_bps, profile.down.bps), (up_bps, profile.up.bps))
        if measured is not None
    ]
    return Outcome(
        latency=latency,
        loss=None if loss is None else _linear(loss, profile.loss.optimal, profile.loss.unacceptable),
        throughput=min(rates, default=None),
    )


def _linear(measured: float, optimal: float, unacceptable: float) -> float:
    """100 at or below `optimal`, 0 at or beyond `unacceptable`, a straight line between."""
    share = min(1.0, max(0.0, 1 - (measured - optimal) / (unacceptable - optimal)))
    return round(100 * share, 9)  # so that a limit met exactly is met
