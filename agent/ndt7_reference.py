"""The ndt7 server that the config asks for: a reference serves the rooms of its site."""

import asyncio
import contextlib
import logging

from agent.background import background
from agent.clock import Clock
from agent.http import Collector
from agent.ndt7_grants import Ndt7Grants
from agent.ndt7_server import Ndt7Server
from agent.port import open_port
from agent.schedule import Sleep
from wire.enrolment import Ndt7Plan

log = logging.getLogger(__name__)

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
        server = await open_port(
            lambda host: Ndt7Server(host, plan.port, grants.allow),
            what="ndt7 server",
            port=plan.port,
            sleep=self._sleep,
        )
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


def _counts(server: Ndt7Server) -> str:
    return " ".join(f"{end}={count}" for end, count in sorted(server.ended.items()))
