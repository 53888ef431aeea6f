"""A reference's reflector: answers STAMP test packets (RFC 8762) for the rooms of its site.

Stateless, and never with more than it was asked. It runs in the agent's own loop: what a packet waits there is in
T3 - T2, which the sender subtracts, because T2 is the kernel's where that tells it. No address is kept beyond the count
of the current second, and none is logged.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial

from agent.background import background
from agent.clock import NS_PER_S, Clock
from agent.datagram import Datagram, note_datagrams, receive_datagram, send_back
from agent.port import open_port
from agent.schedule import Sleep
from wire.enrolment import ReflectorPlan
from wire.reflector_limits import ReflectorLimits
from wire.stamp import ERROR_SYNCHRONISED, ERROR_UNSYNCHRONISED, MAX_PACKET_BYTES, departing, reflect

log = logging.getLogger(__name__)

MAX_PER_SECOND = 5_000
"""Packets a second from everybody: five hundred rooms at ten a second, and little for a small computer."""

NOTE_S = 60.0
"""How often the counts are noted for `bandroom-agent status`, and the limit's end is looked for."""

LAST_NOTE_S = 0.5
"""At the end they wait for the disk no longer than that: the reports need the time more."""

_MOST_PER_WAKE = 64


@dataclass(slots=True)
class Packets:
    """Packets by what became of them, since the agent started. `ignored`: no question, or not authentic; `limited`:
    more than is answered; `unsent`: the system would not send the answer."""

    answered: int = 0
    ignored: int = 0
    limited: int = 0
    unsent: int = 0


class ReflectorHost:
    """The reflector that the config asks for: `follow` starts, changes or ends it, `stop` ends it."""

    def __init__(self, tasks: asyncio.TaskGroup, note: Callable[..., None], *, clock: Clock, sleep: Sleep) -> None:
        self.packets = Packets()
        self._tasks = tasks
        self._note = note
        self._clock = clock
        self._sleep = sleep
        self._plan: ReflectorPlan | None = None
        self._followed = False
        self._task: asyncio.Task[None] | None = None

    def follow(self, plan: ReflectorPlan | None) -> None:
        """Reflect as `plan` says from now on; what is the same goes on undisturbed."""
        if plan == self._plan and self._followed:
            return
        self._followed = True
        former, self._plan, self._task = self._task, plan, None
        if former is not None:
            former.cancel()
        if plan is not None:
            self._task = self._tasks.create_task(self._run(plan, former))
        else:
            self._tasks.create_task(background(partial(self._note, reflector="")))

    async def stop(self) -> None:
        """Answer nothing any more. Returns when the port is free and the last counts are noted, if that is quick."""
        task, plan = self._task, self._plan
        self._plan = self._task = None
        if task is not None and plan is not None:
            task.cancel()
            await asyncio.wait({task})
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_NOTE_S):
                    await self._tell(plan.port)

    async def _run(self, plan: ReflectorPlan, former: asyncio.Task[None] | None) -> None:
        if former is not None:
            await asyncio.wait({former})  # it may have the same port
        link = await open_port(partial(_bound, port=plan.port), what="reflector", port=plan.port, sleep=self._sleep)
        loop = asyncio.get_running_loop()
        reflector = _Reflector(link, plan, self.packets, self._clock)
        loop.add_reader(link, reflector.readable)
        log.info("reflector answers port=%d authenticated=%s", plan.port, plan.key is not None)
        try:
            while True:
                reflector.look_at_clock()
                await self._tell(plan.port)
                limited = self.packets.limited
                await self._sleep(NOTE_S)
                if reflector.limiting and self.packets.limited == limited:
                    reflector.limiting = False
                    log.info("reflector answers everybody again limited=%d", limited)
        finally:
            loop.remove_reader(link)
            link.close()
            log.info("reflector ended %s", " ".join(f"{name}={count}" for name, count in asdict(self.packets).items()))

    async def _tell(self, port: int) -> None:
        await background(partial(self._note, reflector=json.dumps({"port": port, **asdict(self.packets)})))


class _Reflector:
    """What answers on one socket."""

    def __init__(self, link: socket.socket, plan: ReflectorPlan, packets: Packets, clock: Clock) -> None:
        self._link = link
        self._key = None if plan.key is None else bytes.fromhex(plan.key)
        self._packets = packets
        self._clock = clock
        self._limits = ReflectorLimits(per_second=MAX_PER_SECOND)
        self._error_estimate = ERROR_UNSYNCHRONISED
        self.limiting = False

    def look_at_clock(self) -> None:
        """Learn what to say of our clock."""
        self._error_estimate = ERROR_SYNCHRONISED if self._clock.synchronised() else ERROR_UNSYNCHRONISED

    def readable(self) -> None:
        """Answer what waits, but let others have their turn."""
        for _ in range(_MOST_PER_WAKE):
            try:
                datagram = receive_datagram(self._link, MAX_PACKET_BYTES + 1)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error for an answer that was sent before
                continue
            self._answer(datagram)

    def _answer(self, datagram: Datagram) -> None:
        now_ns = self._clock.wall_ns()
        if not self._limits.admits(datagram.source[:2], now_ns // NS_PER_S):
            self._packets.limited += 1
            if not self.limiting:
                self.limiting = True
                log.warning("reflector gets more packets than it answers limit_per_second=%d", MAX_PER_SECOND)
            return
        answer = reflect(
            datagram.packet,
            received_ns=datagram.kernel_ns or now_ns,
            sent_ns=self._clock.wall_ns(),
            error_estimate=self._error_estimate,
            key=self._key,
        )
        if answer is None:
            self._packets.ignored += 1
            return
        if self._key is None:
            answer = departing(answer, self._clock.wall_ns())
        try:
            send_back(self._link, answer, datagram)
        except OSError:
            self._packets.unsent += 1  # lost, as packets are
        else:
            self._packets.answered += 1


def _bound(address: str, port: int) -> socket.socket:
    """A socket there; at ``::`` it is for both versions of IP. Raises `OSError`."""
    link = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        link.setblocking(False)
        if link.family == socket.AF_INET6:
            link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        note_datagrams(link)
        link.bind((address, port))
    except OSError:
        link.close()
        raise
    return link
