"""What one probe learned in one period: the unit that travels.

A report says nothing of who used the machine, only what the network did. Its key is
(agent, boot, seq); `seq` is given when the report enters the agent's spool. Each class checks
itself when it is built, on both sides, and carries `__pydantic_config__` so that the collector's
pydantic validates these very dataclasses (strict types, unknown keys refused) while the agent
needs no pydantic. Absent is ``None``. Fields are explained in ``docs/wire.md``.
"""

from dataclasses import dataclass
from typing import Literal

from wire.fields import (
    MAX_BPS,
    MAX_BYTES,
    MAX_COUNT,
    MAX_DURATION_MS,
    MAX_ELAPSED_MS,
    MAX_SEQ,
    WireError,
    check_range,
    check_target,
    check_version_text,
)
from wire.histogram import HIGHEST_US, count_text

STRICT: dict[str, object] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}

LatencyMethod = Literal["stamp", "tcp_connect"]
ReceiveTimestamps = Literal["kernel", "user"]
Failure = Literal[
    "no_answer",  # sent, and nothing came back in time
    "unreachable",  # the system or a router said that there is no way
    "name_not_resolved",  # the target's name has no address
    "no_gateway",  # the machine has no default route
    "refused_to_send",  # the system would not send (firewall, permission)
    "probe_broke",  # our own fault; the agent's log has more
]
EndedBy = Literal[
    "decided",  # the rest of the time could not have changed the result
    "time",  # five seconds were over
    "rtt",  # round trips rose so far that others would have noticed
    "bytes",  # the lease's byte limit was reached
    "lease",  # the lease was lost or ran out
    "peer",  # the other side, or something between, ended the connection
]
Direction = Literal["down", "up"]  # towards the room, and away from it
Platform = Literal["linux", "windows", "macos", "other"]
MAX_US = 2 * HIGHEST_US


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyReport:
    """Round trips to one target in one period.

    `sent` counts requests of which each was answered within `timeout_ms` (RFC 7680's waiting
    time) or lost; ``sent - received`` is the loss. `histogram` is the text form of
    `wire.histogram` and holds exactly `received` times. `duplicates` are answers beyond the first
    (RFC 5560), `reordered` answers that arrived after a later one's (RFC 4737). `min_us` is the
    exact minimum; `ipdv_mean_us` the mean absolute difference of the round trips of consecutive
    requests that were both answered (RFC 3393). `failure` says why nothing was received, exactly
    when something was to be sent and nothing came back; `sent` counts what was tried.

    Requests sent while this machine's own throughput test ran, and shortly after it, are not among those: they stand
    in the `working_*` fields and are never judged. A report may hold such requests alone.
    """

    __pydantic_config__ = STRICT

    kind: Literal["latency"] = "latency"
    seq: int
    boot_ms: int
    duration_ms: int
    target: str
    method: LatencyMethod
    method_version: int
    timestamps: ReceiveTimestamps
    interval_ms: int
    timeout_ms: int
    sent: int
    received: int
    duplicates: int
    reordered: int
    min_us: int | None
    ipdv_mean_us: int | None
    histogram: str
    failure: Failure | None = None
    working_sent: int = 0
    working_received: int = 0
    working_histogram: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        _check_period(self.seq, self.boot_ms, self.duration_ms)
        check_target(self.target)
        check_range("method_version", self.method_version, 1, 1000)
        check_range("interval_ms", self.interval_ms, 10, MAX_DURATION_MS)
        check_range("timeout_ms", self.timeout_ms, 10, 60_000)
        check_range("sent", self.sent, 0, MAX_COUNT)
        check_range("received", self.received, 0, MAX_COUNT)
        check_range("duplicates", self.duplicates, 0, MAX_COUNT)
        check_range("reordered", self.reordered, 0, MAX_COUNT)
        check_range("min_us", self.min_us, 0, MAX_US)
        check_range("ipdv_mean_us", self.ipdv_mean_us, 0, MAX_US)
        if self.received > self.sent:
            raise WireError("more_received_than_sent", f"received {self.received} of {self.sent} sent")
        if self.reordered > self.received:
            raise WireError("more_reordered_than_received", f"reordered {self.reordered} of {self.received}")
        if (self.min_us is None) != (self.received == 0):
            raise WireError("bad_minimum", "min_us is present exactly when something was received")
        if self.ipdv_mean_us is not None and self.received < 2:
            raise WireError("bad_delay_variation", f"ipdv_mean_us needs two answers, received is {self.received}")
        _check_working(self.working_sent, self.working_received, self.working_histogram)
        only_working = self.sent == 0 and self.working_sent > 0
        if (self.failure is None) != (self.received > 0 or only_working):
            raise WireError("bad_failure", "failure is present exactly when nothing was received of what was sent")
        counted = count_text(self.histogram)
        if counted != self.received:
            raise WireError("histogram_mismatch", f"the histogram holds {counted} times, received is {self.received}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputReport:
    """One throughput test in one direction, seen from the agent (``down`` is towards it).

    Rates are bits per second of goodput, counted by the receiver. `sustained` says whether
    `required_bps` was held; ``None`` when the test could not tell. `used_bytes` is the payload
    that the sender handed to its system, and the packets that watched the round trips, there and back.

    `ended_by` says what ended it, ``None`` when it never began. `idle_rtt_us` is the shortest round trip to the target
    just before the test, `working_sent`, `working_received` and `working_histogram` the round trips while it ran:
    working latency, as `LatencyReport` counts.
    """

    __pydantic_config__ = STRICT

    kind: Literal["throughput"] = "throughput"
    seq: int
    boot_ms: int
    duration_ms: int
    target: str
    method: Literal["sufficiency", "capacity"]
    method_version: int
    direction: Direction
    required_bps: int | None
    offered_bps: int | None
    received_bps: int | None
    sustained: bool | None
    used_bytes: int
    failure: Failure | None = None
    ended_by: EndedBy | None = None
    idle_rtt_us: int | None = None
    working_sent: int = 0
    working_received: int = 0
    working_histogram: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        _check_period(self.seq, self.boot_ms, self.duration_ms)
        check_target(self.target)
        check_range("method_version", self.method_version, 1, 1000)
        check_range("required_bps", self.required_bps, 1, MAX_BPS)
        check_range("offered_bps", self.offered_bps, 0, MAX_BPS)
        check_range("received_bps", self.received_bps, 0, MAX_BPS)
        check_range("used_bytes", self.used_bytes, 0, MAX_BYTES)
        check_range("idle_rtt_us", self.idle_rtt_us, 0, MAX_US)
        _check_working(self.working_sent, self.working_received, self.working_histogram)
        if self.method == "sufficiency" and self.required_bps is None:
            raise WireError("no_requirement", "a sufficiency test names the rate it had to show in required_bps")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """How the agent and its link are. No traffic counters: a room machine's octets never travel.

    `cpu_permille` is the agent's own use in thousandths of one core over the period, `rss_kib` its
    resident memory. `clock_step_ms` is how far the wall clock moved against elapsed time in the
    period. `spool_reports` waits to be sent; `dropped_reports` and `quarantined_reports` count
    since the spool was made; `skipped_probes` were due in the period and not sent (machine asleep
    or overloaded). `link_*` describe the interface that leads to the collector; ``None`` where the
    system does not say.
    """

    __pydantic_config__ = STRICT

    kind: Literal["health"] = "health"
    seq: int
    boot_ms: int
    duration_ms: int
    agent_version: str
    platform: Platform
    cpu_permille: int
    rss_kib: int
    clock_synchronised: bool | None
    clock_step_ms: int
    spool_reports: int
    dropped_reports: int
    quarantined_reports: int
    skipped_probes: int
    link_mbps: int | None
    link_errors: int | None
    link_drops: int | None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        _check_period(self.seq, self.boot_ms, self.duration_ms)
        check_version_text("agent_version", self.agent_version)
        check_range("cpu_permille", self.cpu_permille, 0, 1_000_000)
        check_range("rss_kib", self.rss_kib, 0, 2**40)
        check_range("clock_step_ms", self.clock_step_ms, -MAX_ELAPSED_MS * 10, MAX_ELAPSED_MS * 10)
        check_range("spool_reports", self.spool_reports, 0, MAX_SEQ)
        check_range("dropped_reports", self.dropped_reports, 0, MAX_SEQ)
        check_range("quarantined_reports", self.quarantined_reports, 0, MAX_SEQ)
        check_range("skipped_probes", self.skipped_probes, 0, MAX_COUNT)
        check_range("link_mbps", self.link_mbps, 0, 10_000_000)
        check_range("link_errors", self.link_errors, 0, MAX_SEQ)
        check_range("link_drops", self.link_drops, 0, MAX_SEQ)


Report = LatencyReport | ThroughputReport | HealthReport


def _check_period(seq: int, boot_ms: int, duration_ms: int) -> None:
    check_range("seq", seq, 1, MAX_SEQ)
    check_range("boot_ms", boot_ms, 0, MAX_ELAPSED_MS)
    check_range("duration_ms", duration_ms, 1, MAX_DURATION_MS)


def _check_working(sent: int, received: int, histogram: str) -> None:
    check_range("working_sent", sent, 0, MAX_COUNT)
    check_range("working_received", received, 0, MAX_COUNT)
    if received > sent:
        raise WireError("more_received_than_sent", f"working_received {received} of {sent} sent")
    if (counted := count_text(histogram)) != received:
        raise WireError(
            "histogram_mismatch", f"working_histogram holds {counted} times, working_received is {received}"
        )
