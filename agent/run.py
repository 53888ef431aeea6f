"""The agent at work: measure, keep, deliver, until asked to stop."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial

from agent.attachment import AttachmentReader
from agent.background import background
from agent.capacity import run_capacity_test
from agent.clock import Clock
from agent.config import ConfigSource
from agent.device import Device, read_device
from agent.effort import look
from agent.fold import Draft
from agent.health import watch_health
from agent.holding import Holding
from agent.http import Collector
from agent.known_place import KnownPlace
from agent.last_counts import LastCounts
from agent.lease import Granted, LeaseOffice, NotNow
from agent.link import read_link
from agent.loopback import Loopback, measure_loopback
from agent.ndt7_client import Ndt7Place
from agent.ndt7_reference import Ndt7Reference
from agent.path import BadPeriod, trace_paths
from agent.presence import Presence, is_portable
from agent.probes import prepare, watches
from agent.push import Push
from agent.reflector import ReflectorHost
from agent.roster import Roster
from agent.sample import SingleProbe
from agent.schedule import Sleep, Tally
from agent.service import ServiceProbe
from agent.services import Services
from agent.settings import Settings
from agent.spool import Spool
from agent.state import State
from agent.sufficiency import run_sufficiency_test
from agent.throughput import run_throughput_tests
from agent.trace import hindrance, trace
from agent.working import WorkingTimes
from agent.writer import Writer
from wire.enrolment import AgentConfig

log = logging.getLogger(__name__)

LAST_WRITE_S = 1.5
LAST_PUSH_S = 2.0
"""Together below the five seconds in which a stopped agent has to be gone."""


def collector_of(settings: Settings) -> Collector:
    """The collector that `settings` name, as they say to reach it."""
    return Collector(settings.url, ca_file=settings.ca_file, proxy=proxy_of(settings))


def service_probe_of(settings: Settings, clock: Clock) -> ServiceProbe:
    """What asks services, by the same way out as the collector's."""
    return ServiceProbe(ca_file=settings.ca_file, proxy=proxy_of(settings), clock=clock)


def proxy_of(settings: Settings) -> str | None:
    """The proxy that `settings` name."""
    return settings.proxy.shown if settings.proxy is not None else None


async def run_agent(  # noqa: PLR0915
    settings: Settings, state: State, spool: Spool, *, clock: Clock, sleep: Sleep, stop: asyncio.Event
) -> None:
    """Measure and deliver until `stop` is set; then keep what was learned, try once more to deliver
    it, and return within five seconds. `spool` is open and stays open."""
    collector = collector_of(settings)
    token = settings.token.shown
    tally = Tally()
    working = WorkingTimes()
    loopback = Loopback(partial(measure_loopback, clock))
    config = ConfigSource(state.config, collector, token=token)
    writer = Writer(spool, clock=clock, sleep=sleep)
    holding = Holding(writer.emit)
    last_counts = LastCounts(spool)
    push = Push(spool, collector, agent=settings.agent, token=token, clock=clock, sleep=sleep)
    bad = BadPeriod()
    office = LeaseOffice(collector, token=token, clock=clock, sleep=sleep)

    def probes_beside_a_test() -> AbstractContextManager[Sequence[SingleProbe]]:
        district = config.target("district")
        assert district is not None  # without it there is no interval to test in
        return watches(district, collector_host=settings.host, clock=clock)

    async def device() -> Device:
        return await read_device((settings.host, settings.port), loopback.bps)

    async def ask_for_capacity() -> Granted | NotNow:
        link = await background(partial(read_link, settings.host, settings.port))
        return await office.ask("capacity", link_mbps=link.mbps if link is not None else None)

    async def test_capacity(granted: Granted) -> Sequence[Draft]:
        place = Ndt7Place.of(
            granted.lease, collector_host=settings.host, ca_file=settings.ca_file, proxy=proxy_of(settings)
        )
        return await run_capacity_test(
            granted,
            office,
            place=place,
            watches=probes_beside_a_test,
            device=device,
            exerted=partial(look, clock),
            clock=clock,
            sleep=sleep,
        )

    def emit(draft: Draft) -> None:
        holding.emit(draft)
        bad.notice(draft)

    async with asyncio.TaskGroup() as tasks:
        roster = Roster(
            tasks,
            partial(prepare, agent=settings.agent, collector_host=settings.host, clock=clock),
            clock=clock,
            sleep=sleep,
            emit=emit,
            tally=tally,
            working=working,
        )
        reflector = ReflectorHost(tasks, spool.note, clock=clock, sleep=sleep)
        ndt7 = Ndt7Reference(tasks, collector, token=token, clock=clock, sleep=sleep)
        services = Services(
            tasks,
            service_probe_of(settings, clock).ask,
            agent=settings.agent,
            working=working,
            emit=writer.emit,
            clock=clock,
            sleep=sleep,
        )
        loops: list[asyncio.Task[None]] = []

        def obey(wanted: AgentConfig) -> None:
            roster.follow(wanted)
            reflector.follow(wanted.reflector)
            ndt7.follow(wanted.ndt7)
            services.follow(wanted)
            if len(loops) == 1:  # the first config there ever was
                loops.append(tasks.create_task(push.run(config.push_interval_ns)))
                loops.append(
                    tasks.create_task(
                        watch_health(
                            period_ns=config.period_ns,
                            clock=clock,
                            sleep=sleep,
                            emit=holding.emit,
                            tally=tally,
                            count=last_counts.now,
                            towards=(settings.host, settings.port),
                            role=config.role,
                        )
                    )
                )
                loops.append(
                    tasks.create_task(loopback.keep(settings.agent, working=working, clock=clock, sleep=sleep))
                )
                loops.append(
                    tasks.create_task(
                        run_throughput_tests(
                            config.throughput_interval_ns,
                            agent=settings.agent,
                            ask=office.ask,
                            test=partial(
                                run_sufficiency_test,
                                office=office,
                                collector=collector,
                                token=token,
                                watches=probes_beside_a_test,
                                device=device,
                                exerted=partial(look, clock),
                                clock=clock,
                                sleep=sleep,
                            ),
                            working=working,
                            emit=holding.emit,
                            clock=clock,
                            sleep=sleep,
                        )
                    )
                )
                loops.append(
                    tasks.create_task(
                        run_throughput_tests(
                            config.capacity_interval_ns,
                            agent=settings.agent,
                            ask=ask_for_capacity,
                            test=test_capacity,
                            working=working,
                            emit=holding.emit,
                            clock=clock,
                            sleep=sleep,
                            kind="capacity",
                            wanted_now=config.capacity_request,
                        )
                    )
                )
                loops.append(
                    tasks.create_task(
                        trace_paths(
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
                    )
                )

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
        loops.append(tasks.create_task(config.run(presence.follow, spool.note, clock, sleep)))
        writing = tasks.create_task(writer.run())
        log.info("agent started")
        await stop.wait()
        for loop in loops:
            loop.cancel()
        services.stop()
        await roster.stop()
        await reflector.stop()
        await ndt7.stop()
        await presence.stop()
        writer.finish()
        await asyncio.wait((writing,), timeout=LAST_WRITE_S)
        writing.cancel()
        try:
            async with asyncio.timeout(LAST_PUSH_S):
                await push.deliver_all()
        except TimeoutError:
            log.info("no time left to deliver, the reports wait in the spool")
    log.info("agent stopped")
