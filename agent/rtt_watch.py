"""Round trips beside a throughput test: what others on this line feel of it.

A test that cannot be watched is not run. STAMP packets watch; where UDP is blocked, TCP connections do. A round trip
has risen when the three newest that say anything are all `RISE_NS` above the shortest of the idle line: one slow or
lost packet, as Wi-Fi has them, is no queue. The two thresholds are udpst's and TR-471's for delay variation.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from agent.clock import NS_PER_MS, Clock
from agent.sample import Sample, SingleProbe
from wire.reports import LatencyMethod

RISE_NS = 90 * NS_PER_MS
STANDING_NS = 30 * NS_PER_MS
IN_A_ROW = 3
IDLE_PROBES = 10
EVERY_S = 0.05
LATER_EVERY_S = 0.1
"""A queue shows itself in the first second, if at all; afterwards the watch itself should weigh little."""

PACKET_BYTES: dict[LatencyMethod, int] = {"stamp": 2 * 44, "tcp_connect": 0}
"""What a probe adds to the payload that a test costs, there and back."""


@dataclass(slots=True)
class _Watched:
    sent_ns: int
    sample: Sample | None = None


class RttWatch:
    """Watches one test in one direction: `idle` first, then `run` beside it until cancelled.

    `probes` are tried in order; the first that is answered on the idle line watches.
    """

    def __init__(self, probes: Sequence[SingleProbe], *, clock: Clock) -> None:
        self._probes = probes
        self._probe = probes[0]
        self._clock = clock
        self._watched: list[_Watched] = []
        self.idle_ns: int | None = None
        self.was_busy = False
        self.used_bytes = 0

    async def idle(self) -> Sample:
        """Look at the line before the test. The shortest round trip, or a sample that says why there is none."""
        found = Sample(sent_ns=self._clock.boot_ns(), method="stamp", failure="no_answer")
        for probe in self._probes:
            asked = []
            for _ in range(IDLE_PROBES):
                asked.append(asyncio.ensure_future(probe()))
                await asyncio.sleep(EVERY_S)
            samples = await asyncio.gather(*asked)
            self._count(samples)
            answered = [one for one in samples if one.rtt_ns is not None]
            if answered:
                self._probe = probe
                ranked = sorted(answered, key=lambda one: one.rtt_ns or 0)
                best, middle = ranked[0], ranked[len(ranked) // 2]
                self.was_busy = (middle.rtt_ns or 0) - (best.rtt_ns or 0) >= STANDING_NS
                self.idle_ns = best.rtt_ns
                return best
            found = samples[0]
        return found

    async def run(self) -> None:
        """Probe until cancelled; what is then under way is forgotten."""
        began_ns = self._clock.boot_ns()
        async with asyncio.TaskGroup() as tasks:
            while True:
                one = _Watched(self._clock.boot_ns())
                self._watched.append(one)
                tasks.create_task(self._ask(one))
                later = self._clock.boot_ns() - began_ns > 1_000 * NS_PER_MS
                await asyncio.sleep(LATER_EVERY_S if later else EVERY_S)

    async def _ask(self, one: _Watched) -> None:
        sample = await self._probe()
        one.sent_ns = sample.sent_ns
        one.sample = sample
        self._count([sample])

    def _count(self, samples: Sequence[Sample]) -> None:
        self.used_bytes += sum(PACKET_BYTES[one.method] for one in samples)

    def samples(self) -> list[Sample]:
        """What came of the probes beside the test, as far as it has."""
        return [one.sample for one in self._watched if one.sample is not None]

    def risen(self) -> bool:
        """Whether others must feel the test by now."""
        limit_ns = (self.idle_ns or 0) + RISE_NS
        now_ns = self._clock.boot_ns()
        newest = [
            self._at_least_ns(one, now_ns) for one in self._watched if self._says_something(one, now_ns, limit_ns)
        ]
        return len(newest) >= IN_A_ROW and min(newest[-IN_A_ROW:]) >= limit_ns

    def standing_since_ns(self) -> int | None:
        """Since when a queue stands, on the boot clock: since the first of those packets was `STANDING_NS` late that up
        to the newest all were, answered or not. ``None`` when the newest was not."""
        limit_ns = (self.idle_ns or 0) + STANDING_NS
        now_ns = self._clock.boot_ns()
        since_ns = None
        for one in reversed(self._watched):
            if one.sample is not None and one.sample.rtt_ns is None:
                continue  # lost, by whatever
            if self._at_least_ns(one, now_ns) >= limit_ns:
                since_ns = one.sent_ns + limit_ns
            elif one.sample is not None:
                break
        return since_ns

    @staticmethod
    def _says_something(one: _Watched, now_ns: int, limit_ns: int) -> bool:
        return one.sample is not None or now_ns - one.sent_ns >= limit_ns

    @staticmethod
    def _at_least_ns(one: _Watched, now_ns: int) -> int:
        """The round trip, or how long it has been waited for."""
        if one.sample is not None and one.sample.rtt_ns is not None:
            return one.sample.rtt_ns
        return now_ns - one.sent_ns
