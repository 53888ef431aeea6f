"""Blocking work beside the event loop, of which nothing is left when its owner has ended."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T], threads: Executor | None = None) -> T:
    """Run `work` on a thread and return or raise what it does.

    What may wait for somebody else's server brings `threads` of its own: those that all others share are few.

    A caller that is cancelled goes on when `work` has ended, and not before: what it works with may be
    closed then. (``asyncio.to_thread`` alone lets go of a thread that still runs.)
    """
    if threads is None:
        task: asyncio.Future[T] = asyncio.create_task(asyncio.to_thread(work))
    else:
        task = asyncio.get_running_loop().run_in_executor(threads, work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
