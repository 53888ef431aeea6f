"""Two cores kept apart: one for what is measured, the others for what drives it."""

import os
import sys
from collections.abc import Callable

if sys.platform != "linux":
    raise SystemExit("the bench runs on Linux: it keeps processes to cores and asks the kernel about connections")

MEASURED, *DRIVING = sorted(os.sched_getaffinity(0))
"""The core that is measured on, and the rest; empty on a machine with one core, where they share."""


def pin(core: int) -> Callable[[], None]:
    """For ``Popen(preexec_fn=...)``: the new process and all its threads stay on `core`."""
    return lambda: os.sched_setaffinity(0, {core})


def step_aside() -> None:
    """Keep this process off the measured core."""
    os.sched_setaffinity(0, DRIVING or {MEASURED})
