"""Blocking work beside the event loop, of which nothing is left when its owner has ended."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Run `work` on a thread and return or raise what it does.

    A caller that is cancelled goes on when `work` has ended, and not before: what it works with may be
    closed then. (``asyncio.to_thread`` alone lets go of a thread that still runs.)
    """
    task = asyncio.create_task(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.gather(task, return_exceptions=True)
        raise
