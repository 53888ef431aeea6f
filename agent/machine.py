"""What of the machine itself could make a network look bad: its processors, its memory, its battery."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
PRESSURE = Path("/proc/pressure/memory")
_STALLED = re.compile(r"^some .*\btotal=(\d+)\n", re.MULTILINE)
_BUSY = ("user", "nice", "system", "irq", "softirq", "steal")
_IDLE = ("idle", "iowait")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One reading, each part ``None`` where the system does not say.

    `busy_s` and `idle_s` are seconds of all processors together since the machine started; a wait for a disk is idle.
    `memory_used_permille` is the share of the memory that nobody could get now. `memory_stalled_us` is for how long
    something waited for memory since the start (Linux' pressure stall information). `on_battery` is ``None`` on a
    machine without a battery.
    """

    busy_s: float | None = None
    idle_s: float | None = None
    memory_used_permille: int | None = None
    memory_stalled_us: int | None = None
    on_battery: bool | None = None


def read_machine() -> Machine:
    """The machine now."""
    busy_s, idle_s = _told(_processors) or (None, None)
    return Machine(
        busy_s=busy_s,
        idle_s=idle_s,
        memory_used_permille=_told(_memory_used_permille),
        memory_stalled_us=_told(_memory_stalled_us),
        on_battery=_told(_on_battery),
    )


def busy_permille(before: Machine, after: Machine) -> int | None:
    """How busy all processors together were between two readings."""
    if before.busy_s is None or after.busy_s is None or before.idle_s is None or after.idle_s is None:
        return None
    busy_s, idle_s = after.busy_s - before.busy_s, after.idle_s - before.idle_s
    if busy_s < 0 or idle_s < 0 or busy_s + idle_s == 0:  # counters of single processors may step back a little
        return None
    return round(1000 * busy_s / (busy_s + idle_s))


def stalled_us(pressure: str) -> int | None:
    """The total of the line ``some`` in Linux' /proc/pressure/memory."""
    match = _STALLED.search(pressure)
    return int(match[1]) if match else None


def _told(read: Callable[[], T | None]) -> T | None:
    try:
        return read()
    except Exception:  # noqa: BLE001 - whatever a sensor's driver does, that value is missing and no more
        return None


def _processors() -> tuple[float, float]:
    times = psutil.cpu_times()
    return (
        sum(getattr(times, name, 0.0) for name in _BUSY),
        sum(getattr(times, name, 0.0) for name in _IDLE),
    )


def _memory_used_permille() -> int:
    memory = psutil.virtual_memory()
    return round(1000 * (1 - memory.available / memory.total))


def _memory_stalled_us() -> int | None:
    return stalled_us(PRESSURE.read_text())


def _on_battery() -> bool | None:
    battery = psutil.sensors_battery()
    return None if battery is None or battery.power_plugged is None else not battery.power_plugged
