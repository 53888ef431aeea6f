"""How fast reports go into an InfluxDB, beside the same lines posted to the same server by nobody's store."""

import http.client
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from collector.registry.registry import Registry
from collector.store import influx_rows
from collector.store.influx_connection import InfluxAccess
from collector.store.influx_store import LINES_A_WRITE, InfluxStore
from collector.store.protocol import Arrival
from tests.bench.clients import run_clients
from tests.bench.figure import Figure, Part, ratio
from tests.bench.ingest import BATCH, CLIENTS, ready_requests
from tests.bench.reports import TYPICAL_US, latency_report
from tests.bench.served import prepare, served
from tests.influx import Influx, InfluxServer

AIM = 0.5
GROUPS = 20
AGENTS = 100
SECONDS = 10.0


@dataclass(slots=True)
class _Clock:
    """Reports written, and the time and CPU time that it took."""

    reports: int = 0
    elapsed_s: float = 0.0
    cpu_s: float = 0.0

    def time(self, work: "Iterator[int]") -> None:
        """Add what `work` writes."""
        began, cpu = time.perf_counter(), time.process_time()
        self.reports += sum(work)
        self.elapsed_s += time.perf_counter() - began
        self.cpu_s += time.process_time() - cpu

    @property
    def rate(self) -> float:
        return self.reports / self.elapsed_s


def measure(seconds: float = SECONDS) -> Part:
    """Write the same reports through the store and raw, turn by turn, then drive a collector for `seconds`."""
    with tempfile.TemporaryDirectory(prefix="bandroom-bench-") as name:
        folder = Path(name)
        server = InfluxServer(folder / "influx").start()
        try:
            ours, raw = _store_beside_raw(folder, server)
            end_to_end = _end_to_end(folder / "collector", server, seconds)
        finally:
            server.close()
    return Part(
        title=f"Ingest on InfluxDB 1.6.7: writes of {LINES_A_WRITE:,} lines, confirmed before the answer",
        command=f"python -m tests.bench influx --seconds {seconds:g}",
        figures=[
            Figure(
                name="reports a second, store layer",
                value=f"{ours.rate:,.0f}",
                aim=f">= {AIM} x",
                reference=f"{raw.rate:,.0f}",
                ratio=ratio(ours.rate, raw.rate),
                against="the same lines, ready in memory, posted to the same server",
            ),
            Figure(
                name="CPU a report, store layer",
                value=f"{ours.cpu_s / ours.reports * 1e6:.1f} us",
                reference=f"{raw.cpu_s / raw.reports * 1e6:.1f} us",
                against="the same",
            ),
            Figure(
                name="reports a second, over HTTP",
                value=f"{end_to_end:,.0f}",
                reference=f"{raw.rate:,.0f}",
                ratio=ratio(end_to_end, raw.rate),
                against="the same",
            ),
        ],
        notes=[
            "store layer: InfluxStore.write_reports, with its ledger in SQLite; turn by turn with the reference",
            f"over HTTP: bandroom serve, {CLIENTS} clients, batches of {BATCH}, a connection a batch",
            "InfluxDB, nginx in front of it, collector and clients share this machine's cores",
        ],
    )


def _store_beside_raw(folder: Path, server: InfluxServer) -> tuple[_Clock, _Clock]:
    stores, raws = (Influx(url=server.url, token="none", org="none", prefix=name) for name in ("store", "raw"))
    for one in (stores, raws):
        one.make_databases()
    registry = Registry.open_registry(f"sqlite:///{folder / 'registry.sqlite'}")
    store = InfluxStore.open_store(_access(stores), registry)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    path = "/api/v2/write?" + urlencode({"org": raws.org, "bucket": raws.database("reports"), "precision": "ns"})

    def through_the_store(group: Sequence[Arrival]) -> Iterator[int]:
        yield sum(store.write_reports(group).new)

    def posted(group: Sequence[Arrival], body: bytes) -> Iterator[int]:
        connection.request("POST", path, body)
        answer = connection.getresponse()
        if answer.status != 204:
            raise SystemExit(f"the reference was answered {answer.status} {answer.read().decode()}")
        answer.read()
        yield len(group)

    ours, raw = _Clock(), _Clock()
    for number, group in enumerate(_groups()):
        now_us = influx_rows.ns(datetime.now(UTC)) // 1000
        lines = [influx_rows.report_line(one, now_us) for one in group] + influx_rows.arrival_lines(group, now_us)
        body = "\n".join(lines).encode()
        counted = (ours, raw) if number else (_Clock(), _Clock())  # the first makes shards and series
        counted[0].time(through_the_store(group))
        counted[1].time(posted(group, body))
    expected = LINES_A_WRITE * (GROUPS + 1)
    found = raws.rows("reports", "SELECT count(seq) FROM latency")[0]["count"]
    if not store.count_reports() == found == expected:
        raise SystemExit(f"{expected} written, but {store.count_reports()} and {found} found")
    connection.close()
    store.close()
    registry.close()
    return ours, raw


def _groups() -> Iterator[list[Arrival]]:
    """Commits of a district that catches up: `AGENTS` rooms, minute after minute to three targets."""
    chance = random.Random(1)
    samples = {
        target: [latency_report(target, seq=1, boot_ms=0, chance=chance) for _ in range(100)] for target in TYPICAL_US
    }
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
    minutes = LINES_A_WRITE // AGENTS // len(TYPICAL_US) + 1
    for group in range(GROUPS + 1):
        arrivals = [
            Arrival(
                agent=f"{agent:016x}",
                site="oak-hill",
                room=f"r{agent}",
                boot=f"{agent:016x}",
                started_at=began + timedelta(minutes=group * minutes + minute, milliseconds=7 * agent),
                repaired=False,
                report=replace(
                    chance.choice(samples[target]),
                    seq=1 + (group * minutes + minute) * len(TYPICAL_US) + at,
                    boot_ms=(group * minutes + minute) * 60_000,
                ),
            )
            for agent in range(AGENTS)
            for minute in range(minutes)
            for at, target in enumerate(TYPICAL_US)
        ]
        yield arrivals[:LINES_A_WRITE]


def _end_to_end(folder: Path, server: InfluxServer, seconds: float) -> float:
    """Reports a second that a collector over this InfluxDB acknowledges as stored."""
    there = Influx(url=server.url, token="none", org="none", prefix="served")
    there.make_databases()
    folder.mkdir()
    settings = f'store = "influx"\ninflux_url = "{there.url}"\ninflux_prefix = "{there.prefix}"\n'
    requests = ready_requests(prepare(folder, CLIENTS, settings), seconds)
    with served(folder) as collector:
        began = time.monotonic()
        answered = run_clients(collector.port, requests, seconds=seconds)
        span = max(one.answered_at for one in answered) - began
        stored = collector.counters()["bandroom_reports_stored_total"]
    if stored != len(answered) * BATCH:
        raise SystemExit(f"{len(answered) * BATCH} acknowledged, but {stored:g} stored")
    return len(answered) * BATCH / span


def _access(influx: Influx) -> InfluxAccess:
    return InfluxAccess(url=influx.url, token=influx.token, org=influx.org, prefix=influx.prefix)
