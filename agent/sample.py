"""What one request to one target learned, and the shape of a probe."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from wire.report_words import Failure
from wire.reports import LatencyMethod, ReceiveTimestamps


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One request and its fate.

    `sent_ns` is the boot clock when it was sent. `rtt_ns` is ``None`` when it was not answered in
    time, and then `failure` says why. `reordered`: the answer came after a later request's
    (RFC 4737, section 3.3). `duplicates`: surplus answers (RFC 5560) noticed on this session since
    the sample before, whichever request they belong to.
    """

    sent_ns: int
    method: LatencyMethod
    rtt_ns: int | None = None
    failure: Failure | None = None
    timestamps: ReceiveTimestamps = "user"
    reordered: bool = False
    duplicates: int = 0

    def __post_init__(self) -> None:
        """A sample is answered or has a reason, never both."""
        if (self.rtt_ns is None) == (self.failure is None):
            raise ValueError("a sample has either a round trip or a failure")

    @property
    def answered(self) -> bool:
        """Whether the request was answered in time."""
        return self.rtt_ns is not None


SingleProbe = Callable[[], Awaitable[Sample]]
"""One request to one target; keeps its own deadline and never raises for what a network does."""

Probe = Callable[[], Awaitable[tuple[Sample, ...]]]
"""What the loop runs once an interval: any number of requests, also none when none was due."""
