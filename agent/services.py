"""When to ask each service of the district's list: once in each interval, at a moment of this agent's own in it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.fold import Draft
from agent.schedule import ASLEEP_NS, WAKING_NS, Emit, Sleep, next_due_ns, place_of, spread_ns
from agent.service import METHOD_VERSION
from agent.working import WorkingTimes
from wire.enrolment import AgentConfig, Service
from wire.service_report import ServiceReport

log = logging.getLogger(__name__)

Ask = Callable[[Service], Awaitable[Draft]]


class Services:
    """The services that are asked now. `follow` makes them what a config says, `stop` ends asking."""

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        ask: Ask,
        *,
        agent: str,
        working: WorkingTimes,
        emit: Emit,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self._tasks = tasks
        self._watch = partial(watch_service, ask=ask, agent=agent, working=working, emit=emit, clock=clock, sleep=sleep)
        self._running: dict[Service, asyncio.Task[None]] = {}

    def follow(self, config: AgentConfig) -> None:
        """Begin with what is new in `config`, end what is gone; what is the same is asked on undisturbed."""
        wanted = set(config.services)
        for gone in self._running.keys() - wanted:
            self._running.pop(gone).cancel()
        for new in wanted - self._running.keys():
            self._running[new] = self._tasks.create_task(self._watch(new))

    def stop(self) -> None:
        """Ask no more. What is under way is not reported."""
        for task in self._running.values():
            task.cancel()
        self._running.clear()


async def watch_service(
    service: Service, *, ask: Ask, agent: str, working: WorkingTimes, emit: Emit, clock: Clock, sleep: Sleep
) -> None:
    """Ask `service` on the boot clock's grid until cancelled, a report for each request.

    A request that came due while the machine slept, or lies in one of our own throughput tests, is left out; so is what
    a request learned that one of both fell into.
    """
    interval_ns = service.interval_ms * NS_PER_MS
    offset_ns = spread_ns(agent, service.alias, interval_ns)
    broken: set[str] = set()
    due_ns = next_due_ns(clock.boot_ns(), interval_ns, offset_ns)
    while True:
        await sleep(max(0, due_ns - clock.boot_ns()) / NS_PER_S)
        began_ns = clock.boot_ns()
        if began_ns < due_ns:
            continue
        slept = began_ns - due_ns > ASLEEP_NS
        if slept:  # a machine gets time to find its network again
            await sleep(WAKING_NS / NS_PER_S)
        due_ns = next_due_ns(clock.boot_ns() + 1, interval_ns, offset_ns)
        if slept or working.cover(began_ns):
            continue
        try:
            draft = await ask(service)
        except Exception as error:  # noqa: BLE001 - one service must not end the others
            kind = type(error).__name__
            if kind not in broken:
                broken.add(kind)
                log.warning("service cannot be asked target=%s error=%s at=%s", service.alias, kind, place_of(error))
            draft = broken_draft(service, began_ns)
        ended_ns = clock.boot_ns()
        if working.cover(ended_ns) or ended_ns - began_ns > service.timeout_ms * NS_PER_MS + ASLEEP_NS:
            continue
        emit(draft)


def broken_draft(service: Service, began_ns: int) -> Draft:
    """The report of a request that our own fault ended before it said anything."""
    return partial(
        ServiceReport,
        boot_ms=began_ns // NS_PER_MS,
        duration_ms=1,
        target=service.alias,
        method_version=METHOD_VERSION,
        via_proxy=False,
        resolve_us=None,
        connect_us=None,
        proxy_us=None,
        tls_us=None,
        first_byte_us=None,
        status=None,
        certificate_days=None,
        failure="probe_broke",
        failed_in=None,
    )
