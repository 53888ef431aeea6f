"""How the district's services answer now, from the newest request of each agent. Pure. No room is judged by it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.district.services import ListedService
from collector.store.protocol import Arrival
from wire.reports import LatencyReport
from wire.service_report import ServiceReport

SLACK = timedelta(minutes=5)
"""How late a report may come: a request, a push, and a machine that was busy."""

LEAST_PLACES = 2
LEAST_SHARE = 0.25
"""A service incident is a failure that so many rooms see, and so much of those that asked (our choice): one request
that went wrong in two of sixty rooms is none."""


RESOLVERS = ListedService(service="name-lookup", name="Looking up names", host="", kind="other")
"""What machines ask their own resolvers, as if it were a service of the list."""

RESOLVER = "resolver:"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSeen:
    """The newest request of a room to one service."""

    site: str
    room: str
    started_at: datetime
    report: ServiceReport

    @property
    def fails(self) -> bool:
        """Whether the service could not be used from there."""
        return self.report.failure is not None

    @property
    def total_us(self) -> int:
        """All phases that came to their end, in microseconds."""
        one = self.report
        return sum(us or 0 for us in (one.resolve_us, one.connect_us, one.proxy_us, one.tls_us, one.first_byte_us))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNow:
    """A service, and how each room sees it that has asked lately: by site and room, several agents by the newest."""

    service: ListedService
    seen: tuple[ServiceSeen, ...]

    def of_site(self, site: str) -> tuple[ServiceSeen, ...]:
        """What the rooms of `site` see."""
        return tuple(one for one in self.seen if one.site == site)

    def of_room(self, site: str, room: str) -> ServiceSeen | None:
        """What that room sees; ``None`` when it has not asked lately."""
        return next((one for one in self.seen if (one.site, one.room) == (site, room)), None)

    @property
    def incident(self) -> tuple[ServiceSeen, ...]:
        """Those that see it fail, where they are enough for an incident; else none. So many of one site are enough."""
        failing = tuple(one for one in self.seen if one.fails)
        if _enough(failing, self.seen):
            return failing
        of_sites = (
            one
            for site in sorted({one.site for one in failing})
            if _enough(mine := tuple(one for one in failing if one.site == site), self.of_site(site))
            for one in mine
        )
        return tuple(of_sites)


def look_back(services: Sequence[ListedService]) -> timedelta:
    """How old the newest request to any of `services` may be, and still say how that is now."""
    return max((_holds_for(one) for one in services), default=timedelta(0))


def services_now(
    services: Sequence[ListedService], arrivals: Iterable[Arrival], now: datetime
) -> tuple[ServiceNow, ...]:
    """Each of `services` as `arrivals`, the newest report of each agent and target, say that it is at `now`.

    A request that broke by our own fault says nothing, and neither does one that is older than two intervals.
    """
    newest: dict[tuple[str, str, str], ServiceSeen] = {}
    for one in arrivals:
        report = one.report
        if not isinstance(report, ServiceReport) or report.failure == "probe_broke":
            continue
        key = (report.target, one.site, one.room)
        if key not in newest or newest[key].started_at < one.started_at:
            newest[key] = ServiceSeen(site=one.site, room=one.room, started_at=one.started_at, report=report)
    return tuple(
        ServiceNow(
            service=service,
            seen=tuple(
                seen
                for (target, _, _), seen in sorted(newest.items())
                if target == service.target and now - seen.started_at <= _holds_for(service)
            ),
        )
        for service in services
    )


def resolvers_now(arrivals: Iterable[Arrival], now: datetime) -> ServiceNow | None:
    """How names are looked up at `now`, as `arrivals`, the newest latency report of each agent and target, say;
    ``None`` when nobody asked a resolver lately.

    A machine asks its first resolver first: where that does not answer in time each lookup waits, whatever the others
    do. Of a room's agents the newest request speaks. A resolver that is lost with the line of its site shows here as
    a service behind that line does.
    """
    first: dict[tuple[str, str, str], Arrival] = {}
    for one in arrivals:
        report = one.report
        if not isinstance(report, LatencyReport) or not report.target.startswith(RESOLVER) or not report.sent:
            continue
        if now - one.started_at > SLACK or report.failure == "probe_broke":
            continue
        key = (one.site, one.room, one.agent)
        if key not in first or _resolver(one) < _resolver(first[key]):
            first[key] = one
    newest: dict[tuple[str, str], Arrival] = {}
    for (site, room, _), one in sorted(first.items(), key=lambda item: (item[1].started_at, item[0])):
        newest[site, room] = one
    if not newest:
        return None
    seen = (
        ServiceSeen(site=site, room=room, started_at=one.started_at, report=_lookup(one))
        for (site, room), one in sorted(newest.items())
    )
    return ServiceNow(service=RESOLVERS, seen=tuple(seen))


def _resolver(one: Arrival) -> str:
    return one.report.target if isinstance(one.report, LatencyReport) else ""


def _lookup(one: Arrival) -> ServiceReport:
    """What a resolver's latency report says of looking up a name, in the words of a request to a service."""
    report = one.report
    assert isinstance(report, LatencyReport)
    return ServiceReport(
        seq=report.seq,
        boot_ms=report.boot_ms,
        duration_ms=report.duration_ms,
        target=RESOLVERS.target,
        method_version=report.method_version,
        via_proxy=False,
        resolve_us=report.min_us,
        connect_us=None,
        proxy_us=None,
        tls_us=None,
        first_byte_us=0 if report.received else None,
        status=None,
        certificate_days=None,
        failure=None if report.received else "no_answer",
        failed_in=None if report.received else "resolve",
    )


def _holds_for(service: ListedService) -> timedelta:
    return timedelta(seconds=2 * service.room_interval_s) + SLACK


def _enough(failing: Sequence[ServiceSeen], asked: Sequence[ServiceSeen]) -> bool:
    return len(failing) >= LEAST_PLACES and len(failing) >= LEAST_SHARE * len(asked)
