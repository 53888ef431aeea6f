"""One direction of a throughput test, whichever kind it is: what it showed but for its rate, and a report of that."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from functools import partial

from agent.clock import NS_PER_MS, Clock
from agent.device import Device
from agent.effort import Effort
from agent.http import Unanswered
from agent.rtt_watch import RttWatch
from agent.sample import Sample, SingleProbe
from wire.histogram import Histogram
from wire.report_words import Direction, Failure
from wire.reports import EndedBy, ThroughputReport

LET_GO_S = 1.0
"""How long to wait for a stream that was cut. The look-up of a name cannot be: it finds its connection cut when it
ends."""

DRAIN_S = 1.0
"""Between the directions, so that the second does not begin in the first one's queue."""

_FAILURES: dict[str, Failure] = {
    "name_not_resolved": "name_not_resolved",
    "unreachable": "unreachable",
    "connection_refused": "unreachable",
}
"""Words of a request that failed, as words of the wire; any other means that no answer came."""

Watches = Callable[[], AbstractContextManager[Sequence[SingleProbe]]]
"""Ways to take a round trip to where the test goes, best first; what they hold open goes with the context."""


@dataclass(slots=True, kw_only=True)
class Tried:
    """What any test in one direction shows. Times: boot clock. `working` are the round trips beside it, `idle` is the
    shortest one before."""

    direction: Direction
    began_ns: int
    ended_ns: int = 0
    ended_by: EndedBy | None = None
    failure: Failure | None = None
    used_bytes: int = 0
    idle: Sample | None = None
    working: Sequence[Sample] = ()
    effort: Effort | None = None

    @property
    def idle_ns(self) -> int | None:
        """The shortest round trip on the idle line."""
        return self.idle.rtt_ns if self.idle is not None else None

    @property
    def was_full(self) -> bool:
        """Whether this machine's processors had no more to give."""
        return self.effort is not None and self.effort.was_full

    async def watch_idle(self, watch: RttWatch, clock: Clock) -> bool:
        """Look at the line before the test. Whether that could be seen: who cannot see what a test does to others does
        not test, and this direction has ended."""
        self.idle = await watch.idle()
        if self.idle.rtt_ns is None:
            self.failure = self.idle.failure
            self.ended_ns = clock.boot_ns()
            self.used_bytes = watch.used_bytes
        return self.idle.rtt_ns is not None

    def draft(self, own: Device) -> "partial[ThroughputReport]":
        """A report but for its rates, by a machine that is like `own`."""
        times_us = [sample.rtt_ns / 1000 for sample in self.working if sample.rtt_ns is not None]
        return partial(
            ThroughputReport,
            boot_ms=self.began_ns // NS_PER_MS,
            duration_ms=max(1, (self.ended_ns - self.began_ns) // NS_PER_MS),
            direction=self.direction,
            used_bytes=self.used_bytes,
            failure=self.failure,
            ended_by=self.ended_by,
            idle_rtt_us=self.idle_ns // 1000 if self.idle_ns is not None else None,
            working_sent=len(self.working),
            working_received=len(times_us),
            working_histogram=Histogram.of(times_us).to_text(),
            cpu_permille=self.effort.cpu_permille if self.effort is not None else None,
            **asdict(own),
        )


def failure_of(error: Unanswered) -> Failure:
    """Why a test never began, in words of the wire."""
    return _FAILURES.get(error.word, "no_answer")
