"""How many reports a second one core takes, durable before the answer."""

import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from statistics import quantiles

import psutil

from tests.bench.clients import Answered, Request, run_clients
from tests.bench.cores import MEASURED, pin, step_aside
from tests.bench.figure import Figure, Part, ratio
from tests.bench.reports import TYPICAL_US, latency_report
from tests.bench.served import prepare, served
from wire.version import WIRE_VERSION

CLIENTS = 20
BATCH = 60
MINUTES = BATCH // len(TYPICAL_US)
AIM = 20_000
SECONDS = 10.0
WARM_UP_SECONDS = 1.0
MOST_PER_SECOND = 45_000
"""So many reports a second lie ready; a faster collector ends the run early."""

REFERENCE_SECONDS = 5.0


def measure(seconds: float = SECONDS) -> Part:
    """Drive a collector for `seconds` and DuckDB alone with the same rows afterwards."""
    with tempfile.TemporaryDirectory(prefix="bandroom-bench-") as name:
        folder = Path(name)
        requests = ready_requests(prepare(folder, CLIENTS), seconds + WARM_UP_SECONDS)
        step_aside()
        with served(folder) as collector:
            process = psutil.Process(collector.process.pid)
            cpu_before, own_before, began = _cpu(process), time.process_time(), time.monotonic()
            answered = run_clients(collector.port, requests, seconds=seconds + WARM_UP_SECONDS)
            cpu, own, took = _cpu(process) - cpu_before, time.process_time() - own_before, time.monotonic() - began
            counters = collector.counters()
            rss = process.memory_info().rss
        grouped, single = (_bare(folder, rows) for rows in (0, BATCH))
    _check(counters, answered)
    stored = len(answered) * BATCH
    counted = [one for one in answered if one.began_at >= began + WARM_UP_SECONDS]
    span = max(one.answered_at for one in counted) - (began + WARM_UP_SECONDS)
    rate = len(counted) * BATCH / span
    cuts = quantiles([one.answered_at - one.began_at for one in counted], n=100)
    bare, bare_single = grouped["rows_per_second"], single["rows_per_second"]
    return Part(
        title=f"Ingest on DuckDB: one core, {CLIENTS} clients, batches of {BATCH}, durable before the answer",
        command=f"python -m tests.bench ingest --seconds {seconds:g}",
        figures=[
            Figure(
                name="reports a second",
                value=f"{rate:,.0f}",
                aim=f">= {AIM:,}",
                reference=f"{bare:,.0f}",
                ratio=ratio(rate, bare),
                against="bare DuckDB insert of the same rows in the same groups",
            ),
            Figure(
                name="",
                value="",
                reference=f"{bare_single:,.0f}",
                ratio=ratio(rate, bare_single),
                against=f"bare DuckDB insert of the same rows, {BATCH} a commit",
            ),
            Figure(name="answer, p50", value=f"{cuts[49] * 1000:.1f} ms"),
            Figure(name="answer, p95", value=f"{cuts[94] * 1000:.1f} ms"),
            Figure(
                name="reports a commit",
                value=f"{stored / counters['bandroom_commits_total']:,.0f}",
                reference=f"{grouped['rows_per_commit']:,.0f}",
                against="bare insert",
            ),
            Figure(
                name="CPU a report",
                value=f"{cpu / stored * 1e6:.1f} us",
                reference=f"{1e6 / bare:.1f} us",
                ratio=ratio(cpu / stored * 1e6, 1e6 / bare),
                against="bare insert, elapsed",
            ),
            Figure(name="collector's memory", value=f"{rss / 2**20:.0f} MiB"),
        ],
        notes=[
            f"collector: bandroom serve on core {MEASURED} with all its threads, busy {cpu / took:.0%} of it",
            f"clients: one process on the other cores, busy {own / took:.0%}; a connection a batch, as agents do",
            f"{stored:,} reports in {took:.1f} s, all acknowledged as stored and found so on /metrics",
            f"the first {WARM_UP_SECONDS:g} s are not counted; no lesson is on, so nothing is judged meanwhile",
            "bare insert: columns ready in memory, one INSERT and one commit a group, on the same core",
        ],
    )


def ready_requests(tokens: Sequence[str], seconds: float) -> list[list[Request]]:
    """For each agent the batches that it may need in that time."""
    batches = int(MOST_PER_SECOND * seconds / BATCH / len(tokens)) + 1
    with ProcessPoolExecutor() as pool:
        return list(pool.map(_requests_of, range(len(tokens)), tokens, [batches] * len(tokens)))


def _requests_of(number: int, token: str, batches: int) -> list[Request]:
    """One agent's batches of a boot that is over, `MINUTES` minutes each, as whole requests."""
    chance = random.Random(number)
    samples = {
        target: [asdict(latency_report(target, seq=1, boot_ms=0, chance=chance)) for _ in range(100)]
        for target in TYPICAL_US
    }
    clock = {
        "boot_ms": batches * MINUTES * 60_000,
        "wall_ms": int(time.time() * 1000),
        "synchronised": True,
        "live": False,
    }
    requests = []
    for batch in range(batches):
        reports = [
            chance.choice(samples[target]) | {"boot_ms": (batch * MINUTES + minute) * 60_000}
            for minute in range(MINUTES)
            for target in TYPICAL_US
        ]
        for at, report in enumerate(reports):
            report["seq"] = batch * BATCH + at + 1
        body = {
            "version": WIRE_VERSION,
            "batch": f"{chance.getrandbits(64):016x}",
            "boot": f"{number:016x}",
            "clock": clock,
            "reports": reports,
        }
        packed = gzip.compress(json.dumps(body, separators=(",", ":")).encode(), mtime=0)
        head = (
            "POST /v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bandroom-agent/0\r\nConnection: close\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
            f"Content-Length: {len(packed)}\r\n\r\n"
        )
        requests.append(Request(data=head.encode() + packed, reports=BATCH))
    return requests


def _check(counters: dict[str, float], answered: Sequence[Answered]) -> None:
    """Every report that was acknowledged is stored, and the accounts add up."""
    received, stored = counters["bandroom_reports_received_total"], counters["bandroom_reports_stored_total"]
    if not received == stored == len(answered) * BATCH:
        raise SystemExit(f"{len(answered) * BATCH} acknowledged, but {received:g} received and {stored:g} stored")


def _bare(folder: Path, rows: int) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.bare_insert", str(folder / "data" / "bandroom.duckdb")]
    command += [str(folder / f"bare-{rows}.duckdb"), "--rows", str(rows), "--seconds", str(REFERENCE_SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=pin(MEASURED))
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
