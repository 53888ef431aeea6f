"""Which sample belongs to which period, and when a period is complete.

Pure bookkeeping on the boot clock. Periods lie on a grid of that clock, so that all targets of a
machine are reported over the same minutes. A period is complete when it is over and no probe that
began in it is still under way. Periods never span a sleep.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.sample import Sample

NEVER_NS = -(2**63)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A finished stretch of time, ``start_ns <= sent_ns < end_ns``, and what was learned in it."""

    start_ns: int
    end_ns: int
    samples: tuple[Sample, ...]


class Periods:
    """The open period of one target and those behind it that still wait for probes under way.

    When nothing was heard of for `asleep_ns`, the machine slept: the period ends where the oldest
    probe under way began, or where the machine was last seen awake; those probes count as skipped
    and a new period begins. Cutting at the oldest open request keeps the loss unbiased: the
    answered ones among its successors would count, the unanswered ones not.
    """

    def __init__(self, *, period_ns: int, asleep_ns: int, now_ns: int) -> None:
        self._period_ns = period_ns
        self._asleep_ns = asleep_ns
        self._start_ns = now_ns
        self._seen_ns = now_ns
        self._runs: dict[int, int] = {}
        self._number = 0
        self._samples: list[Sample] = []
        self._complete: list[Period] = []
        self._skipped = 0
        self._measuring = False
        self.woke_ns = NEVER_NS

    def notice(self, now_ns: int) -> None:
        """The machine is awake now. After a sleep, `woke_ns` is when that was noticed."""
        if now_ns - self._seen_ns > self._asleep_ns:
            self.cut(self._seen_ns)
            self._measuring = False
            self.woke_ns = now_ns
        self._seen_ns = max(self._seen_ns, now_ns)
        self._settle(now_ns)

    def began(self, now_ns: int) -> int:
        """A probe begins; the number by which `ended` knows it."""
        if not self._measuring:  # time before the first probe was not measured
            self._measuring = True
            self._start_ns = now_ns
        self._number += 1
        self._runs[self._number] = now_ns
        return self._number

    def ended(self, run: int, samples: Sequence[Sample], now_ns: int) -> None:
        """A probe ended with `samples`. One that was cut off meanwhile is not listened to."""
        if self._runs.pop(run, None) is not None:
            self._samples.extend(samples)
        self._settle(now_ns)

    def cut(self, at_ns: int) -> None:
        """End the open period at `at_ns`, or before the oldest probe under way; forget those."""
        self._skipped += len(self._runs)
        end_ns = min(self._runs.values(), default=at_ns)
        self._runs.clear()
        self._settle(end_ns)
        if self._measuring and end_ns > self._start_ns:
            self._close(end_ns)
        self._samples.clear()
        self._start_ns = max(self._start_ns, at_ns)

    def take_complete(self) -> list[Period]:
        """The periods that became complete since the last call."""
        complete, self._complete = self._complete, []
        return complete

    def take_skipped(self) -> int:
        """How many probes were cut off since the last call."""
        skipped, self._skipped = self._skipped, 0
        return skipped

    def _settle(self, now_ns: int) -> None:
        settled_ns = min(self._runs.values(), default=now_ns)
        while self._measuring and (end_ns := (self._start_ns // self._period_ns + 1) * self._period_ns) <= settled_ns:
            self._close(end_ns)

    def _close(self, end_ns: int) -> None:
        inside = tuple(one for one in self._samples if one.sent_ns < end_ns)
        self._samples = [one for one in self._samples if one.sent_ns >= end_ns]
        self._complete.append(Period(start_ns=self._start_ns, end_ns=end_ns, samples=inside))
        self._start_ns = end_ns
