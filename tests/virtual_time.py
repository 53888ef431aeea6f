"""An event loop whose time passes only while it waits: hours of asyncio in a moment, the same on every machine.

Sockets and threads work, but time does not pass for them: nothing that waits for a real network belongs here.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from agent.clock import NS_PER_S, Clock

T = TypeVar("T")
WORK_S = 0.01
"""How long work on another thread takes."""

WALL_NS = 1_760_000_000 * NS_PER_S


class _Waits(selectors.DefaultSelector):
    """Where the loop would wait, it moves the time on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is None:
            raise RuntimeError("nothing is left that could ever happen")
        if not events and timeout is not None:
            self.now_s += max(0.0, timeout)
        return events


class _SameThread(ThreadPoolExecutor):
    """Does the work of other threads where it is asked for, `WORK_S` of the loop's time later: always the same."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(1)
        self._loop = loop

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        done: Future[T] = Future()

        def work() -> None:
            try:
                done.set_result(fn(*args, **kwargs))
            except Exception as error:  # noqa: BLE001 - handed to the task that waits for it
                done.set_exception(error)

        self._loop.call_later(WORK_S, work)
        return done


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; `clock` tells its time."""

    def __init__(self) -> None:
        self._waits = _Waits()
        super().__init__(self._waits)
        self.set_default_executor(_SameThread(self))

    def time(self) -> float:
        return self._waits.now_s

    def ns(self) -> int:
        """Nanoseconds since the loop began."""
        return round(self._waits.now_s * NS_PER_S)

    def clock(self) -> Clock:
        """The machine's clocks in this loop's time."""
        return Clock(
            boot_ns=self.ns,
            precise_ns=self.ns,
            wall_ns=lambda: WALL_NS + self.ns(),
            synchronised=lambda: True,
        )


def run(work: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `work` on a loop of its own, from time 0 on."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return runner.run(work(loop))
