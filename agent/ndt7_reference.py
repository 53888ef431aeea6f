"""The ndt7 server that the config asks for: a reference serves the rooms of its site."""

import asyncio
import contextlib
import errno
import logging
import socket

from agent.background import background
from agent.clock import Clock
from agent.http import Collector
from agent.ndt7_grants import Ndt7Grants
from agent.ndt7_server import Ndt7Server
from agent.schedule import Sleep
from wire.enrolment import Ndt7Plan

_TAKEN = (errno.EADDRINUSE, errno.EACCES)

log = logging.getLogger(__name__)

RETRY_S = 30.0
NOTE_S = 3_600.0
"""How often what became of visits is logged, where there were any."""


class Ndt7Reference:
    """`follow` starts, changes or ends it, `stop` ends it."""

    def __init__(
        self, tasks: asyncio.TaskGroup, collector: Collector, *, token: str, clock: Clock, sleep: Sleep
    ) -> None:
        self._tasks = tasks
        self._collector = collector
        self._token = token
        self._clock = clock
        self._sleep = sleep
        self._plan: Ndt7Plan | None = None
        self._task: asyncio.Task[None] | None = None

    def follow(self, plan: Ndt7Plan | None) -> None:
        """Serve as `plan` says from now on; what is the same goes on undisturbed."""
        if plan == self._plan:
            return
        former, self._plan, self._task = self._task, plan, None
        if former is not None:
            former.cancel()
        if plan is not None:
            self._task = self._tasks.create_task(self._run(plan, former))

    async def stop(self) -> None:
        """Serve nobody any more. Returns when the port is free."""
        task, self._plan, self._task = self._task, None, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _run(self, plan: Ndt7Plan, former: asyncio.Task[None] | None) -> None:
        if former is not None:
            await asyncio.wait({former})  # it may have the same port
        grants = Ndt7Grants(self._collector, token=self._token, clock=self._clock, loop=asyncio.get_running_loop())
        server = await self._open(plan.port, grants)
        server.start()
        log.info("ndt7 server listens port=%d", plan.port)
        noted = 0
        try:
            while True:
                await self._sleep(NOTE_S)
                if server.ended.total() != noted:
                    noted = server.ended.total()
                    log.info("ndt7 visits %s", _counts(server))
        finally:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.shield(background(server.close))
            log.info("ndt7 server ended %s", _counts(server))

    async def _open(self, port: int, grants: Ndt7Grants) -> Ndt7Server:
        """The server, however long its port is taken."""
        told = False
        while True:
            try:
                return _opened(port, grants)
            except OSError as error:
                if not told:
                    word = "taken" if error.errno == errno.EADDRINUSE else errno.errorcode.get(error.errno or 0, "?")
                    log.warning("ndt7 server cannot open its port, it is tried again port=%d word=%s", port, word)
                told = True
            await self._sleep(RETRY_S)


def _opened(port: int, grants: Ndt7Grants) -> Ndt7Server:
    """A server for both versions of IP where there are both. Raises `OSError`."""
    if socket.has_dualstack_ipv6():
        try:
            return Ndt7Server("::", port, grants.allow)
        except OSError as error:
            if error.errno in _TAKEN:
                raise
    return Ndt7Server("0.0.0.0", port, grants.allow)


def _counts(server: Ndt7Server) -> str:
    return " ".join(f"{end}={count}" for end, count in sorted(server.ended.items()))
