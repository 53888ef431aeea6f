"""Puts the parts of alerting together, as the settings say."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import Gauge

from collector.alerts.channels import Channels
from collector.alerts.finding import GRAVEST_FIRST, Severity
from collector.alerts.incident import Incident
from collector.alerts.teller import Teller
from collector.alerts.words import Names
from collector.board.addresses import room_path, site_path
from collector.settings import Settings

if TYPE_CHECKING:
    from collector.api.services import Services


def channels_of(settings: Settings, clock: Callable[[], datetime]) -> Channels:
    """The channels that the settings name."""
    alerts = settings.alerts
    return Channels(alerts.channels, mail=settings.mail, deadline_s=alerts.deadline_seconds, clock=clock)


def teller_of(services: "Services") -> Teller:
    """What tells them."""

    def names() -> Names | None:
        now = services.engine.now
        return None if now is None else Names.of(now)

    open_now = Gauge("bandroom_incidents", "Incidents that last", ["severity"], registry=services.metrics)
    for severity in GRAVEST_FIRST:
        open_now.labels(severity=severity).set_function(partial(_open_of, services, severity))
    return Teller(
        registry=services.registry,
        settings=services.settings.alerts,
        channels=services.channels,
        names=names,
        board=lambda one: board_link(one, services.settings.public_url),
        clock=services.clock,
        metrics=services.metrics,
    )


def _open_of(services: "Services", severity: Severity) -> float:
    return sum(one.severity == severity for one in services.alerts.open)


def board_link(one: Incident, public_url: str | None) -> str | None:
    """Where the board shows what an incident is about; ``None`` where nobody can reach it from outside."""
    if public_url is None:
        return None
    if len(one.rooms) == 1:
        path = room_path(*one.rooms[0])
    elif len(one.sites) == 1:
        path = site_path(one.sites[0])
    else:
        path = "/"
    return public_url.rstrip("/") + path
