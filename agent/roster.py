"""Who is being measured now: one task for each target, restarted only where the target changed."""

import asyncio
import logging
from collections.abc import Callable

from agent.clock import Clock
from agent.probes import Prepared
from agent.schedule import Emit, Sleep, Tally, measure
from agent.working import WorkingTimes
from wire.enrolment import AgentConfig, Target

log = logging.getLogger(__name__)

Prepare = Callable[[Target, int], Prepared]


class Roster:
    """The running measurements. `follow` makes them what a config says, `stop` ends them all."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        prepare: Prepare,
        *,
        clock: Clock,
        sleep: Sleep,
        emit: Emit,
        tally: Tally,
        working: WorkingTimes,
    ) -> None:
        self._tasks = tasks
        self._prepare = prepare
        self._clock = clock
        self._sleep = sleep
        self._emit = emit
        self._tally = tally
        self._working = working
        self._running: dict[tuple[Target, int], asyncio.Task[None]] = {}

    def follow(self, config: AgentConfig) -> None:
        """Start what is new in `config`, stop what is gone; what is the same runs on undisturbed."""
        wanted = {(target, config.period_ms) for target in config.targets}
        for gone in self._running.keys() - wanted:
            self._running.pop(gone).cancel()
        for new in wanted - self._running.keys():
            self._running[new] = self._tasks.create_task(self._measure(*new))
        log.info("measuring targets=%s", ",".join(sorted(target.alias for target in config.targets)) or "none")

    async def stop(self) -> None:
        """End every measurement; each reports what it has. Returns when all have."""
        tasks = list(self._running.values())
        self._running.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _measure(self, target: Target, period_ms: int) -> None:
        prepared = self._prepare(target, period_ms)
        try:
            await measure(
                prepared.job,
                clock=self._clock,
                sleep=self._sleep,
                emit=self._emit,
                tally=self._tally,
                working=self._working,
            )
        finally:
            prepared.close()
