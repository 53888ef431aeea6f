"""What one probe learned in one period: the unit that travels.

A report says nothing of who used the machine, only what the network did. Its key is
(agent, boot, seq); `seq` is given when the report enters the agent's spool. Each class checks
itself when it is built, on both sides, and carries `__pydantic_config__` so that the collector's
pydantic validates these very dataclasses (strict types, unknown keys refused) while the agent
needs no pydantic. Absent is ``None``. Fields are explained in ``docs/wire.md``.
"""

from collections.abc import Mapping
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
from wire.histogram import count_text
from wire.path_report import PathReport
from wire.report_words import (
    MAX_MBPS,
    MAX_US,
    STRICT,
    AskedBy,
    Bottleneck,
    Direction,
    Failure,
    check_period,
    check_working,
)
from wire.service_report import ServiceReport
from wire.uplink_report import UplinkReport

LatencyMethod = Literal["stamp", "tcp_connect", "icmp", "arp", "dns"]
ReceiveTimestamps = Literal["kernel", "user"]
EndedBy = Literal[
    "decided",  # the rest of the time could not have changed the result
    "time",  # five seconds were over
    "rtt",  # round trips rose so far that others would have noticed
    "bytes",  # the lease's byte limit was reached
    "lease",  # the lease was lost or ran out
    "peer",  # the other side, or something between, ended the connection
]
Platform = Literal["linux", "windows", "macos", "other"]
Medium = Literal["wired", "wifi", "other"]
WIFI_BANDS_MHZ = (2400, 5000, 6000)
SIGNAL_STEP_DBM = 10


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
        check_period(self.seq, self.boot_ms, self.duration_ms)
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
        check_working(self.working_sent, self.working_received, self.working_histogram)
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

    `ceiling_bps` is the most that this machine itself can move, ``None`` unknown; `at_ceiling` says that it, and not
    the network, limited the test, so that `received_bps` is a lower bound. `cpu_permille` is how busy the whole machine
    was in the test. `link_mbps` and `full_duplex` are of the link that was used, `on_battery` of the machine.
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
    asked_by: AskedBy = "schedule"
    bottleneck: Bottleneck | None = None
    ceiling_bps: int | None = None
    at_ceiling: bool = False
    cpu_permille: int | None = None
    link_mbps: int | None = None
    full_duplex: bool | None = None
    on_battery: bool | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_period(self.seq, self.boot_ms, self.duration_ms)
        check_target(self.target)
        check_range("method_version", self.method_version, 1, 1000)
        check_range("required_bps", self.required_bps, 1, MAX_BPS)
        check_range("offered_bps", self.offered_bps, 0, MAX_BPS)
        check_range("received_bps", self.received_bps, 0, MAX_BPS)
        check_range("used_bytes", self.used_bytes, 0, MAX_BYTES)
        check_range("idle_rtt_us", self.idle_rtt_us, 0, MAX_US)
        check_working(self.working_sent, self.working_received, self.working_histogram)
        check_range("ceiling_bps", self.ceiling_bps, 1, MAX_BPS)
        check_range("cpu_permille", self.cpu_permille, 0, 1000)
        check_range("link_mbps", self.link_mbps, 0, MAX_MBPS)
        if self.at_ceiling and self.sustained is False:
            raise WireError("ceiling_fails", "a test that its own machine limited says nothing against the line")
        if self.method == "sufficiency" and self.required_bps is None:
            raise WireError("no_requirement", "a sufficiency test names the rate it had to show in required_bps")


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """How the agent, its machine and its link are. A room machine's octets never travel.

    `cpu_permille` is the agent's own use in thousandths of one core over the period, `rss_kib` its
    resident memory. `clock_step_ms` is how far the wall clock moved against elapsed time in the
    period. `spool_reports` waits to be sent; `dropped_reports` and `quarantined_reports` count
    since the spool was made; `skipped_probes` were due in the period and not sent (machine asleep
    or overloaded). `link_*` describe the interface that leads to the collector; ``None`` where the
    system does not say.

    `machine_cpu_permille` is how busy all cores were, `memory_used_permille` how much of the memory was in use,
    `memory_stalled_permille` how much of the period something waited for memory (Linux' pressure, `some`). `slept_ms`
    is time asleep since the report before. `link_flaps` counts the link's losses of carrier. The `wifi_*` fields are of
    the association as it is, never of a scan: the band that it is in, width of the channel, rates as the driver states
    them, `wifi_signal_dbm` rounded down to a multiple of 10, and how many of a thousand frames were sent again.
    `uplink_in_bytes` and `uplink_out_bytes` are of wire version 3, where an ``edge`` or a ``reference`` had them; since
    version 4 there is `UplinkReport`.
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
    machine_cpu_permille: int | None = None
    memory_used_permille: int | None = None
    memory_stalled_permille: int | None = None
    slept_ms: int = 0
    on_battery: bool | None = None
    link_medium: Medium | None = None
    link_full_duplex: bool | None = None
    link_flaps: int | None = None
    wifi_band_mhz: int | None = None
    wifi_channel_mhz: int | None = None
    wifi_down_mbps: int | None = None
    wifi_up_mbps: int | None = None
    wifi_signal_dbm: int | None = None
    wifi_retries_permille: int | None = None
    uplink_in_bytes: int | None = None
    uplink_out_bytes: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_period(self.seq, self.boot_ms, self.duration_ms)
        check_version_text("agent_version", self.agent_version)
        check_range("cpu_permille", self.cpu_permille, 0, 1_000_000)
        check_range("rss_kib", self.rss_kib, 0, 2**40)
        check_range("clock_step_ms", self.clock_step_ms, -MAX_ELAPSED_MS * 10, MAX_ELAPSED_MS * 10)
        check_range("spool_reports", self.spool_reports, 0, MAX_SEQ)
        check_range("dropped_reports", self.dropped_reports, 0, MAX_SEQ)
        check_range("quarantined_reports", self.quarantined_reports, 0, MAX_SEQ)
        check_range("skipped_probes", self.skipped_probes, 0, MAX_COUNT)
        check_range("link_mbps", self.link_mbps, 0, MAX_MBPS)
        check_range("link_errors", self.link_errors, 0, MAX_SEQ)
        check_range("link_drops", self.link_drops, 0, MAX_SEQ)
        check_range("machine_cpu_permille", self.machine_cpu_permille, 0, 1000)
        check_range("memory_used_permille", self.memory_used_permille, 0, 1000)
        check_range("memory_stalled_permille", self.memory_stalled_permille, 0, 1000)
        check_range("slept_ms", self.slept_ms, 0, MAX_ELAPSED_MS)
        check_range("link_flaps", self.link_flaps, 0, MAX_COUNT)
        if self.wifi_band_mhz is not None and self.wifi_band_mhz not in WIFI_BANDS_MHZ:
            raise WireError("out_of_range", "wifi_band_mhz is 2400, 5000 or 6000")
        check_range("wifi_channel_mhz", self.wifi_channel_mhz, 1, 1000)
        check_range("wifi_down_mbps", self.wifi_down_mbps, 0, MAX_MBPS)
        check_range("wifi_up_mbps", self.wifi_up_mbps, 0, MAX_MBPS)
        check_range("wifi_signal_dbm", self.wifi_signal_dbm, -120, 0)
        if self.wifi_signal_dbm is not None and self.wifi_signal_dbm % SIGNAL_STEP_DBM:
            raise WireError("too_exact", f"wifi_signal_dbm is a multiple of {SIGNAL_STEP_DBM}")
        check_range("wifi_retries_permille", self.wifi_retries_permille, 0, 1000)
        check_range("uplink_in_bytes", self.uplink_in_bytes, 0, MAX_SEQ)
        check_range("uplink_out_bytes", self.uplink_out_bytes, 0, MAX_SEQ)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayReport:
    """The machine was not at its site, so nothing was measured. That is all this says."""

    __pydantic_config__ = STRICT

    kind: Literal["off_site"] = "off_site"
    seq: int
    boot_ms: int
    duration_ms: int

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_period(self.seq, self.boot_ms, self.duration_ms)


Report = LatencyReport | ThroughputReport | HealthReport | ServiceReport | PathReport | AwayReport | UplinkReport
KINDS: Mapping[str, type[Report]] = {
    "latency": LatencyReport,
    "throughput": ThroughputReport,
    "health": HealthReport,
    "service": ServiceReport,
    "path": PathReport,
    "off_site": AwayReport,
    "uplink": UplinkReport,
}
"""What a report is, by its `kind`."""
