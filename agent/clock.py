"""The machine's clocks, as one value that tests replace.

Several clocks, because no single one is right for everything: `boot_ns` orders reports (it counts
sleep and never steps), `precise_ns` measures round trips, `wall_ns` is what the machine believes
the time to be and may step at any moment, and `awake_ns` tells by its distance from `boot_ns` how long the machine
slept.
"""

import ctypes
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from wire.batch import BootClock
from wire.fields import MAX_WALL_MS

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

_TIME_ERROR = 5
_STA_UNSYNC = 0x0040


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Ways to read time, each returning integer nanoseconds.

    `boot_ns`: time since the machine started, sleep included. `precise_ns`: elapsed time with the
    finest resolution, from an arbitrary start, sleep not necessarily included. `wall_ns`: Unix
    time. `synchronised`: whether the system vouches for `wall_ns` now; ``None`` where it does not say.
    `awake_ns`: elapsed time from an arbitrary start that stands still while the machine sleeps.
    """

    boot_ns: Callable[[], int]
    precise_ns: Callable[[], int]
    wall_ns: Callable[[], int]
    synchronised: Callable[[], bool | None]
    awake_ns: Callable[[], int] = time.monotonic_ns

    def read(self) -> BootClock:
        """Both clocks at this moment, for the wire."""
        return BootClock(
            boot_ms=self.boot_ns() // NS_PER_MS,
            wall_ms=min(max(self.wall_ns() // NS_PER_MS, 0), MAX_WALL_MS),
            synchronised=bool(self.synchronised()),
            live=True,
        )


def system_clock() -> Clock:
    """The clocks of this machine."""
    return Clock(
        boot_ns=boot_ns,
        precise_ns=time.perf_counter_ns,
        wall_ns=time.time_ns,
        synchronised=synchronised,
        awake_ns=awake_ns,
    )


if sys.platform == "linux":

    def boot_ns() -> int:
        """CLOCK_BOOTTIME: counts suspend, unlike CLOCK_MONOTONIC (clock_gettime(2))."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def awake_ns() -> int:
        """CLOCK_MONOTONIC stands still in suspend (clock_gettime(2))."""
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)

    class _Timex(ctypes.Structure):
        """The head of ``struct timex`` (adjtimex(2)); the rest is only room for the kernel to write."""

        _fields_ = (
            ("modes", ctypes.c_uint),
            ("offset", ctypes.c_long),
            ("freq", ctypes.c_long),
            ("maxerror", ctypes.c_long),
            ("esterror", ctypes.c_long),
            ("status", ctypes.c_int),
            ("rest", ctypes.c_char * 256),
        )

    _libc = ctypes.CDLL(None, use_errno=True)

    def synchronised() -> bool | None:
        """What the kernel was told by its NTP daemon; ``None`` where asking is forbidden."""
        state = _Timex()  # modes = 0: read only
        answer = _libc.adjtimex(ctypes.byref(state))
        if answer < 0:
            return None
        return answer != _TIME_ERROR and not state.status & _STA_UNSYNC

elif sys.platform == "win32":

    def boot_ns() -> int:
        """Windows' monotonic clock counts sleep (GetTickCount64, QueryPerformanceCounter)."""
        return time.monotonic_ns()

    _kernel32 = ctypes.WinDLL("kernel32")

    def awake_ns() -> int:
        """Interrupt time without sleep, in steps of 100 ns (QueryUnbiasedInterruptTime)."""
        steps = ctypes.c_ulonglong()
        _kernel32.QueryUnbiasedInterruptTime(ctypes.byref(steps))
        return steps.value * 100

    def synchronised() -> bool | None:
        """Windows does not say without starting another program."""
        return None

else:

    def boot_ns() -> int:
        """CLOCK_MONOTONIC counts sleep on macOS, where Python's own monotonic clock does not."""
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC)

    def awake_ns() -> int:
        """Python's own monotonic clock is mach_absolute_time here, which stands still in sleep."""
        return time.monotonic_ns()

    def synchronised() -> bool | None:
        """Not asked on this system."""
        return None
