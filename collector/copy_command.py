"""``bandroom store copy``: moves what was kept to the other engine, with a bar, and goes on where it was cut short."""

import errno
import signal
import socket
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from collector.command_line import DEFAULT_SETTINGS, SettingsFile, fail, read_settings
from collector.open_parts import open_registry
from collector.registry.registry import RegistryError
from collector.settings import Settings
from collector.store.copy import CopyIncomplete, Part, copy_history
from collector.store.history import History
from collector.store.protocol import StoreError, StoreUnavailable
from collector.store_choice import forget_what_is_past, influx_access

if TYPE_CHECKING:
    from collector.store.duckdb_history import DuckDbHistory
    from collector.store.influx_history import InfluxHistory

Engine = Literal["duckdb", "influx"]


class Stopped(Exception):
    """Ctrl-C came; what was copied is kept."""


def copy_command(
    to: Annotated[Engine, typer.Option(help="The engine that gets what the other one has kept.")],
    settings: SettingsFile = DEFAULT_SETTINGS,
) -> None:
    """Copy everything that was kept to the other engine. Stop the collector first; Ctrl-C is fine, it goes on later."""
    stop = _stop_after_a_step()
    try:
        read = read_settings(settings)
        _refuse_beside_a_collector(read)
        with ExitStack() as opened:
            duckdb, influx = _open_both(read, opened)
            source, target = (duckdb, influx) if to == "influx" else (influx, duckdb)
            name = f"{read.influx_url} {read.influx_prefix}" if to == "influx" else "bandroom.duckdb"
            mark_file = read.data / f"copy-to-{to}.json"
            # A collector that stood still has not, and InfluxDB refuses points that are past their bucket's time.
            forget_what_is_past(source, read, datetime.now(UTC))
            brought = _copy(source, target, name, mark_file, stop)
    except Stopped:
        fail("stopped; the same command goes on from here", code=130)
    except StoreUnavailable as error:
        fail(f"{error}; the same command goes on from here")
    except (StoreError, RegistryError, CopyIncomplete, OSError) as error:
        fail(str(error))
    told = ", ".join(f"{count} {part}" for part, count in brought.items())
    print(f'copied {told}; to use it, set store = "{to}" in {settings} and start the collector')


def _stop_after_a_step() -> threading.Event:
    """Is set by the first Ctrl-C; the second ends at once. An exception from a signal would be a fault to DuckDB."""
    stop = threading.Event()

    def asked(_number: int, _frame: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    signal.signal(signal.SIGINT, asked)
    return stop


def _copy(source: History, target: History, name: str, mark_file: Path, stop: threading.Event) -> dict[Part, int]:
    extent = source.extent()
    totals: dict[Part, int] = {
        "weeks": extent.weeks,
        "days": extent.days,
        "bins": extent.bins,
        "reports": extent.reports,
    }
    brought: dict[Part, int] = dict.fromkeys(totals, 0)
    columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bars: dict[Part, TaskID] = {part: progress.add_task(part, total=total) for part, total in totals.items()}
        for step in copy_history(source, target, name=name, mark_file=mark_file):
            brought[step.part] += step.count
            progress.advance(bars[step.part], step.count)
            if stop.is_set():
                raise Stopped
    return brought


def _open_both(settings: Settings, opened: ExitStack) -> tuple["DuckDbHistory", "InfluxHistory"]:
    access = influx_access(settings)
    from collector.store.duckdb_history import DuckDbHistory
    from collector.store.influx_history import InfluxHistory

    registry = open_registry(settings)
    opened.callback(registry.close)
    influx = InfluxHistory.open_store(access, registry)
    opened.callback(influx.close)
    path = settings.data / "bandroom.duckdb"
    duckdb = DuckDbHistory.open_store(path, memory_limit=settings.store_memory)
    opened.callback(duckdb.close)
    return duckdb, influx


def _refuse_beside_a_collector(settings: Settings) -> None:
    """A collector that runs on InfluxDB holds no lock that would tell; its port does. Raises `StoreError`."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StoreError(
                f"the collector runs on port {settings.port}: stop it, copy, and start it again"
            ) from error
        raise
