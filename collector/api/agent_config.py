"""What an agent shall measure, and how often: its configuration, from the district, the settings and what others do."""

from dataclasses import replace

from collector.api.services import Services
from collector.district.anchors import SETTLING_MS, anchor_targets
from collector.names import resolvers_for, services_for
from collector.registry.agent import Agent
from collector.site_reflector import presence_of, reflector_plan, site_targets
from wire.enrolment import AgentConfig, Ndt7Plan, PathPlan, ReflectorPlan, Service, Target, ThroughputPlan
from wire.version import WIRE_VERSION

FALLBACK_INTERVAL_MS = 10_000
TIMEOUT_MS = 2_000
GATEWAY_PORT = 80
PATH_INTERVAL_MS = 900_000
CAPACITY_INTERVAL_MS = 3_600_000
"""Who may test capacity once a day asks in every hour: which of them are out of lessons is known here alone."""


def config_for(agent: Agent, services: Services, version: int, references: int) -> AgentConfig:
    """The configuration of one agent that speaks this wire version: the district's reflector beside us, the room's own
    gateway, and for one of so many reference agents the anchors."""
    settings = services.settings
    district = Target(
        alias="district",
        method="stamp",
        host=settings.public_host,
        port=services.reflector_port,
        tcp_port=services.http_port,
        interval_ms=settings.probe_interval_ms,
        timeout_ms=TIMEOUT_MS,
    )
    gateway = Target(
        alias="gateway",
        method="tcp_connect",
        host=None,
        port=GATEWAY_PORT,
        tcp_port=None,
        interval_ms=min(FALLBACK_INTERVAL_MS, settings.report_seconds * 1000),
        timeout_ms=TIMEOUT_MS,
    )
    resolvers: tuple[Target, ...] = ()
    asked: tuple[Service, ...] = ()
    site: tuple[Target, ...] = ()
    reflector: ReflectorPlan | None = None
    if version >= 3:
        resolvers = resolvers_for(agent.role, services.district, settings)
        asked = services_for(agent.role, services.district)
        site = site_targets(
            agent, services.district, services.site_keys, interval_ms=district.interval_ms, timeout_ms=TIMEOUT_MS
        )
        reflector = reflector_plan(agent, services.district, services.site_keys)
        # In the same seconds as the district, so that both together say where a bad one lies.
        gateway = replace(gateway, method="icmp", tcp_port=GATEWAY_PORT, interval_ms=district.interval_ms)
    return AgentConfig(
        version=WIRE_VERSION,
        role=agent.role,
        period_ms=settings.report_seconds * 1000,
        push_interval_ms=settings.push_seconds * 1000,
        targets=(
            district,
            gateway,
            *site,
            *resolvers,
            *_anchors(agent, services, version, references),
        ),
        throughput=_throughput_plan(agent, services),
        services=asked,
        path=_path_plan(agent, services) if version >= 3 else None,
        ndt7=_ndt7_plan(agent, services) if version >= 3 else None,
        presence=presence_of(site),
        reflector=reflector,
    )


def _path_plan(agent: Agent, services: Services) -> PathPlan:
    """Trace the way that is judged."""
    district = services.district
    return PathPlan(
        interval_ms=PATH_INTERVAL_MS,
        targets=("district",),
        site_networks=next((one.networks for one in district.sites if one.site == agent.site), ()),
        district_networks=district.networks,
    )


def _ndt7_plan(agent: Agent, services: Services) -> Ndt7Plan | None:
    port = services.settings.reference_ndt7_port
    return Ndt7Plan(port=port) if port and agent.role == "reference" else None


def _throughput_plan(agent: Agent, services: Services) -> ThroughputPlan | None:
    if not services.settings.throughput:
        return None
    turns = services.leases.turns
    return ThroughputPlan(
        interval_ms=services.settings.throughput_every_seconds * 1000,
        capacity_interval_ms=CAPACITY_INTERVAL_MS if turns.by_schedule(agent) else None,
        capacity_request=turns.wanted(agent.agent),
    )


def _anchors(agent: Agent, services: Services, version: int, references: int) -> tuple[Target, ...]:
    """What one of so many reference agents measures to beyond the district. Not before all others have heard of it, so
    that their share of the packets is less."""
    settled = services.clock().timestamp() * 1000 >= agent.enrolled_ms + SETTLING_MS
    if version < 3 or not references or not settled:
        return ()
    return anchor_targets(
        services.district.anchors,
        packets_a_minute=services.district.anchor_packets_a_minute,
        references=references,
        fastest_ms=services.settings.probe_interval_ms,
        timeout_ms=TIMEOUT_MS,
    )
