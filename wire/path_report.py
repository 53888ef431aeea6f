"""The steps on the way to a target: what stands there, never its address."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from wire.fields import WireError, check_range, check_target
from wire.report_words import MAX_US, STRICT, Failure, check_period

TraceMethod = Literal["icmp", "udp", "tcp"]
HopRole = Literal["gateway", "site", "district", "provider", "service"]
MAX_HOPS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A step of a path: what stands there, never its address. `role` is ``None`` where that is not known or nothing
    answered. `min_us` is the shortest round trip of `received`."""

    __pydantic_config__ = STRICT

    ttl: int
    role: HopRole | None
    sent: int
    received: int
    min_us: int | None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("ttl", self.ttl, 1, MAX_HOPS)
        check_range("sent", self.sent, 1, 100)
        check_range("received", self.received, 0, self.sent)
        check_range("min_us", self.min_us, 0, MAX_US)
        if (self.min_us is None) != (self.received == 0):
            raise WireError("bad_minimum", "min_us is present exactly when something was received")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathReport:
    """The steps to a target, ascending by their distance. `reached` says that the target itself answered; `failure` why
    there are no steps."""

    __pydantic_config__ = STRICT

    kind: Literal["path"] = "path"
    seq: int
    boot_ms: int
    duration_ms: int
    target: str
    method: TraceMethod
    method_version: int
    reached: bool
    hops: tuple[Hop, ...]
    failure: Failure | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_period(self.seq, self.boot_ms, self.duration_ms)
        check_target(self.target)
        check_range("method_version", self.method_version, 1, 1000)
        if len(self.hops) > MAX_HOPS or any(later.ttl <= one.ttl for one, later in pairwise(self.hops)):
            raise WireError("bad_hops", f"hops ascend by ttl, at most {MAX_HOPS} of them")
        if (self.failure is None) != bool(self.hops):
            raise WireError("bad_failure", "failure is there exactly when there are no hops")
