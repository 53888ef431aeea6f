"""Where a target is on the network now. Addresses stay in this process: never logged, never sent."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from agent.background import background
from wire.report_words import Failure


class Address(NamedTuple):
    """One way to a target, in the terms of the socket module."""

    family: int
    address: Any


class NoPlace(Exception):
    """A target that has no address now.

    Attributes:
        failure: the reason, as it stands in a report.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class Place:
    """A target's addresses, looked up when first needed and remembered until `forget`.

    `find` returns a host name or a literal address, or ``None`` when there is no such target (no
    default route). It and the name look-up may block; at most one look-up runs at a time, and
    whoever needs the answer waits no longer than its own deadline.
    """

    def __init__(self, find: Callable[[], str | None], port: int, kind: socket.SocketKind) -> None:
        self._find = find
        self._port = port
        self._kind = kind
        self._known: tuple[Address, ...] = ()
        self._looking: asyncio.Task[tuple[Address, ...]] | None = None

    async def addresses(self, timeout_s: float) -> tuple[Address, ...]:
        """At least one address, the system's favourite first. Raises `NoPlace`."""
        if self._known:
            return self._known
        if self._looking is None:
            self._looking = asyncio.create_task(background(partial(look_up, self._find, self._port, self._kind)))
            self._looking.add_done_callback(self._looked)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(self._looking)
        except TimeoutError:
            raise NoPlace("name_not_resolved") from None

    def forget(self) -> None:
        """Look up again next time."""
        self._known = ()

    def _looked(self, task: asyncio.Task[tuple[Address, ...]]) -> None:
        self._looking = None
        if not task.cancelled() and task.exception() is None:
            self._known = task.result()


def look_up(find: Callable[[], str | None], port: int, kind: socket.SocketKind) -> tuple[Address, ...]:
    """Ask `find` and then the system's resolver. Blocks. Raises `NoPlace`."""
    host = find()
    if host is None:
        raise NoPlace("no_gateway")
    try:
        found = socket.getaddrinfo(host, port, type=kind)
    except (OSError, UnicodeError):
        raise NoPlace("name_not_resolved") from None
    return tuple(dict.fromkeys(Address(family, address) for family, _, _, _, address in found))
