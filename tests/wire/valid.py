"""Hypothesis strategies for everything that may travel, built as the wire allows and no narrower."""

from typing import Any, Literal, get_args

from hypothesis import strategies as st

from wire.answers import Problem
from wire.batch import Acknowledgement, Batch, BootClock, RejectedReport
from wire.enrolment import (
    CODE_ALPHABET,
    CODE_LENGTH,
    AgentConfig,
    Enrolment,
    EnrolmentRequest,
    Ndt7Plan,
    PathPlan,
    ReflectorPlan,
    Role,
    Service,
    Target,
    ThroughputPlan,
)
from wire.fields import MAX_BPS, MAX_BYTES, MAX_COUNT, MAX_DURATION_MS, MAX_ELAPSED_MS, MAX_SEQ, MAX_WALL_MS
from wire.histogram import OVERFLOW, Histogram
from wire.lease import MAX_LEASE_MS, Arrived, Lease, LeaseAccount, LeaseEnd, LeaseKind, LeaseRequest
from wire.ndt7_allowance import Ndt7Allowance
from wire.path_report import MAX_HOPS, Hop, HopRole, PathReport, TraceMethod
from wire.report_words import MAX_MBPS, MAX_US, AskedBy, Bottleneck, Failure
from wire.reports import (
    WIFI_BANDS_MHZ,
    AwayReport,
    EndedBy,
    HealthReport,
    LatencyMethod,
    LatencyReport,
    Medium,
    Platform,
    ReceiveTimestamps,
    ThroughputReport,
)
from wire.service_report import ServiceFailure, ServicePhase, ServiceReport
from wire.uplink_report import CountedBy, Uplink, UplinkFailure, UplinkReport
from wire.version import WIRE_VERSION


def one_of(literal: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(get_args(literal))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


SLUGS = st.from_regex(r"[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,3}", fullmatch=True)
TARGETS = (
    st.sampled_from(["gateway", "site", "district"])
    | st.builds("{}:{}".format, st.sampled_from(["anchor", "service"]), SLUGS)
    | st.integers(1, 9).map("resolver:{}".format)
)
IDS = st.text("0123456789abcdef", min_size=16, max_size=16)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
CODES = st.text(CODE_ALPHABET, min_size=CODE_LENGTH, max_size=CODE_LENGTH)
VERSIONS = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}", fullmatch=True)
WORDS = st.from_regex(r"[a-z][a-z_]{0,20}", fullmatch=True)
SENTENCES = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
PERMILLE = st.integers(0, 1000)
PERIOD: dict[str, Any] = {
    "seq": st.integers(1, MAX_SEQ),
    "boot_ms": st.integers(0, MAX_ELAPSED_MS),
    "duration_ms": st.integers(1, MAX_DURATION_MS),
}


def drawn(draw: st.DrawFn, strategies: dict[str, Any]) -> dict[str, Any]:
    return {name: draw(strategy) for name, strategy in strategies.items()}


@st.composite
def latency_reports(draw: st.DrawFn) -> LatencyReport:
    counts = draw(st.dictionaries(st.integers(0, OVERFLOW), st.integers(1, 20_000), max_size=30))
    received = sum(counts.values())
    sent = draw(st.integers(received, MAX_COUNT))
    beside = draw(working())
    only_working = sent == 0 and beside["working_sent"] > 0
    return LatencyReport(
        **drawn(draw, PERIOD),
        target=draw(TARGETS),
        method=draw(one_of(LatencyMethod)),
        method_version=draw(st.integers(1, 1000)),
        timestamps=draw(one_of(ReceiveTimestamps)),
        interval_ms=draw(st.integers(10, MAX_DURATION_MS)),
        timeout_ms=draw(st.integers(10, 60_000)),
        sent=sent,
        received=received,
        duplicates=draw(st.integers(0, MAX_COUNT)),
        reordered=draw(st.integers(0, received)),
        min_us=draw(st.integers(0, MAX_US)) if received else None,
        ipdv_mean_us=draw(maybe(st.integers(0, MAX_US))) if received > 1 else None,
        histogram=Histogram(counts).to_text(),
        failure=None if received or only_working else draw(one_of(Failure)),
        **beside,
    )


@st.composite
def working(draw: st.DrawFn) -> dict[str, Any]:
    """The round trips beside a throughput test."""
    counts = draw(st.dictionaries(st.integers(0, OVERFLOW), st.integers(1, 20_000), max_size=5))
    received = sum(counts.values())
    return {
        "working_sent": draw(st.integers(received, MAX_COUNT)),
        "working_received": received,
        "working_histogram": Histogram(counts).to_text(),
    }


@st.composite
def throughput_reports(draw: st.DrawFn) -> ThroughputReport:
    method: Literal["sufficiency", "capacity"] = draw(st.sampled_from(["sufficiency", "capacity"]))
    required = st.integers(1, MAX_BPS)
    at_ceiling = draw(st.booleans())
    return ThroughputReport(
        **drawn(draw, PERIOD),
        target=draw(TARGETS),
        method=method,
        method_version=draw(st.integers(1, 1000)),
        direction=draw(st.sampled_from(["down", "up"])),
        required_bps=draw(required if method == "sufficiency" else maybe(required)),
        offered_bps=draw(maybe(st.integers(0, MAX_BPS))),
        received_bps=draw(maybe(st.integers(0, MAX_BPS))),
        sustained=draw(maybe(st.just(True) if at_ceiling else st.booleans())),
        used_bytes=draw(st.integers(0, MAX_BYTES)),
        failure=draw(maybe(one_of(Failure))),
        ended_by=draw(maybe(one_of(EndedBy))),
        idle_rtt_us=draw(maybe(st.integers(0, MAX_US))),
        **draw(working()),
        asked_by=draw(one_of(AskedBy)),
        bottleneck=draw(maybe(one_of(Bottleneck))),
        ceiling_bps=draw(maybe(st.integers(1, MAX_BPS))),
        at_ceiling=at_ceiling,
        cpu_permille=draw(maybe(PERMILLE)),
        link_mbps=draw(maybe(st.integers(0, MAX_MBPS))),
        full_duplex=draw(maybe(st.booleans())),
        on_battery=draw(maybe(st.booleans())),
    )


HEALTH_REPORTS = st.builds(
    HealthReport,
    **PERIOD,
    agent_version=VERSIONS,
    platform=one_of(Platform),
    cpu_permille=st.integers(0, 1_000_000),
    rss_kib=st.integers(0, 2**40),
    clock_synchronised=maybe(st.booleans()),
    clock_step_ms=st.integers(-10 * MAX_ELAPSED_MS, 10 * MAX_ELAPSED_MS),
    spool_reports=st.integers(0, MAX_SEQ),
    dropped_reports=st.integers(0, MAX_SEQ),
    quarantined_reports=st.integers(0, MAX_SEQ),
    skipped_probes=st.integers(0, MAX_COUNT),
    link_mbps=maybe(st.integers(0, 10_000_000)),
    link_errors=maybe(st.integers(0, MAX_SEQ)),
    link_drops=maybe(st.integers(0, MAX_SEQ)),
    machine_cpu_permille=maybe(PERMILLE),
    memory_used_permille=maybe(PERMILLE),
    memory_stalled_permille=maybe(PERMILLE),
    slept_ms=st.integers(0, MAX_ELAPSED_MS),
    on_battery=maybe(st.booleans()),
    link_medium=maybe(one_of(Medium)),
    link_full_duplex=maybe(st.booleans()),
    link_flaps=maybe(st.integers(0, MAX_COUNT)),
    wifi_band_mhz=maybe(st.sampled_from(WIFI_BANDS_MHZ)),
    wifi_channel_mhz=maybe(st.integers(1, 1000)),
    wifi_down_mbps=maybe(st.integers(0, MAX_MBPS)),
    wifi_up_mbps=maybe(st.integers(0, MAX_MBPS)),
    wifi_signal_dbm=maybe(st.integers(-12, 0).map(lambda step: step * 10)),
    wifi_retries_permille=maybe(PERMILLE),
    uplink_in_bytes=maybe(st.integers(0, MAX_SEQ)),
    uplink_out_bytes=maybe(st.integers(0, MAX_SEQ)),
)


@st.composite
def service_reports(draw: st.DrawFn) -> ServiceReport:
    failed = draw(st.booleans())
    via_proxy = draw(st.booleans())
    phase = st.integers(0, MAX_US)
    return ServiceReport(
        **drawn(draw, PERIOD),
        target=f"service:{draw(SLUGS)}",
        method_version=draw(st.integers(1, 1000)),
        via_proxy=via_proxy,
        resolve_us=draw(maybe(phase)),
        connect_us=draw(maybe(phase)),
        proxy_us=draw(maybe(phase)) if via_proxy else None,
        tls_us=draw(maybe(phase)),
        first_byte_us=None if failed else draw(phase),
        status=draw(maybe(st.integers(100, 599))),
        certificate_days=draw(maybe(st.integers(-100_000, 100_000))),
        failure=draw(one_of(ServiceFailure)) if failed else None,
        failed_in=draw(one_of(ServicePhase)) if failed else None,
    )


@st.composite
def hops(draw: st.DrawFn, ttl: int) -> Hop:
    sent = draw(st.integers(1, 100))
    received = draw(st.integers(0, sent))
    return Hop(
        ttl=ttl,
        role=draw(maybe(one_of(HopRole))),
        sent=sent,
        received=received,
        min_us=draw(st.integers(0, MAX_US)) if received else None,
    )


@st.composite
def path_reports(draw: st.DrawFn) -> PathReport:
    ttls = sorted(draw(st.sets(st.integers(1, MAX_HOPS), max_size=5)))
    return PathReport(
        **drawn(draw, PERIOD),
        target=draw(TARGETS),
        method=draw(one_of(TraceMethod)),
        method_version=draw(st.integers(1, 1000)),
        reached=draw(st.booleans()),
        hops=tuple(draw(hops(ttl)) for ttl in ttls),
        failure=None if ttls else draw(one_of(Failure)),
    )


AWAY_REPORTS = st.builds(AwayReport, **PERIOD)
OF_AN_UPLINK: dict[str, Any] = PERIOD | {
    "uplink": one_of(Uplink),
    "method": one_of(CountedBy),
    "method_version": st.integers(1, 1000),
    "speed_mbps": maybe(st.integers(0, MAX_MBPS)),
}
OCTETS = st.integers(0, MAX_SEQ)
UPLINK_REPORTS = st.builds(UplinkReport, **OF_AN_UPLINK, down_bytes=OCTETS, up_bytes=OCTETS) | st.builds(
    UplinkReport, **OF_AN_UPLINK, down_bytes=st.none(), up_bytes=st.none(), failure=one_of(UplinkFailure)
)
MEASURED = latency_reports() | throughput_reports() | HEALTH_REPORTS | service_reports() | path_reports()
REPORTS = MEASURED | AWAY_REPORTS | UPLINK_REPORTS
BOOT_CLOCKS = st.builds(
    BootClock,
    boot_ms=st.integers(0, MAX_ELAPSED_MS),
    wall_ms=st.integers(0, MAX_WALL_MS),
    synchronised=st.booleans(),
    live=st.booleans(),
)
BATCHES = st.builds(
    Batch,
    version=st.integers(1, WIRE_VERSION),
    batch=IDS,
    boot=IDS,
    clock=BOOT_CLOCKS,
    reports=st.lists(REPORTS, min_size=1, max_size=5).map(tuple),
)
REJECTED = st.builds(
    RejectedReport, index=st.integers(0, 1999), seq=maybe(st.integers(0, MAX_SEQ)), error=WORDS, detail=SENTENCES
)
ACKNOWLEDGEMENTS = st.builds(
    Acknowledgement,
    version=st.integers(1, 1000),
    batch=IDS,
    stored=st.integers(0, 2000),
    duplicate=st.integers(0, 2000),
    rejected=st.lists(REJECTED, max_size=5).map(tuple),
)
ENROLMENT_REQUESTS = st.builds(EnrolmentRequest, version=st.integers(1, WIRE_VERSION), code=CODES, token_sha256=DIGESTS)
ENROLMENTS = st.builds(Enrolment, version=st.integers(1, 1000), agent=IDS, site=SLUGS, room=SLUGS, role=one_of(Role))
PORTS = st.integers(1, 65_535)


@st.composite
def config_targets(draw: st.DrawFn, key: st.SearchStrategy[str | None] = maybe(DIGESTS)) -> Target:  # noqa: B008
    alias = draw(TARGETS)
    methods = [one for one in get_args(LatencyMethod) if one != "dns"]
    return Target(
        alias=alias,
        method="dns" if alias.startswith("resolver:") else draw(st.sampled_from(methods)),
        host=draw(maybe(SENTENCES)),
        port=draw(PORTS),
        tcp_port=draw(maybe(PORTS)),
        interval_ms=draw(st.integers(100, 3_600_000)),
        timeout_ms=draw(st.integers(100, 60_000)),
        key=draw(key),
    )


NETWORKS = st.lists(st.sampled_from(["10.12.0.0/16", "fd00::/8"]), max_size=2).map(tuple)
SERVICES = st.builds(
    Service,
    alias=SLUGS.map("service:{}".format),
    host=SENTENCES,
    port=PORTS,
    path=st.sampled_from(["/", "/login", "/a/b.html"]),
    interval_ms=st.integers(10_000, 3_600_000),
    timeout_ms=st.integers(100, 60_000),
)
PATH_PLANS = st.builds(
    PathPlan,
    interval_ms=st.integers(60_000, 86_400_000),
    targets=st.lists(TARGETS, max_size=3).map(tuple),
    site_networks=NETWORKS,
    district_networks=NETWORKS,
)
AGENT_CONFIGS = st.builds(
    AgentConfig,
    version=st.integers(1, 1000),
    role=one_of(Role),
    period_ms=st.integers(1000, 3_600_000),
    push_interval_ms=st.integers(1000, 3_600_000),
    targets=st.lists(config_targets(), max_size=4, unique_by=lambda target: target.alias).map(tuple),
    throughput=maybe(
        st.builds(
            ThroughputPlan,
            interval_ms=st.integers(10_000, 86_400_000),
            capacity_interval_ms=maybe(st.integers(10_000, 86_400_000)),
            capacity_request=maybe(IDS),
        )
    ),
    services=st.lists(SERVICES, max_size=2).map(tuple),
    path=maybe(PATH_PLANS),
    presence=maybe(config_targets(DIGESTS)),
    reflector=maybe(st.builds(ReflectorPlan, port=PORTS, key=maybe(DIGESTS))),
    ndt7=maybe(st.builds(Ndt7Plan, port=PORTS)),
)
LEASE_REQUESTS = st.builds(
    LeaseRequest,
    version=st.integers(1, WIRE_VERSION),
    request=IDS,
    kind=one_of(LeaseKind),
    link_mbps=maybe(st.integers(0, MAX_MBPS)),
)
LEASE_PARTS = {
    "version": st.integers(1, 1000),
    "lease": IDS,
    "valid_ms": st.integers(1, MAX_LEASE_MS),
    "down_bps": st.integers(1, MAX_BPS),
    "up_bps": st.integers(1, MAX_BPS),
    "down_bytes": st.integers(1, MAX_BYTES),
    "up_bytes": st.integers(1, MAX_BYTES),
    "bottlenecks": st.lists(one_of(Bottleneck), max_size=3, unique=True).map(tuple),
    "asked_by": one_of(AskedBy),
}
LEASES = st.builds(Lease, **LEASE_PARTS) | st.builds(
    Lease,
    **LEASE_PARTS,
    kind=st.just("capacity"),
    host=maybe(SENTENCES),
    port=PORTS,
    tls=st.booleans(),
    token=IDS,
    longest_ms=st.integers(1, MAX_LEASE_MS),
)
LEASE_ENDS = st.builds(LeaseEnd, version=st.integers(1, WIRE_VERSION), used_bytes=st.integers(0, MAX_BYTES))
LEASE_ACCOUNTS = st.builds(
    LeaseAccount,
    version=st.integers(1, 1000),
    down_stalled_ms=st.integers(0, MAX_LEASE_MS),
    up_stalled_ms=st.integers(0, MAX_LEASE_MS),
    down_bytes=st.integers(0, MAX_BYTES),
    up=st.lists(st.tuples(st.integers(0, MAX_LEASE_MS), st.integers(0, MAX_BYTES)), max_size=5).map(
        lambda steps: tuple(
            Arrived(at_ms=at_ms, total_bytes=total)
            for at_ms, total in zip(
                sorted(at_ms for at_ms, _ in steps), sorted(total for _, total in steps), strict=True
            )
        )
    ),
)
NDT7_ALLOWANCES = st.builds(
    Ndt7Allowance,
    version=st.integers(1, 1000),
    valid_ms=st.integers(0, MAX_LEASE_MS),
    down_bytes=st.integers(1, MAX_BYTES),
    up_bytes=st.integers(1, MAX_BYTES),
)
PROBLEMS = st.builds(Problem, error=WORDS, detail=SENTENCES)
EVERYTHING = st.one_of(
    REPORTS,
    BOOT_CLOCKS,
    BATCHES,
    REJECTED,
    ACKNOWLEDGEMENTS,
    ENROLMENT_REQUESTS,
    ENROLMENTS,
    config_targets(),
    AGENT_CONFIGS,
    LEASE_REQUESTS,
    LEASES,
    LEASE_ENDS,
    LEASE_ACCOUNTS,
    NDT7_ALLOWANCES,
)
