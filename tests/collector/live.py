"""A real collector in a thread of the test: real sockets on port 0, a clock that the test moves."""

import asyncio
import gzip
import hashlib
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import monotonic_ns
from typing import Any
from zoneinfo import ZoneInfo

from collector.api.services import Services
from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.district.rooms_csv import Room
from collector.district.services import ListedService
from collector.liveness import Liveness
from collector.open_parts import open_parts
from collector.registry.agent import Agent
from collector.registry.registry import Registry
from collector.serve import running
from collector.settings import Settings
from collector.store.protocol import Store
from wire.batch import Batch, BootClock
from wire.codec import encode
from wire.enrolment import EnrolmentRequest

MONDAY_10 = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
TOKEN = "t" * 43


class MovableClock:
    """A wall clock that stands still until it is moved."""

    def __init__(self, now: datetime = MONDAY_10) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """The time."""
        return self._now

    def move(self, by: timedelta) -> None:
        """Move on, or back."""
        self._now += by


class MovableTimer:
    """Elapsed time that runs as ever, and can be moved on besides."""

    def __init__(self) -> None:
        self._moved_ns = 0

    def __call__(self) -> int:
        """Nanoseconds from no moment in particular."""
        return monotonic_ns() + self._moved_ns

    def move(self, seconds: float) -> None:
        """Move on."""
        self._moved_ns += round(seconds * 1e9)


def a_district() -> District:
    """Two rooms of one school, lessons around the clock on week days."""
    hours = tuple(LessonTime(start=time(hour), end=time((hour + 1) % 24)) for hour in range(24))
    return District(
        name="Maple Valley",
        calendar=Calendar(time_zone=ZoneInfo("UTC"), lessons_by_weekday=dict.fromkeys(range(7), hours)),
        sites=(Site(site="oak-hill", name="Oak Hill"),),
        rooms=(Room(site="oak-hill", room="204", seats=28), Room(site="oak-hill", room="205")),
        services=(ListedService(service="lms", name="Canvas", host="lms.invalid", kind="lms"),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An HTTP answer, its body as JSON where it is."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A running collector, its parts, and an agent's token for room 204."""

    host: str
    port: int
    services: Services
    liveness: Liveness
    store: Store
    clock: MovableClock
    timer: MovableTimer
    agent: str

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answered:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            text = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return Answered(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.getheaders()},
                body=json.loads(text) if is_json and text else text.decode(),
            )
        finally:
            connection.close()

    def post(self, body: bytes, *, token: str = TOKEN, zipped: bool = True) -> Answered:
        """Hand over a batch's bytes."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if zipped:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body)
        return self.ask("POST", "/v1/reports", body, headers)

    def report(self, *reports: Any, boot: str = "b" * 16, clock: BootClock | None = None) -> Answered:
        """Hand over `reports` in a batch sent at the collector's own time, an hour after the boot."""
        return self.post(encode(a_batch(*reports, boot=boot, clock=clock or self.good_clock())))

    def good_clock(self, boot_ms: int = 3_600_000) -> BootClock:
        """A boot clock whose wall clock agrees with the collector's."""
        wall_ms = int(self.clock().timestamp() * 1000)
        return BootClock(boot_ms=boot_ms, wall_ms=wall_ms, synchronised=True, live=True)

    def metric(self, name: str) -> float:
        """The sum of a counter over its labels."""
        return sum(value for key, value in self.metrics().items() if key.split("{")[0] == name)

    def metrics(self) -> dict[str, float]:
        """The value of each counter and gauge by its name and labels."""
        lines = self.ask("GET", "/metrics").body.splitlines()
        return {
            name: float(value) for name, _, value in (one.rpartition(" ") for one in lines if not one.startswith("#"))
        }


def a_batch(*reports: Any, boot: str = "b" * 16, clock: BootClock) -> Batch:
    """A batch of `reports`."""
    return Batch(version=1, batch="c" * 16, boot=boot, clock=clock, reports=tuple(reports))


@contextmanager
def live_collector(
    folder: Path,
    *,
    opened: Store | None = None,
    clock: MovableClock | None = None,
    district: District | None = None,
    **settings: Any,
) -> Iterator[Live]:
    """Run a collector over `folder`, or over a store of the test's own that is `opened`, with one agent enrolled.

    Given the `folder` and `clock` of an earlier one it is that collector, started again.
    """
    usual = {"port": 0, "reflector_port": 0, "ndt7_port": 0, "data": folder / "data", "throughput_every_seconds": 10}
    read = Settings.model_validate(usual | settings)
    by_settings, registry = open_parts(read)
    if opened is not None:
        by_settings.close()
    used = opened or by_settings
    clock = clock or MovableClock()
    timer = MovableTimer()
    agent = next(iter(registry.agents()), None) or enrolled(registry, clock)
    ready: list[Any] = []
    started, stop = threading.Event(), threading.Event()

    async def run() -> None:
        async with running(read, district or a_district(), used, registry, clock=clock, elapsed_ns=timer) as collector:
            ready.append(collector)
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert started.wait(30), "the collector did not start"
        services: Services = ready[0].services
        host, port = ready[0].url.partition("://")[2].rsplit(":", 1)
        yield Live(
            host=host,
            port=int(port),
            services=services,
            liveness=ready[0].liveness,
            store=used,
            clock=clock,
            timer=timer,
            agent=agent.agent,
        )
    finally:
        stop.set()
        thread.join(30)


def enrolled(registry: Registry, clock: MovableClock) -> Agent:
    """An agent in room 204 whose token is `TOKEN`."""
    now_ms = int(clock().timestamp() * 1000)
    code = registry.make_code(site="oak-hill", room="204", role="room", uses=1, expires_ms=now_ms + 1000)
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    return registry.enrol(EnrolmentRequest(version=1, code=code, token_sha256=digest), now_ms=now_ms)
