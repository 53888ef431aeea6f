"""Round trips beside a throughput test: what others on this line feel of it.

A test that cannot be watched is not run. STAMP packets watch; where UDP is blocked, TCP connections do.
"""

import asyncio
from collections.abc import Sequence

from agent.clock import Clock
from agent.sample import Sample, SingleProbe
from wire.reports import LatencyMethod
from wire.round_trips import RoundTrip, risen, standing_since_ns, was_busy

IDLE_PROBES = 10
EVERY_S = 0.05
LATER_EVERY_S = 0.1
"""A queue shows itself in the first second, if at all; afterwards the watch itself should weigh little."""

PACKET_BYTES: dict[LatencyMethod, int] = {"stamp": 2 * 44, "tcp_connect": 0}
"""What a probe adds to the payload that a test costs, there and back."""


class RttWatch:
    """Watches one test in one direction: `idle` first, then `run` beside it until cancelled.

    `probes` are tried in order; the first that is answered on the idle line watches.
    """

    def __init__(self, probes: Sequence[SingleProbe], *, clock: Clock) -> None:
        self._probes = probes
        self._probe = probes[0]
        self._clock = clock
        self._trips: list[RoundTrip] = []
        self._samples: list[Sample] = []
        self._heard_ns = clock.boot_ns()
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
                best = min(answered, key=lambda one: one.rtt_ns or 0)
                self.was_busy = was_busy([one.rtt_ns for one in answered if one.rtt_ns is not None])
                self.idle_ns = best.rtt_ns
                return best
            found = samples[0]
        return found

    async def run(self) -> None:
        """Probe until cancelled; what is then under way is forgotten."""
        began_ns = self._heard_ns = self._clock.boot_ns()
        async with asyncio.TaskGroup() as tasks:
            while True:
                one = RoundTrip(sent_ns=self._clock.boot_ns())
                self._trips.append(one)
                tasks.create_task(self._ask(one))
                later = self._clock.boot_ns() - began_ns > 1_000_000_000
                await asyncio.sleep(LATER_EVERY_S if later else EVERY_S)

    async def _ask(self, one: RoundTrip) -> None:
        sample = await self._probe()
        one.sent_ns, one.rtt_ns = sample.sent_ns, sample.rtt_ns
        one.lost = sample.rtt_ns is None
        if not one.lost:
            self._heard_ns = self._clock.boot_ns()
        self._samples.append(sample)
        self._count([sample])

    def _count(self, samples: Sequence[Sample]) -> None:
        self.used_bytes += sum(PACKET_BYTES[one.method] for one in samples)

    def samples(self) -> list[Sample]:
        """What came of the probes beside the test, as far as it has."""
        return self._samples

    def silent_ns(self) -> int:
        """How long nothing has been heard, since `run` began at the most."""
        return self._clock.boot_ns() - self._heard_ns

    def risen(self) -> bool:
        """Whether others must feel the test by now."""
        return risen(self._trips, idle_ns=self.idle_ns or 0, now_ns=self._clock.boot_ns())

    def standing_since_ns(self) -> int | None:
        """Since when a queue stands, on the boot clock; ``None`` when none does."""
        return standing_since_ns(self._trips, idle_ns=self.idle_ns or 0, now_ns=self._clock.boot_ns())
