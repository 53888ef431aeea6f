"""Sufficiency tests on shaped lines: a hundred below and a hundred above the need, and what one costs."""

import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.bench.figure import Figure, Part
from tests.end_to_end.lines_under_test import LineUnderTest, lines_under_test
from tests.end_to_end.school import Link, Room, Shape
from tests.end_to_end.waiting import eventually

NEED_BPS = {"down": 1_000_000, "up": 500_000}
LINES_OF_A_KIND = 6
PATIENCE_S = 1_500.0
WIDE = Link(down=Shape(bps=100_000_000, queue_ms=50), up=Shape(bps=100_000_000, queue_ms=50))
NDT7_S = 10


def measure(tests: int = 100) -> Part:
    """Both subjects, one after the other. Needs root, ip, tc and iperf3."""
    return Part(
        title="sufficiency test for a video lesson",
        command="python -m tests.bench throughput",
        figures=[*_verdicts(tests), *_cost()],
        notes=[
            "real agents and collectors, one collector a line; lines shaped by tbf with a queue of 400 ms",
            "bytes as the room's network card counts them, headers and all, on a line of 100 Mbit/s",
            f"the reference is one TCP stream by iperf3 for {NDT7_S} s each way, as in an ndt7 test",
        ],
    )


def _verdicts(tests: int) -> list[Figure]:
    kinds = {"below": 0.8, "above": 1.3}
    links = {
        f"{kind}-{number}": Link(
            down=Shape(bps=int(share * NEED_BPS["down"])), up=Shape(bps=int(share * NEED_BPS["up"]))
        )
        for kind, share in kinds.items()
        for number in range(LINES_OF_A_KIND)
    }
    with (
        tempfile.TemporaryDirectory(prefix="bandroom-bench-") as folder,
        lines_under_test(links, Path(folder)) as lines,
    ):

        def count(kind: str) -> int:
            return sum(len(line.tests("up")) for name, line in lines.items() if name.startswith(kind))

        eventually(
            f"{tests} tests of each kind", lambda: all(count(kind) >= tests for kind in kinds), within_s=PATIENCE_S
        )
        found = {
            (kind, direction): Counter(
                one["sustained"]
                for name, line in lines.items()
                if name.startswith(kind)
                for one in line.tests(direction)
            )
            for kind in kinds
            for direction in NEED_BPS
        }
    right = {"below": False, "above": True}
    return [
        Figure(
            name=f"line at {kinds[kind]} of the need, {direction}: {'passes' if right[kind] else 'fails'}",
            value=f"{verdicts[right[kind]]} of {verdicts.total()}",
            aim="all",
            reference=f"{verdicts[None]} could not tell" if verdicts[None] else "",
        )
        for (kind, direction), verdicts in found.items()
    ]


def _cost() -> list[Figure]:
    with (
        tempfile.TemporaryDirectory(prefix="bandroom-bench-") as folder,
        lines_under_test({"wide": WIDE}, Path(folder), probe_interval_ms=1000, throughput_every_seconds=30) as lines,
    ):
        line = lines["wide"]
        ours = _bytes_of_a_test(line)
        line.agent.stop()
        reference = _bytes_while(line.room, lambda: _ndt7_like(line))
    return [
        Figure(
            name="bytes of a test, both directions, line of 100 Mbit/s",
            value=f"{ours:,}",
            aim="1/50",
            reference=f"{reference:,}",
            ratio=f"1/{reference / ours:.0f}",
            against=f"one TCP stream, {NDT7_S} s each way",
        )
    ]


def _bytes_of_a_test(line: LineUnderTest) -> int:
    """What the line carries from just before a lease is given until both streams have ended."""
    before = _carried(line.room)

    def metric(name: str) -> float:
        return sum(value for key, value in line.metrics().items() if key.startswith(name))

    def begun() -> bool:
        nonlocal before
        now = _carried(line.room)
        if metric("bandroom_leases_total") > 0:
            return True
        before = now
        return False

    eventually("a test begins", begun, within_s=PATIENCE_S)
    eventually("both streams end", lambda: metric("bandroom_throughput_streams_total") >= 2, within_s=PATIENCE_S)
    time.sleep(1.0)
    return _carried(line.room) - before


def _bytes_while(room: Room, work: Callable[[], None]) -> int:
    before = _carried(room)
    work()
    return _carried(room) - before


def _carried(room: Room) -> int:
    (link,) = json.loads(room.namespace.run("ip", "-json", "-statistics", "link", "show", "dev", "uplink"))
    return int(link["stats64"]["rx"]["bytes"]) + int(link["stats64"]["tx"]["bytes"])


def _ndt7_like(line: LineUnderTest) -> None:
    server = subprocess.Popen(
        [*line.school.district.command(), "iperf3", "--server", "--bind", line.school.address],
        stdout=subprocess.DEVNULL,
    )
    try:
        time.sleep(1.0)
        for direction in (["--reverse"], []):
            line.room.namespace.run("iperf3", "--client", line.school.address, "--time", str(NDT7_S), *direction)
    finally:
        server.kill()
        server.wait()
