"""SIGINT and SIGTERM: the first asks, the second forces. The same on every system."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

if sys.platform == "win32":
    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGBREAK)
else:
    SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` at the first signal; at the second leave at once with 128 + its number.

    Entered in the running loop on the main thread. A socket wakes the loop, because a select that
    waits on Windows is not interrupted by a signal.
    """
    loop = asyncio.get_running_loop()
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    def on_wake() -> None:
        reader.recv(64)

    loop.add_reader(reader, on_wake)
    old_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    old = {number: signal.signal(number, on_signal) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(old_fd)
        loop.remove_reader(reader)
        reader.close()
        writer.close()
