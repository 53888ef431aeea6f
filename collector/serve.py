"""Run the collector: wire its parts by hand, own their tasks, stop them in order.

Stopping goes from the outside in: no new requests, then what waits is committed, then the store closes.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import uvicorn
from prometheus_client import CollectorRegistry, Gauge

from collector.alerts.watch import AlertWatch
from collector.alerts.wiring import channels_of, teller_of
from collector.api.app import create_app
from collector.api.bounded_http import bounded_http
from collector.api.services import Services
from collector.brief.briefs import Briefs
from collector.cannot_start import CannotStart
from collector.checks.check_desk import CheckDesk
from collector.district.district import District
from collector.engine import Engine
from collector.evidence.evidence import Evidence
from collector.grafana_names import name_for_grafana
from collector.ingest.accounts import Accounts
from collector.ingest.group_commit import GroupCommit
from collector.ingest.ingest import Ingest
from collector.liveness import Liveness
from collector.mail.mail_gauges import MailGauges
from collector.mail.wiring import corrections_of, post_of
from collector.ndt7 import capacity_plan, serve_ndt7
from collector.publish import Publisher
from collector.reflector import Reflector
from collector.reflector_watch import ReflectorWatch
from collector.registry.registry import Registry
from collector.rounds import judge_for_ever, mail_for_ever, retain_for_ever
from collector.settings import Settings
from collector.store.protocol import Store
from collector.systemd import attend, systemd_of
from collector.thread import in_thread
from collector.throughput.budget_gauges import BudgetGauges
from collector.throughput.budgets import Budgets
from collector.throughput.lease_desk import LeaseDesk
from collector.throughput.proxy_check import ProxyCheck
from collector.throughput.spending import spending

log = logging.getLogger(__name__)

MAX_CONNECTIONS = 2_000
STOP_SECONDS = 5


def utc_now() -> datetime:
    """The collector's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A collector that answers. `url` is where it does, on this machine, and `port` the port of that."""

    url: str
    port: int
    services: Services
    liveness: Liveness


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    district: District,
    store: Store,
    registry: Registry,
    *,
    clock: Callable[[], datetime] = utc_now,
    elapsed_ns: Callable[[], int] = time.monotonic_ns,
) -> AsyncIterator[Running]:
    """A running collector; leaving the context stops it and closes `store` and `registry`. `elapsed_ns` never steps.

    Raises `CannotStart` when an address is taken or a file of the certificate cannot be read.
    """
    metrics = CollectorRegistry()
    accounts = Accounts(metrics)
    commits = GroupCommit(store, accounts)
    listener = _listen(settings)
    try:
        reflector = Reflector(settings.reflector_host or settings.host, settings.reflector_port, metrics)
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"cannot open the reflector's UDP port {settings.reflector_port}: {error.strerror}; "
            "set reflector_port to a free one"
        ) from error
    port = listener.getsockname()[1]
    keep = timedelta(days=settings.keep_reports_days)
    budgets = Budgets(registry.byte_ledger, settings.budgets, time_zone=district.time_zone, clock=clock)
    leases = LeaseDesk(
        district=district,
        profiles=district.profiles,
        budgets=budgets,
        capacity=capacity_plan(settings, district),
        every_s=settings.throughput_every_seconds,
        off=settings.throughput_off,
        clock=clock,
        elapsed_ns=elapsed_ns,
        metrics=metrics,
    )
    engine = Engine(
        store=store,
        registry=registry,
        district=district,
        bin_seconds=settings.bin_seconds,
        settle_seconds=settings.settle_seconds,
        stale_seconds=settings.stale_seconds,
        clock=clock,
    )
    briefs = Briefs(
        store=store,
        weeks=engine.weeks,
        district=district,
        settings=settings,
        now=lambda: engine.now,
        clock=clock,
        outlooks=lambda week: tuple(engine.outlooks.of_week(week).values()),
        corrections=corrections_of(registry, store, district, settings),
    )
    services = Services(
        settings=settings,
        district=district,
        registry=registry,
        commits=commits,
        accounts=accounts,
        ingest=Ingest(registry=registry, commits=commits, accounts=accounts, now=clock, keep=keep),
        engine=engine,
        briefs=briefs,
        post=post_of(settings, district, registry, briefs, clock),
        evidence=Evidence(store=store, district=district, settings=settings, clock=clock),
        leases=leases,
        checks=CheckDesk(
            leases=leases,
            checks=registry.room_checks,
            district=district,
            profiles=district.profiles,
            clock=clock,
            metrics=metrics,
        ),
        alerts=AlertWatch(
            district=district,
            settings=settings.alerts,
            registry=registry,
            store=store,
            settle_seconds=settings.settle_seconds,
            clock=clock,
        ),
        channels=channels_of(settings, clock),
        reflecting=lambda: reflector.answering,
        proxy_check=_proxy_check(settings),
        metrics=metrics,
        clock=clock,
        http_port=settings.port_from_outside or port,
        reflector_port=reflector.port,
        site_keys=registry.site_keys.of(
            [one.site for one in district.sites if one.reflector is not None], now_ms=int(clock().timestamp() * 1000)
        ),
    )
    _gauges(metrics, services)
    metrics.register(BudgetGauges(lambda: spending(district, (), services.leases.budgets)))
    server = _server(settings, services)
    close_ndt7 = serve_ndt7(settings, leases, metrics, before=(reflector, listener))
    reflector.start()
    liveness = Liveness(reflecting=lambda: reflector.answering, now_s=lambda: elapsed_ns() / 1e9)

    scheme = "https" if settings.tls_certificate else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(ReflectorWatch(registry.reflector_off, reflector, clock=clock).run_for_ever()),
                tasks.create_task(commits.run()),
                tasks.create_task(judge_for_ever(services, _publisher(store, services), liveness.came_round)),
                tasks.create_task(retain_for_ever(settings, store, registry, clock)),
                tasks.create_task(teller_of(services).run_for_ever()),
                tasks.create_task(mail_for_ever(services)),
            ]
            if services.proxy_check is not None:
                background.append(tasks.create_task(services.proxy_check.run_for_ever(services.leases.turn)))
            elif settings.throughput and services.leases.off is not None:
                log.warning("%s", services.leases.off)
            serving = tasks.create_task(server.serve(sockets=[listener]))
            try:
                await server.answers.wait()
                yield Running(url=f"{scheme}://{host}:{port}", port=port, services=services, liveness=liveness)
            finally:
                server.should_exit = True
                services.leases.close()
                services.stop_sending()
                await in_thread(close_ndt7)
                await serving
                for task in background:
                    task.cancel()
    finally:
        reflector.close()
        listener.close()
        store.close()
        registry.close()


async def serve(settings: Settings, district: District, store: Store, registry: Registry) -> None:
    """Run a collector until it is asked to stop (SIGINT, SIGTERM)."""
    async with running(settings, district, store, registry) as collector:
        log.info(
            "collector started scheme=%s port=%d reflector_port=%d rooms=%d",
            collector.url.split(":", maxsplit=1)[0],
            collector.port,
            collector.services.reflector_port,
            len(district.rooms),
        )
        _warn_of_strays(district, registry)
        await attend(
            systemd_of(os.environ, os.getpid()),
            stuck=collector.liveness.stuck,
            stop=asked_to_stop(),
            sleep=asyncio.sleep,
        )
    log.info("collector stopped")


def _warn_of_strays(district: District, registry: Registry) -> None:
    """Say which enrolled rooms the district no longer names: their data is kept, but not shown."""
    rooms = {(one.site, one.room) for one in registry.agents() if one.revoked_ms is None}
    strays = sorted(f"{site}/{room}" for site, room in rooms if not district.has_room(site, room))
    if strays:
        log.warning(
            "agents report for rooms that rooms.csv does not name, add these or move the agents (bandroom enrol move) "
            "rooms=%s",
            ",".join(strays[:20]),
        )


async def asked_to_stop() -> None:
    """Wait for SIGINT or SIGTERM; a second one ends the process at once."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(asked.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, on_signal)
    await asked.wait()


def _proxy_check(settings: Settings) -> ProxyCheck | None:
    if not settings.throughput or not settings.behind_proxy or settings.public_url is None:
        return None
    return ProxyCheck(settings.public_url, every_s=settings.proxy_check_seconds)


class _Server(uvicorn.Server):
    """Uvicorn, but signals are ours: its own handling would end the process before the store is closed."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self.answers.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


def _publisher(store: Store, services: Services) -> Publisher | None:
    """What tells Grafana of what is now; ``None`` where the store is one that Grafana cannot read."""
    if services.settings.store != "influx":
        return None
    return Publisher(
        name_for_grafana(store, services.district),
        services.registry,
        services.accounts,
        judged_bins=lambda: services.engine.judged_bins,
        district=services.district,
    )


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server(
            (settings.host, settings.port),
            family=family,
            backlog=1024,
            dualstack_ipv6=settings.host == "::" and socket.has_dualstack_ipv6(),
        )
        # Connections inherit it; without it each answer on a connection that is kept waits 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        # create_server appends the address, which stands here already.
        reason = str(error.strerror).partition(" (while")[0]
        raise CannotStart(
            f"cannot listen on {settings.host} port {settings.port}: {reason}; set port to a free one"
        ) from error


def _server(settings: Settings, services: Services) -> _Server:
    config = uvicorn.Config(
        create_app(services),
        http=bounded_http(services.accounts.cut_off),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="off",
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=STOP_SECONDS,
        proxy_headers=False,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )
    try:
        config.load()
    except OSError as error:
        raise CannotStart(f"cannot read tls_certificate or tls_key: {error.strerror or error}") from error
    return _Server(config)


def _gauges(metrics: CollectorRegistry, services: Services) -> None:
    metrics.register(MailGauges(services.registry.mailings))

    def bins() -> float:
        return services.engine.judged_bins

    def rooms_in(state: str) -> Callable[[], float]:
        def count() -> float:
            district = services.engine.now
            return sum(one.state.state == state for one in district.rooms()) if district else 0

        return count

    Gauge("bandroom_bins_judged", "Bins judged since the start", registry=metrics).set_function(bins)
    Gauge(
        "bandroom_uplinks_counted", "Uplinks of which octets were counted in the last minutes", registry=metrics
    ).set_function(lambda: services.engine.uplinks.counted_lately(services.clock()))
    by_state = Gauge("bandroom_rooms", "Rooms by their state now", ["state"], registry=metrics)
    for state in ("bad", "degraded", "ok", "unknown", "no_lesson"):
        by_state.labels(state=state).set_function(rooms_in(state))
