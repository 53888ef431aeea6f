"""``bandroom demo``: everything in one command, without root and without a server elsewhere.

The collector, the board and the agent are the real ones; the agent is a process of its own that joins
with a code, as on a school's machine. Data lives in a temporary folder and goes with the demo.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from collector.cannot_start import CannotStart
from collector.demo.history import SCHOOL_DAYS, simulated_days
from collector.demo.simulated_agents import run_simulated_agents
from collector.demo.simulated_district import REAL_ROOM, simulated_district
from collector.demo.uplinks import SimulatedUplinks, keep_counting
from collector.demo.weeks import simulated_weeks
from collector.district.district import District
from collector.grafana_names import name_for_grafana
from collector.open_parts import open_parts
from collector.serve import Running, asked_to_stop, running, utc_now
from collector.settings import Settings
from collector.store.protocol import Store
from collector.store_choice import make_buckets
from collector.thread import in_thread
from collector.verdict.bins import RoomBin

SEED = 7
AGENT_STOP_SECONDS = 6
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


async def run_demo(*, port: int, for_seconds: int | None, kept: Mapping[str, Any], console: Console) -> None:
    """Run the demo until Ctrl-C, SIGTERM or for `for_seconds`. `kept` are the settings of the store.

    Raises `CannotStart`, `StoreError` or `StoreUnavailable`, and pydantic's `ValidationError` for wrong settings.
    """
    began = time.monotonic()
    # From the first moment on: an end in the midst of starting would leave the folder, or the agent, behind.
    asked = asyncio.create_task(asked_to_stop())
    await asyncio.sleep(0)
    zone = local_time_zone()
    district = simulated_district(zone, today=utc_now().astimezone(zone).date())
    with tempfile.TemporaryDirectory(prefix="bandroom-demo-") as folder:
        settings = Settings(
            port=port,
            reflector_port=0,
            ndt7_port=0,
            data=Path(folder) / "collector",
            bin_seconds=10,
            report_seconds=5,
            push_seconds=1,
            probe_interval_ms=200,
            throughput_every_seconds=120,
            **kept,
        )
        if settings.store == "influx":
            await in_thread(lambda: list(make_buckets(settings)))
        store, registry = open_parts(settings)
        if settings.store == "influx":
            name_for_grafana(store, district)  # what is written before the collector runs has names, too
        days = simulated_days(district, now=utc_now(), profiles=district.profiles, seed=SEED)
        with _progress(console) as bar:
            filling = bar.add_task("simulating two school weeks", total=SCHOOL_DAYS)
            await in_thread(partial(_write_weeks, store, district))
            await in_thread(lambda: store.write_bins(next(days), judged_through=None))
            bar.advance(filling)
            try:
                async with (
                    running(settings, district, store, registry) as collector,
                    real_agent(collector, Path(folder) / "agent"),
                ):
                    _say_hello(console, collector, time.monotonic() - began)
                    live = [
                        asyncio.create_task(run_simulated_agents(collector.services, seed=SEED)),
                        asyncio.create_task(_fill(store, days, bar, filling)),
                        asyncio.create_task(keep_counting(store, district, seed=SEED)),
                    ]
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(for_seconds):
                            await asked
                    console.print("stopping")
                    for task in live:
                        task.cancel()
                    await asyncio.gather(*live, return_exceptions=True)
            except* CannotStart as group:
                raise CannotStart(str(group.exceptions[0])) from group


@contextlib.asynccontextmanager
async def real_agent(collector: Running, state: Path) -> AsyncIterator[Process]:
    """The real agent of this machine, joined and running as a process of its own until the context ends."""
    expires_ms = int((time.time() + 3600) * 1000)
    code = collector.services.registry.make_code(
        site=REAL_ROOM.site, room=REAL_ROOM.room, role="room", uses=1, expires_ms=expires_ms
    )
    joined = await _agent_process("join", collector.url, "--code", code, "--state", str(state))
    output, _ = await joined.communicate()
    if joined.returncode:
        raise CannotStart(f"the agent could not join: {output.decode(errors='replace').strip()}")
    process = await _agent_process("run", "--state", str(state), log=state / "agent.log")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(AGENT_STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _agent_process(*arguments: str, log: Path | None = None) -> Process:
    with contextlib.ExitStack() as files:
        output = files.enter_context(log.open("ab")) if log else asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "agent.main",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            # A process group of its own: Ctrl-C in the terminal is for us, and we stop the agent.
            start_new_session=os.name == "posix",
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )


def _die_with_parent() -> None:
    """Ask the kernel to stop this process when the demo is gone, even if that was killed (prctl(2))."""
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _write_weeks(store: Store, district: District) -> None:
    """Before the engine looks: it goes on from the newest day and week that were written."""
    made = simulated_weeks(district, now=utc_now(), profiles=district.profiles, seed=SEED)
    store.write_days(made.days, made.sites)
    store.write_weeks(made.weeks)
    uplinks = SimulatedUplinks(district=district, now=utc_now(), seed=SEED)
    store.uplinks.write_weeks(list(uplinks.weeks()))
    store.uplinks.write_bins([one for day in uplinks.bins() for one in day])


async def _fill(store: Store, days: Iterator[list[RoomBin]], bar: Progress, filling: TaskID) -> None:
    """Write the older simulated days while the board is already up."""
    while (bins := await in_thread(partial(next, days, None))) is not None:
        await in_thread(partial(store.write_bins, bins, judged_through=None))
        bar.advance(filling)


def _say_hello(console: Console, collector: Running, seconds: float) -> None:
    rooms = len(collector.services.district.rooms) - 1
    console.print(
        f"Board: [bold]{collector.url}[/bold]  (ready after {seconds:.0f} s)\n"
        f"[bold]This machine[/bold] is measured for real: latency and loss to this collector and to your gateway, "
        "and every few minutes whether the rate for a video lesson is there.\n"
        f"The other {rooms} rooms are [bold]simulated[/bold] and say so. Stop with Ctrl-C.",
        highlight=False,
    )


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), console=console)


def local_time_zone() -> ZoneInfo:
    """This machine's time zone, or UTC where it does not say."""
    name = os.environ.get("TZ", "").removeprefix(":")
    with contextlib.suppress(OSError):
        name = name or str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    try:
        return ZoneInfo(name or "UTC")
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return ZoneInfo("UTC")
