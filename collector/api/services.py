"""What the HTTP handlers work with, wired by `collector.serve`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from prometheus_client import CollectorRegistry

from collector.alerts.channels import Channels
from collector.alerts.watch import AlertWatch
from collector.brief.briefs import Briefs
from collector.checks.check_desk import CheckDesk
from collector.district.district import District
from collector.engine import Engine
from collector.evidence.evidence import Evidence
from collector.ingest.accounts import Accounts
from collector.ingest.group_commit import GroupCommit
from collector.ingest.ingest import Ingest
from collector.mail.post import Post
from collector.registry.registry import Registry
from collector.settings import Settings
from collector.throughput.lease_desk import LeaseDesk
from collector.throughput.proxy_check import ProxyCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The collector's parts. `http_port` and `reflector_port` are the ports that agents reach. `proxy_check` is there
    behind a proxy whose address we know. `reflecting` says whether latency tests are answered. `site_keys` are those of
    the sites that have a reflector."""

    settings: Settings
    district: District
    registry: Registry
    ingest: Ingest
    commits: GroupCommit
    accounts: Accounts
    engine: Engine
    briefs: Briefs
    post: Post
    evidence: Evidence
    leases: LeaseDesk
    checks: CheckDesk
    alerts: AlertWatch
    channels: Channels
    reflecting: Callable[[], bool]
    proxy_check: ProxyCheck | None
    metrics: CollectorRegistry
    clock: Callable[[], datetime]
    http_port: int
    reflector_port: int
    site_keys: Mapping[str, str]

    def stop_sending(self) -> None:
        """End what is being mailed, at once: a mail server may take minutes to answer."""
        self.post.stop()
        self.channels.stop()

    @property
    def trouble(self) -> tuple[str, str] | None:
        """The machine word and a sentence for what keeps answers from being up to date; ``None`` when nothing does."""
        if self.commits.trouble is not None:
            return "store_unavailable", f"the store did not take the last reports: {self.commits.trouble}"
        if self.engine.trouble is not None:
            return "not_judging", f"rooms were not judged in the last round: {self.engine.trouble}"
        return None

    @property
    def trouble_of_its_own(self) -> str | None:
        """What keeps the collector from knowing how rooms are, in a sentence; ``None`` when nothing does."""
        if self.trouble is not None:
            return self.trouble[1]
        return None if self.reflecting() else "its reflector does not answer, so that nobody can measure"


async def _services(request: Request) -> Services:  # async: a thread for it would cost more than it does
    services: Services = request.app.state.services
    return services


TheServices = Annotated[Services, Depends(_services)]
