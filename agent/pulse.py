"""Whether the agent's loops still come round, which is more than that its process lives."""

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from agent.schedule import Sleep

PATIENCE_S = 600.0
"""Work between two sleeps that takes longer is stuck. A request ends within 30 s, a name look-up within
a minute; only a batch that must be parted report by report could take longer, and what was settled by
then is settled."""


class Pulse:
    """Passes on `sleep` and notes who said to be back when.

    Every loop that measures, delivers or asks for its config lives by the `sleep` it is given, so a
    promise that is broken by `PATIENCE_S` is a loop that hangs. A loop that ended is no concern here:
    an error in one ends the agent. The writer waits for work, not for a time; the disk that could hang
    it hangs delivery as well, because both take turns at the spool.
    """

    def __init__(self, sleep: Sleep, now_s: Callable[[], float]) -> None:
        """`now_s` is elapsed time that stands still while the machine sleeps, as `sleep` does."""
        self._sleep = sleep
        self._now_s = now_s
        self._back_by_s: WeakKeyDictionary[asyncio.Task[Any], float] = WeakKeyDictionary()
        self.begun = asyncio.Event()
        """Set once the first loop is on its way."""

    async def sleep(self, seconds: float) -> None:
        """Sleep, and be expected back."""
        task = asyncio.current_task()
        assert task is not None
        self._back_by_s[task] = self._now_s() + seconds + PATIENCE_S
        self.begun.set()
        await self._sleep(seconds)
        self._back_by_s[task] = self._now_s() + PATIENCE_S

    def stuck(self) -> str | None:
        """The name of a loop that has not come round; ``None`` when all do."""
        now_s = self._now_s()
        for task, back_by_s in list(self._back_by_s.items()):
            if back_by_s < now_s and not task.done():
                return getattr(task.get_coro(), "__qualname__", task.get_name())
        return None
