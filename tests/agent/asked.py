"""What one request to a service learns."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.clock import Clock
from agent.fold import Draft
from agent.service import ServiceProbe
from tests.agent.fakes import MovedClock
from wire.enrolment import Service
from wire.service_report import ServiceReport


def asked(port: int, **options: Any) -> ServiceReport:
    """What one request to `port` learns; see `asked_together`."""
    return asked_together(port, **options)[0]


def asked_together(
    *ports: int,
    trusting: Path | None,
    host: str = "localhost",
    path: str = "/",
    through: int | str | None = None,
    timeout_ms: int = 10_000,
    clock: Clock | None = None,
) -> list[ServiceReport]:
    """What one request to each of `ports` learns, with `trusting` for an authority and the proxy `through`, by its port
    or URL."""
    url = f"http://127.0.0.1:{through}" if isinstance(through, int) else through
    probe = ServiceProbe(ca_file=str(trusting) if trusting else None, proxy=url, clock=clock or MovedClock().clock())

    def service(port: int) -> Service:
        return Service(alias="service:lms", host=host, port=port, path=path, interval_ms=60_000, timeout_ms=timeout_ms)

    async def work() -> list[Draft]:
        return await asyncio.gather(*(probe.ask(service(port)) for port in ports))

    reports = [draft(seq=1) for draft in asyncio.run(work())]
    return [report for report in reports if isinstance(report, ServiceReport)]


def phases(report: ServiceReport) -> Mapping[str, int | None]:
    names = ("resolve", "connect", "proxy", "tls", "first_byte")
    return {name: getattr(report, f"{name}_us") for name in names}


def reached(report: ServiceReport) -> list[str]:
    """The phases that came to their end."""
    return [name for name, us in phases(report).items() if us is not None]
