"""What this machine can send to itself: a bound of what it can move at all, by its processors and this program.

One TCP connection over the loopback interface, both ends in this process: it works for two, so a machine that only
sends or only receives can do a little more, and one whose packets also go through a driver and through TLS a little
less. Nothing leaves the machine. At most `LONGEST_S` and `MOST_BYTES`, a few minutes after the start and then once a
day, behind all other work of the machine where the system can do that (Linux), and never beside a throughput test.
"""

import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread, get_native_id

from agent.background import background
from agent.clock import NS_PER_S, Clock
from agent.schedule import Sleep, spread_ns
from agent.working import WorkingTimes

log = logging.getLogger(__name__)

LONGEST_S = 0.3
MOST_BYTES = 200_000_000
BLOCK_BYTES = 65_536
TIMEOUT_S = 1.0

FIRST_S, FIRST_WITHIN_S = 60, 540
"""A machine that has just started is busy; so much later, and then at a moment of the agent's own."""

EVERY_S = 86_400.0
AGAIN_S = 60.0


class Loopback:
    """The last measurement, in bits per second; ``None`` before the first and where it cannot be made. `measure` is
    `measure_loopback`."""

    def __init__(self, measure: Callable[[], int | None]) -> None:
        self._measure = measure
        self.bps: int | None = None

    async def keep(self, agent: str, *, working: WorkingTimes, clock: Clock, sleep: Sleep) -> None:
        """Measure now and then until cancelled. `working` is when throughput tests run."""
        await sleep(FIRST_S + spread_ns(agent, "loopback", FIRST_WITHIN_S * NS_PER_S) / NS_PER_S)
        while True:
            if working.cover(clock.boot_ns()):
                await sleep(AGAIN_S)
                continue
            try:
                self.bps = await background(self._measure)
            except Exception as error:  # noqa: BLE001 - no thread, no memory: nothing else is to end by it
                self.bps = None
                log.warning("the loopback cannot be measured error=%s", type(error).__name__)
            await sleep(EVERY_S)


def measure_loopback(clock: Clock, seconds: float = LONGEST_S, most_bytes: int = MOST_BYTES) -> int | None:
    """The rate in bits per second; ``None`` where the system lets no connection be made. Blocks."""
    try:
        with (
            socket.create_server(("127.0.0.1", 0), backlog=1) as listener,
            socket.create_connection(listener.getsockname(), TIMEOUT_S) as sender,
        ):
            listener.settimeout(TIMEOUT_S)
            receiver, peer = listener.accept()
            with receiver:
                if peer != sender.getsockname():
                    return None  # another program of this machine was quicker
                receiver.settimeout(TIMEOUT_S)
                ends_ns = clock.precise_ns() + int(seconds * NS_PER_S)
                Thread(target=_send, args=(sender, clock, ends_ns, most_bytes), daemon=True).start()
                return _receive(receiver, clock)
    except OSError:
        return None


def _send(sender: socket.socket, clock: Clock, ends_ns: int, most_bytes: int) -> None:
    _step_back()
    block = bytes(BLOCK_BYTES)
    try:
        for _ in range(most_bytes // BLOCK_BYTES):
            if clock.precise_ns() >= ends_ns:
                break
            sender.sendall(block)
        sender.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the receiver notices


def _receive(receiver: socket.socket, clock: Clock) -> int | None:
    _step_back()
    buffer = bytearray(BLOCK_BYTES)
    total = 0
    first_ns = last_ns = clock.precise_ns()
    while count := receiver.recv_into(buffer):
        total += count
        last_ns = clock.precise_ns()
    return total * 8 * NS_PER_S // (last_ns - first_ns) if last_ns > first_ns else None


def _step_back() -> None:
    """Let every other thread of the machine go first. Only Linux gives a thread a niceness of its own, and our unit for
    systemd forbids that: there its CPUQuota has to do."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, get_native_id(), 19)
