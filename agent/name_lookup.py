"""How long one of the machine's resolvers takes to answer a question."""

import asyncio
import secrets
import socket
from collections.abc import Callable

from agent.background import background
from agent.clock import NS_PER_S, Clock
from agent.dns import answer_to, question
from agent.resolvers import find_resolvers
from agent.sample import Sample
from wire.report_words import Failure

KNOWN_FOR_NS = 60 * NS_PER_S
"""So long a list of resolvers holds, as long as they answer: networks change under us."""

MOST_FOREIGN = 64
"""So many packets that are no answer are read for one question; a flood of them must not keep the loop from others."""


class NameLookup:
    """The machine's resolver number `number`, from 1, asked for `name`. Each question has an id and a port of its own,
    both random (RFC 5452)."""

    def __init__(
        self,
        number: int,
        name: str,
        *,
        port: int,
        timeout_ms: int,
        clock: Clock,
        find: Callable[[], tuple[str, ...]] = find_resolvers,
    ) -> None:
        self._number = number
        self._name = name
        self._port = port
        self._timeout_s = timeout_ms / 1000
        self._clock = clock
        self._find = find
        self._address: str | None = None
        self._known_until_ns = 0

    async def probe(self) -> tuple[Sample, ...]:
        """One question; nothing where the machine has no such resolver, or has another one by the time the question
        was in vain. Raises `BadName` where the name cannot be asked for."""
        if self._clock.boot_ns() >= self._known_until_ns:
            await self._look()
        address = self._address
        if address is None:
            return ()
        sent_ns = self._clock.boot_ns()
        outcome = await self._ask(address)
        if isinstance(outcome, int):
            return (Sample(sent_ns=sent_ns, method="dns", rtt_ns=outcome),)
        if outcome != "server_failed":
            await self._look()
            if self._address != address:
                return ()
        return (Sample(sent_ns=sent_ns, method="dns", failure=outcome),)

    async def _look(self) -> None:
        found = await background(self._find)
        self._address = found[self._number - 1] if len(found) >= self._number else None
        self._known_until_ns = self._clock.boot_ns() + KNOWN_FOR_NS

    async def _ask(self, address: str) -> int | Failure:
        """The time to an answer in nanoseconds, or why there is none."""
        asked = question(self._name, secrets.randbits(16))
        loop = asyncio.get_running_loop()
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(
                address, self._port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
            )[0]
            with socket.socket(family, kind, protocol) as link:
                link.setblocking(False)
                link.connect(place)  # nobody else's packets are read
                began_ns = self._clock.precise_ns()
                link.send(asked)
                async with asyncio.timeout(self._timeout_s):
                    for _ in range(MOST_FOREIGN):
                        said = answer_to(asked, await loop.sock_recv(link, 65_535))
                        if said is not None:
                            break
                    else:
                        return "no_answer"
                took_ns = self._clock.precise_ns() - began_ns
        except TimeoutError:
            return "no_answer"
        except (PermissionError, BlockingIOError):
            return "refused_to_send"
        except OSError:
            return "unreachable"
        if took_ns > self._timeout_s * NS_PER_S:
            return "no_answer"  # past the waiting time is lost, however busy we were (RFC 7680)
        return took_ns if said == "answered" else "server_failed"
