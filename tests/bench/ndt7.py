"""Capacity tests beside iperf3 on the same line in the same minutes, one after the other in turn: how much an unshaped
line gives either, and whether both find the rate of a shaped one."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median

from tests.bench.figure import Figure, Part, ratio
from tests.end_to_end.namespace import Namespace, namespace
from wire.report_words import Direction

SERVER, CLIENT = "10.84.0.1", "10.84.0.2"
NDT7_PORT, IPERF3_PORT = 8630, 5201
ROUNDS = 3
SHAPED_BPS = (5_000_000, 50_000_000, 500_000_000)
QUEUE_MS = 100
BURST_MS = 2
LEAST_BURST_BYTES = 4_000
LEAST_RATIO = {"down": 0.4, "up": 0.25}
DIRECTIONS: tuple[Direction, ...] = ("down", "up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Two machines on a cable, each end a namespace."""

    server: Namespace
    client: Namespace

    def shape(self, bps: int) -> None:
        """From now on the line carries `bps` each way, with a queue of `QUEUE_MS` before it."""
        burst = max(LEAST_BURST_BYTES, bps * BURST_MS // 8_000)
        for place in (self.server, self.client):
            rate = ("rate", f"{bps}bit", "burst", str(burst), "latency", f"{QUEUE_MS}ms")
            place.run("tc", "qdisc", "replace", "dev", "line", "root", "tbf", *rate)

    def ndt7_bps(self, direction: Direction, seconds: float) -> int:
        """What our client finds against our server."""
        ours = ("-m", "tests.bench.ndt7_ends", "test", SERVER, str(NDT7_PORT), direction, str(seconds))
        return int(self.client.run(sys.executable, *ours))

    def iperf3_bps(self, direction: Direction, seconds: float) -> int:
        """What iperf3 finds with one stream: what its receiver counted."""
        way = ["--reverse"] if direction == "down" else []
        said = self.client.run(
            *("iperf3", "--json", "--client", SERVER, "--congestion", "cubic", "--time", str(round(seconds)), *way)
        )
        return int(json.loads(said)["end"]["sum_received"]["bits_per_second"])


@contextmanager
def served_line() -> Iterator[Line]:
    """An unshaped line with both servers at its one end. Needs root, ip, tc and iperf3."""
    iperf3 = shutil.which("iperf3")
    assert iperf3 is not None, "iperf3 is not installed"
    with ExitStack() as stack:
        line = Line(server=stack.enter_context(namespace("served")), client=stack.enter_context(namespace("tests")))
        ends = ("name", "line", "type", "veth", "peer", "name", "line", "netns", line.client.name)
        line.server.run("ip", "link", "add", *ends)
        for place, address in ((line.server, SERVER), (line.client, CLIENT)):
            place.run("ip", "address", "add", f"{address}/24", "dev", "line")
            place.run("ip", "link", "set", "line", "up")
        for command, ready in (
            ([sys.executable, "-m", "tests.bench.ndt7_ends", "serve", str(NDT7_PORT)], "listening"),
            ([iperf3, "--server", "--forceflush"], "Server listening"),
        ):
            server = subprocess.Popen([*line.server.command(), *command], stdout=subprocess.PIPE, text=True)
            stack.callback(_end, server)
            assert server.stdout is not None
            while ready not in (said := server.stdout.readline()):
                assert said or server.poll() is None, f"{command[0]} did not start"
        yield line


def measure(seconds: float = 10.0) -> Part:
    """Every comparison, each direction on its own."""
    with served_line() as line:
        figures = [_unshaped(line, direction, seconds) for direction in DIRECTIONS]
        for bps in SHAPED_BPS:
            line.shape(bps)
            figures += [_shaped(line, direction, bps, seconds) for direction in DIRECTIONS]
    return Part(
        title="capacity by ndt7, plain ws",
        command="python -m tests.bench ndt7",
        figures=figures,
        notes=[
            f"a veth pair between two namespaces; {seconds:.0f} s a test; medians of {ROUNDS} rounds in turn",
            f"shaped by tbf both ways, a queue of {QUEUE_MS} ms; every sender uses cubic",
            "the reference is one TCP stream, counted by its receiver; ours is ndt7's mean over the whole test",
        ],
    )


def _unshaped(line: Line, direction: Direction, seconds: float) -> Figure:
    ours, theirs = in_turn(line, direction, seconds)
    return Figure(
        name=f"unshaped, {direction}",
        value=f"{ours / 1e9:.2f} Gbit/s",
        aim=f">= {LEAST_RATIO[direction]}",
        reference=f"{theirs / 1e9:.2f} Gbit/s",
        ratio=ratio(ours, theirs),
        against="iperf3, one stream",
    )


def _shaped(line: Line, direction: Direction, bps: int, seconds: float) -> Figure:
    ours, theirs = in_turn(line, direction, seconds)
    return Figure(
        name=f"line of {bps // 1_000_000} Mbit/s, {direction}",
        value=f"{ours / 1e6:.3f} Mbit/s",
        aim="within 3 %",
        reference=f"{theirs / 1e6:.3f} Mbit/s",
        ratio=f"{ours / theirs:.4f}",
        against="iperf3, one stream",
    )


def in_turn(line: Line, direction: Direction, seconds: float) -> tuple[float, float]:
    """Our median and iperf3's, taken alternately, so that what else the machine does meets both."""
    found: dict[Callable[[Direction, float], int], list[int]] = {line.ndt7_bps: [], line.iperf3_bps: []}
    for number in range(ROUNDS):
        for way in sorted(found, key=lambda one: one == line.iperf3_bps, reverse=bool(number % 2)):
            found[way].append(way(direction, seconds))
    return median(found[line.ndt7_bps]), median(found[line.iperf3_bps])


def _end(server: "subprocess.Popen[str]") -> None:
    server.kill()
    server.communicate()
