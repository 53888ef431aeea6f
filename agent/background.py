"""Blocking work beside the event loop, on a thread that never holds up a stop.

asyncio's own executor is joined when the program ends, so one hung name look-up or dead TCP
connection would delay the end by minutes. These threads are daemons: the program ends over them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def background(work: Callable[[], T]) -> T:
    """Run `work` on a thread of its own and return or raise what it does.

    A caller that is cancelled stops waiting; `work` runs on to its own end, unheard.
    """
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - handed to the task that waits for it
            done.set_exception(error)

    Thread(target=run, daemon=True, name="background").start()
    return await asyncio.wrap_future(done)
