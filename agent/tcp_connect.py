"""TCP connect time: one SYN and its answer, for targets and networks where UDP is of no use."""

import asyncio
import socket

from agent.clock import Clock
from agent.place import Address, NoPlace, Place
from agent.sample import Sample
from wire.report_words import Failure

STALE_AFTER = 3
"""So many unanswered connects in a row make the name be looked up again."""


class TcpConnect:
    """One target's TCP connects: `probe` times one three-way handshake.

    A reset is an answer: it made the whole round trip. The name look-up is not part of the time.
    """

    def __init__(self, place: Place, *, timeout_ms: int, clock: Clock) -> None:
        self._place = place
        self._timeout_s = timeout_ms / 1000
        self._clock = clock
        self._silent = 0
        self._turn = 0

    async def probe(self) -> Sample:
        """Connect once and hang up; the time it took, or why it was in vain."""
        sent_ns = self._clock.boot_ns()
        try:
            addresses = await self._place.addresses(self._timeout_s)
        except NoPlace as error:
            return Sample(sent_ns=sent_ns, method="tcp_connect", failure=error.failure)
        sent_ns = self._clock.boot_ns()
        outcome = await self._connect(addresses[self._turn % len(addresses)])
        if isinstance(outcome, int):
            self._silent = 0
            return Sample(sent_ns=sent_ns, method="tcp_connect", rtt_ns=outcome)
        self._turn += 1
        self._silent += 1
        if self._silent % STALE_AFTER == 0:
            self._place.forget()
        return Sample(sent_ns=sent_ns, method="tcp_connect", failure=outcome)

    def close(self) -> None:
        """Nothing is held between probes."""

    async def _connect(self, to: Address) -> int | Failure:
        try:
            link = socket.socket(to.family, socket.SOCK_STREAM)
        except OSError:
            return "unreachable"
        with link:
            link.setblocking(False)
            began_ns = self._clock.precise_ns()
            try:
                async with asyncio.timeout(self._timeout_s):
                    await asyncio.get_running_loop().sock_connect(link, to.address)
            except TimeoutError:  # ours, or the system's own ETIMEDOUT
                return "no_answer"
            except (ConnectionRefusedError, ConnectionResetError):
                pass
            except PermissionError:
                return "refused_to_send"
            except OSError:
                return "unreachable"
            return self._clock.precise_ns() - began_ns
