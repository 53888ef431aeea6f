"""Where a latency stands on a logarithmic axis."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

LOWEST_MS = 0.1
HIGHEST_MS = 5_000.0
"""Latency beyond is drawn at the edge: how far beyond makes no difference to a lesson."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A value on the axis with its label; `at` is its place in CSS pixels."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogScale:
    """Milliseconds from `low` to `high` on `length` pixels from the bottom up, beginning at `top`."""

    low: float
    high: float
    top: float
    length: float

    def y(self, ms: float) -> float:
        """The place of `ms`; what lies beyond an end stands at the end."""
        share = math.log(min(max(ms, self.low), self.high) / self.low) / math.log(self.high / self.low)
        return round(self.top + self.length * (1 - share), 1)

    def ticks(self) -> tuple[Tick, ...]:
        """Powers of ten, with 2 and 5 between them while that is few enough to read."""
        steps = [one for one in _steps() if self.low <= one <= self.high]
        tens = [one for one in steps if _is_power_of_ten(one)]
        return tuple(Tick(at=self.y(one), label=f"{one:g} ms") for one in (steps if len(steps) <= 7 else tens))


def latency_scale(*, lowest_ms: float | None, highest_ms: float, top: float, length: float) -> LogScale:
    """A scale that holds the limits and what was measured."""
    low = 10.0
    while lowest_ms is not None and low > max(lowest_ms, LOWEST_MS):
        low /= 10
    high = next((one for one in _steps() if one >= highest_ms), HIGHEST_MS)
    return LogScale(low=max(low, LOWEST_MS), high=max(high, 10 * low), top=top, length=length)


def _steps() -> Iterator[float]:
    for power in range(-1, 4):
        for step in (1, 2, 5):
            yield round(step * 10.0**power, 1)


def _is_power_of_ten(value: float) -> bool:
    return math.isclose(math.log10(value), round(math.log10(value)))
