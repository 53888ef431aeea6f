"""How hard this machine worked while a throughput test ran: a busy one limits the test, and says nothing of the line.

Three ways to be full, each at `FULL_PERMILLE`. All processors together, whoever used them. This program, of one
processor: it is one thread at a time, so on a machine with four that one is full when a quarter is in use. And this
program where its unit bounds it, as ours for systemd does by CPUQuota: the kernel then holds it back, and that time
counts as its own.
"""

import time
from dataclasses import dataclass
from pathlib import Path

from agent.clock import Clock
from agent.machine import Machine, busy_permille, read_machine

FULL_PERMILLE = 900
"""Over a few seconds nine tenths on average are ten tenths for most of the time (our choice)."""

OWN_GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exertion:
    """A look at what was done until now. `own_ns` is this program's time on a processor, `held_back_us` for how long
    its unit's bound held it back."""

    boot_ns: int
    machine: Machine
    own_ns: int
    held_back_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Between two looks: how busy all processors were, ``None`` unknown, and whether anything was full."""

    cpu_permille: int | None
    was_full: bool


def look(clock: Clock) -> Exertion:
    """Now. Takes well below a millisecond."""
    return Exertion(
        boot_ns=clock.boot_ns(),
        machine=read_machine(),
        own_ns=time.process_time_ns(),
        held_back_us=held_back_us(OWN_GROUP, GROUPS),
    )


def effort(before: Exertion, after: Exertion) -> Effort:
    """What lies between two looks."""
    cpu_permille = busy_permille(before.machine, after.machine)
    own_ns = after.own_ns - before.own_ns + 1000 * (after.held_back_us - before.held_back_us)
    own_permille = 1000 * own_ns / max(1, after.boot_ns - before.boot_ns)
    return Effort(cpu_permille=cpu_permille, was_full=max(cpu_permille or 0, own_permille) >= FULL_PERMILLE)


def held_back_us(own_group: Path, groups: Path) -> int:
    """For how long the bound of our control group held us back since the start (cgroup v2); 0 where there is none."""
    try:
        path = next(line[3:] for line in own_group.read_text().splitlines() if line.startswith("0::"))
        stat = (groups / path.lstrip("/") / "cpu.stat").read_text()
        return int(next(line.split()[1] for line in stat.splitlines() if line.startswith("throttled_usec ")))
    except (OSError, StopIteration, ValueError, IndexError):
        return 0
