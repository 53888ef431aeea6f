"""What the settings say of capacity tests: who makes them, and who may test against our own server."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry

from collector.cannot_start import CannotStart
from collector.district.district import District
from collector.settings import Settings
from collector.throughput.lease_desk import LeaseDesk
from collector.throughput.leases import Server
from collector.throughput.ndt7_access import Anybody, Ndt7Access
from collector.throughput.ndt7_server import Ndt7Server
from collector.throughput.wishes import CapacityPlan
from wire.enrolment import Role

_ROLES: dict[str, frozenset[Role]] = {
    "asked": frozenset(),
    "references": frozenset({"reference"}),
    "all": frozenset({"room", "reference", "edge"}),
}


def capacity_plan(settings: Settings, district: District) -> CapacityPlan | None:
    """Whom we lease capacity tests to; ``None`` where there are none."""
    if settings.capacity == "off" or settings.ndt7_port == 0:
        return None
    return CapacityPlan(
        server=Server(host=settings.public_host, port=settings.ndt7_port, tls=settings.tls_certificate is not None),
        in_sites={
            one.site: Server(host=one.reflector, port=settings.reference_ndt7_port)
            for one in district.sites
            if one.reflector is not None and settings.reference_ndt7_port
        },
        most_bytes=settings.capacity_bytes,
        by_schedule=_ROLES[settings.capacity],
    )


class Opened(Protocol):
    """What was opened before and is closed where this cannot be."""

    def close(self) -> None:
        """Close it."""


def serve_ndt7(
    settings: Settings, leases: LeaseDesk, metrics: CollectorRegistry, *, before: Sequence[Opened]
) -> Callable[[], None]:
    """Serve ndt7 from now on, where anybody may test against it; what ends that. When its port is taken it closes what
    was opened `before`, and raises `CannotStart`."""
    if settings.ndt7_port == 0 or (settings.capacity == "off" and not settings.ndt7_open):
        return lambda: None
    anybody = Anybody(settings.ndt7_open_bytes_a_day, leases.budgets.today) if settings.ndt7_open else None
    access = Ndt7Access(leases, asyncio.get_running_loop(), anybody=anybody)
    certificate = None
    if settings.tls_certificate is not None and settings.tls_key is not None:
        certificate = (settings.tls_certificate, settings.tls_key)
    try:
        server = Ndt7Server(
            settings.reflector_host or settings.host,
            settings.ndt7_port,
            access.allow,
            certificate=certificate,
            metrics=metrics,
        )
    except OSError as error:
        for one in before:
            one.close()
        reason = str(error.strerror).partition(" (while")[0]
        raise CannotStart(
            f"cannot open the ndt7 server's TCP port {settings.ndt7_port}: {reason}; "
            "set ndt7_port to a free one, or to 0 for no capacity tests"
        ) from error
    server.start()
    return server.close
