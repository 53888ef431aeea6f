"""STAMP with TCP connect time standing in where a network drops UDP."""

import logging

from agent.sample import Sample, SingleProbe

log = logging.getLogger(__name__)

BLOCKED_AFTER = 5
"""So many silent UDP requests in a row, while TCP is answered, mean that UDP is blocked."""

SPARSE = 10
"""Beside or instead of UDP, TCP is asked once in so many intervals: 0.1 Hz at the default."""


class StandIn:
    """A probe made of two: `stamp` at every call, `tcp` when it is needed.

    Open: each call sends a STAMP packet. While nothing answers, TCP is asked beside it every
    `every` calls. Blocked (`BLOCKED_AFTER` in a row were silent and TCP answered meanwhile): every
    `every` calls TCP is asked, with one STAMP packet as a feeler whose silence is not reported.
    The first STAMP answer opens it again.
    """

    def __init__(self, stamp: SingleProbe, tcp: SingleProbe, *, alias: str, every: int = SPARSE) -> None:
        self._stamp = stamp
        self._tcp = tcp
        self._alias = alias
        self._every = every
        self._calls = 0
        self._tcp_due = 0
        self._silent = 0
        self._tcp_answered = False
        self.blocked = False

    async def __call__(self) -> tuple[Sample, ...]:
        """The requests of this interval; none when blocked and nothing is due."""
        self._calls += 1
        if self.blocked and self._calls < self._tcp_due:
            return ()
        feeler = self.blocked
        if feeler:
            self._tcp_due = self._calls + self._every
            samples = (await self._ask_tcp(), await self._ask_stamp())
            return samples if samples[1].answered else samples[:1]
        stamp = await self._ask_stamp()
        if stamp.answered or self._calls < self._tcp_due:
            return (stamp,)
        self._tcp_due = self._calls + self._every
        return (stamp, await self._ask_tcp())

    async def _ask_stamp(self) -> Sample:
        sample = await self._stamp()
        if sample.answered:
            self._silent = 0
            self._tcp_answered = False
            if self.blocked:
                self.blocked = False
                log.info("udp answers again target=%s", self._alias)
        else:
            self._silent += 1
            self._notice()
        return sample

    async def _ask_tcp(self) -> Sample:
        sample = await self._tcp()
        self._tcp_answered |= sample.answered
        self._notice()
        return sample

    def _notice(self) -> None:
        if not self.blocked and self._tcp_answered and self._silent >= BLOCKED_AFTER:
            self.blocked = True
            log.info("udp gets no answer and tcp does, tcp stands in target=%s", self._alias)
