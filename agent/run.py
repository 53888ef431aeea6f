"""The agent at work: measure, keep, deliver, until asked to stop."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from functools import partial
from typing import Any

from agent.attachment import AttachmentReader
from agent.clock import Clock
from agent.config import ConfigSource
from agent.health import watch_health
from agent.holding import Holding
from agent.http import Collector
from agent.known_place import KnownPlace
from agent.last_counts import LastCounts
from agent.loopback import Loopback, measure_loopback
from agent.ndt7_reference import Ndt7Reference
from agent.path import BadPeriod, trace_paths
from agent.presence import Presence, is_portable
from agent.probes import prepare
from agent.push import Push
from agent.reflector import ReflectorHost
from agent.roster import Roster
from agent.schedule import Sleep, Tally
from agent.service import ServiceProbe
from agent.services import Services
from agent.settings import Settings
from agent.spool import Spool
from agent.state import State
from agent.throughput_tests import ThroughputTests
from agent.trace import hindrance, trace
from agent.uplink import count_uplinks
from agent.uplink_words import note_uplinks
from agent.working import WorkingTimes
from agent.writer import Writer
from wire.enrolment import AgentConfig

log = logging.getLogger(__name__)

LAST_WRITE_S = 1.5
LAST_PUSH_S = 2.0
"""Together below the five seconds in which a stopped agent has to be gone."""


def collector_of(settings: Settings) -> Collector:
    """The collector that `settings` name, as they say to reach it."""
    return Collector(settings.url, ca_file=settings.ca_file, proxy=settings.proxy_url)


async def run_agent(
    settings: Settings, state: State, spool: Spool, *, clock: Clock, sleep: Sleep, stop: asyncio.Event
) -> None:
    """Measure and deliver until `stop` is set; then keep what was learned, try once more to deliver
    it, and return within five seconds. `spool` is open and stays open."""
    token = settings.token.shown
    collector = collector_of(settings)
    tally = Tally()
    working = WorkingTimes()
    loopback = Loopback(partial(measure_loopback, clock))
    config = ConfigSource(state.config, collector, token=token)
    writer = Writer(spool, clock=clock, sleep=sleep)
    holding = Holding(writer.emit)
    push = Push(spool, collector, agent=settings.agent, token=token, clock=clock, sleep=sleep)
    bad = BadPeriod()
    tests = ThroughputTests(
        settings, config, collector, loopback=loopback, working=working, emit=holding.emit, clock=clock, sleep=sleep
    )

    def loops() -> Iterator[Coroutine[Any, Any, None]]:
        """What runs from the first configuration on, whatever is configured later."""
        yield push.run(config.push_interval_ns)
        yield watch_health(
            period_ns=config.period_ns,
            clock=clock,
            sleep=sleep,
            emit=holding.emit,
            tally=tally,
            count=LastCounts(spool).now,
            towards=(settings.host, settings.port),
        )
        yield count_uplinks(
            settings,
            agent=settings.agent,
            role=config.role,
            period_ns=config.period_ns,
            emit=holding.emit,
            note=partial(note_uplinks, spool.note, clock),
            clock=clock,
            sleep=sleep,
        )
        yield loopback.keep(settings.agent, working=working, clock=clock, sleep=sleep)
        yield tests.sufficiency()
        yield tests.capacity()
        yield trace_paths(
            config,
            agent=settings.agent,
            collector_host=settings.host,
            trace=trace,
            hindrance=hindrance,
            bad=bad,
            working=working,
            emit=holding.emit,
            clock=clock,
            sleep=sleep,
        )

    async with asyncio.TaskGroup() as tasks:
        roster = Roster(
            tasks,
            partial(prepare, agent=settings.agent, collector_host=settings.host, clock=clock),
            clock=clock,
            sleep=sleep,
            emit=bad.noticing(holding.emit),
            tally=tally,
            working=working,
        )
        reflector = ReflectorHost(tasks, spool.note, clock=clock, sleep=sleep)
        ndt7 = Ndt7Reference(tasks, collector, token=token, clock=clock, sleep=sleep)
        services = Services(
            tasks,
            ServiceProbe(ca_file=settings.ca_file, proxy=settings.proxy_url, clock=clock).ask,
            agent=settings.agent,
            working=working,
            emit=holding.emit,
            clock=clock,
            sleep=sleep,
        )
        running: list[asyncio.Task[None]] = []

        def obey(wanted: AgentConfig) -> None:
            roster.follow(wanted)
            reflector.follow(wanted.reflector)
            ndt7.follow(wanted.ndt7)
            services.follow(wanted)
            if len(running) == 1:  # the first config there ever was
                running.extend(tasks.create_task(loop) for loop in loops())

        presence = Presence(
            tasks,
            KnownPlace(state.known_place),
            obey=obey,
            holding=holding,
            emit=writer.emit,
            note=spool.note,
            clock=clock,
            sleep=sleep,
            read=AttachmentReader().read,
            portable=is_portable(),
        )
        config.here = presence.here
        config.load()
        writing = tasks.create_task(writer.run())
        running.append(tasks.create_task(config.run(presence.follow, spool.note, clock, sleep)))
        log.info("agent started")
        await stop.wait()
        for loop in running:
            loop.cancel()
        services.stop()
        for one in (roster, reflector, ndt7, presence):
            await one.stop()
        writer.finish()
        await asyncio.wait((writing,), timeout=LAST_WRITE_S)
        writing.cancel()
        await _deliver_once_more(push)
    log.info("agent stopped")


async def _deliver_once_more(push: Push) -> None:
    try:
        async with asyncio.timeout(LAST_PUSH_S):
            await push.deliver_all()
    except TimeoutError:
        log.info("no time left to deliver, the reports wait in the spool")
