"""One way to measure, with others standing in where a network drops it."""

import logging
from collections.abc import Sequence

from agent.sample import Sample, SingleProbe

log = logging.getLogger(__name__)

BLOCKED_AFTER = 5
"""So many silent requests in a row, while another way is answered, mean that the first one is blocked."""

SPARSE = 10
"""Beside or instead of the first way, the others are asked once in so many intervals: 0.1 Hz at the default."""


class StandIn:
    """A probe made of several: `first` at every call, the `others` when they are needed.

    Open: each call asks `first`. While nothing answers, the others are asked beside it every `every` calls, one after
    the other until one answers. Blocked (`BLOCKED_AFTER` in a row were silent and another answered meanwhile): every
    `every` calls the others are asked, and `first` once as a feeler whose silence is not reported. Its first answer
    opens it again.
    """

    def __init__(self, first: SingleProbe, others: Sequence[SingleProbe], *, alias: str, every: int = SPARSE) -> None:
        self._first = first
        self._others = others
        self._alias = alias
        self._every = every
        self._calls = 0
        self._others_due = 0
        self._silent = 0
        self._another_answered = False
        self.blocked = False

    async def __call__(self) -> tuple[Sample, ...]:
        """The requests of this interval; none when blocked and nothing is due."""
        self._calls += 1
        if self.blocked and self._calls < self._others_due:
            return ()
        if self.blocked:
            self._others_due = self._calls + self._every
            samples = await self._ask_others()
            first = await self._ask_first()
            return (*samples, first) if first.answered else samples
        first = await self._ask_first()
        if first.answered or self._calls < self._others_due:
            return (first,)
        self._others_due = self._calls + self._every
        return (first, *await self._ask_others())

    async def _ask_first(self) -> Sample:
        sample = await self._first()
        if sample.answered:
            self._silent = 0
            self._another_answered = False
            if self.blocked:
                self.blocked = False
                log.info("the usual way answers again target=%s method=%s", self._alias, sample.method)
        else:
            self._silent += 1
            self._notice()
        return sample

    async def _ask_others(self) -> tuple[Sample, ...]:
        """A sample of each that was asked."""
        samples: list[Sample] = []
        for other in self._others:
            sample = await other()
            samples.append(sample)
            if sample.answered:
                self._another_answered = True
                self._notice()
                break
        return tuple(samples)

    def _notice(self) -> None:
        if not self.blocked and self._another_answered and self._silent >= BLOCKED_AFTER:
            self.blocked = True
            log.info("the usual way gets no answer, another stands in target=%s", self._alias)
