"""What the agent costs the machine that it runs on."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from agent.secret import Secret
from agent.settings import Settings, write_settings
from agent.state import State
from tests.bench.figure import Figure, Part, ratio
from tests.bench.stand_in_collector import StandInCollector, Traffic

SECONDS = 120.0
"""Two reports a target and two pushes."""

START_SECONDS = 100
SETTLE_SECONDS = 25
"""After the first delivery, so that none lies at an end of what is measured."""

AGENT = "4" * 16
"""This one delivers early in its minute (`agent.schedule.spread_ns`), so the bench waits for it the less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A process and its traffic at one moment."""

    at: float
    cpu_seconds: float
    rss_bytes: int
    traffic: Traffic


def measure(seconds: float = SECONDS) -> Part:
    """Run the agent, a bare loop and a bare interpreter side by side for `seconds`."""
    ours, bare_side = StandInCollector(), StandInCollector()
    with tempfile.TemporaryDirectory(prefix="bandroom-bench-") as name, ExitStack() as running:
        state = State(Path(name))
        write_settings(
            state.settings,
            Settings(url=f"http://127.0.0.1:{ours.port}", agent=AGENT, token=Secret("bench-token-of-one-agent")),
        )
        agent = _start([str(Path(sys.executable).with_name("bandroom-agent")), "run", "--state", name], running)
        ports = [str(port) for port in (bare_side.gateway_port, *bare_side.reflector_ports)]
        loop = _start([sys.executable, "-m", "tests.bench.bare_probe", *ports], running)
        sleeper = _start([sys.executable, "-c", "import time; time.sleep(10_000)"], running)
        wait_for_delivery(ours)
        before = _read(agent, ours), _read(loop, bare_side)
        time.sleep(seconds)
        after = _read(agent, ours), _read(loop, bare_side)
        sleeping = sleeper.memory_info().rss
    cpu, bare_cpu = (_cpu_share(*pair) for pair in zip(before, after, strict=True))
    (up, down), (bare_up, bare_down) = (_bits_per_second(*pair) for pair in zip(before, after, strict=True))
    rss = after[0].rss_bytes
    delivered = after[0].traffic.reports - before[0].traffic.reports
    bare_loop = "bare loop that sends the same probes"
    return Part(
        title="Agent: default schedule (60 s reports), 3 targets",
        command=f"python -m tests.bench agent --seconds {seconds:g}",
        figures=[
            Figure(
                name="resident memory",
                value=f"{rss / 2**20:.1f} MiB",
                aim="<= 40 MB",
                reference=f"{sleeping / 2**20:.1f} MiB",
                ratio=ratio(rss, sleeping),
                against="bare Python interpreter that sleeps",
            ),
            Figure(
                name="CPU of one core",
                value=f"{cpu:.2%}",
                aim="<= 0.5 %",
                reference=f"{bare_cpu:.2%}",
                ratio=ratio(cpu, bare_cpu),
                against=bare_loop,
            ),
            Figure(
                name="network, up",
                value=f"{up / 1000:.2f} kbit/s",
                aim="<= 5 kbit/s",
                reference=f"{bare_up / 1000:.2f} kbit/s",
                ratio=ratio(up, bare_up),
                against=bare_loop,
            ),
            Figure(
                name="network, down",
                value=f"{down / 1000:.2f} kbit/s",
                aim="<= 5 kbit/s",
                reference=f"{bare_down / 1000:.2f} kbit/s",
                ratio=ratio(down, bare_down),
                against=bare_loop,
            ),
        ],
        notes=[
            f"over {seconds:g} s after the start, in which {delivered} reports were delivered",
            "site and district by STAMP at 1 Hz, gateway by TCP connect at 0.1 Hz; all targets on loopback",
            "bytes of IP packets: payload, 28 bytes a UDP packet, 52 a TCP segment as the kernel counted them",
            "without TLS: a handshake of some 5 kB a push would add 0.7 kbit/s (estimated, not measured)",
        ],
    )


def _start(command: Sequence[str], running: ExitStack) -> psutil.Popen:
    process = psutil.Popen(command, stderr=subprocess.DEVNULL)
    running.callback(process.wait)
    running.callback(process.terminate)
    return process


def wait_for_delivery(side: StandInCollector) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while not side.traffic.reports:
        if time.monotonic() > ends_at:
            raise SystemExit("the agent delivered nothing")
        time.sleep(0.1)
    time.sleep(SETTLE_SECONDS)


def _read(process: psutil.Process, side: StandInCollector) -> Reading:
    times = process.cpu_times()
    return Reading(
        at=time.monotonic(),
        cpu_seconds=times.user + times.system,
        rss_bytes=process.memory_info().rss,
        traffic=replace(side.traffic),
    )


def _cpu_share(before: Reading, after: Reading) -> float:
    return (after.cpu_seconds - before.cpu_seconds) / (after.at - before.at)


def _bits_per_second(before: Reading, after: Reading) -> tuple[float, float]:
    took = after.at - before.at
    up = after.traffic.up_bytes - before.traffic.up_bytes
    down = after.traffic.down_bytes - before.traffic.down_bytes
    return up * 8 / took, down * 8 / took
