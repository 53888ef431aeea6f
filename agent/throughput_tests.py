"""Both kinds of throughput test, each with its lease, its moments and what it finds out about this machine."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial

from agent.background import background
from agent.capacity import run_capacity_test
from agent.clock import Clock
from agent.config import ConfigSource
from agent.device import Device, read_device
from agent.effort import look
from agent.fold import Draft
from agent.http import Collector
from agent.lease import Granted, LeaseOffice, NotNow
from agent.link import read_link
from agent.loopback import Loopback
from agent.ndt7_client import Ndt7Place
from agent.probes import watches
from agent.sample import SingleProbe
from agent.schedule import Emit, Sleep
from agent.settings import Settings
from agent.sufficiency import run_sufficiency_test
from agent.throughput import run_throughput_tests
from agent.working import WorkingTimes


class ThroughputTests:
    """The tests of one agent. `sufficiency` and `capacity` run until cancelled."""

    def __init__(
        self,
        settings: Settings,
        config: ConfigSource,
        collector: Collector,
        *,
        loopback: Loopback,
        working: WorkingTimes,
        emit: Emit,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self._settings = settings
        self._config = config
        self._collector = collector
        self._loopback = loopback
        self._working = working
        self._emit = emit
        self._clock = clock
        self._sleep = sleep
        self._office = LeaseOffice(collector, token=settings.token.shown, clock=clock, sleep=sleep)

    async def sufficiency(self) -> None:
        """Test whether a rate is there, as often as the collector wants it."""
        await run_throughput_tests(
            self._config.throughput_interval_ns,
            agent=self._settings.agent,
            ask=self._office.ask,
            test=partial(
                run_sufficiency_test,
                office=self._office,
                collector=self._collector,
                token=self._settings.token.shown,
                watches=self._watches,
                device=self._device,
                exerted=partial(look, self._clock),
                clock=self._clock,
                sleep=self._sleep,
            ),
            working=self._working,
            emit=self._emit,
            clock=self._clock,
            sleep=self._sleep,
        )

    async def capacity(self) -> None:
        """Test how much there is, as often as the collector wants it and when an admin asks."""
        await run_throughput_tests(
            self._config.capacity_interval_ns,
            agent=self._settings.agent,
            ask=self._ask_for_capacity,
            test=self._test_capacity,
            working=self._working,
            emit=self._emit,
            clock=self._clock,
            sleep=self._sleep,
            kind="capacity",
            wanted_now=self._config.capacity_request,
            allowed=lambda: self._config.throughput_interval_ns() is not None,
        )

    async def _ask_for_capacity(self) -> Granted | NotNow:
        link = await background(partial(read_link, self._settings.host, self._settings.port))
        return await self._office.ask("capacity", link_mbps=link.mbps if link is not None else None)

    async def _test_capacity(self, granted: Granted) -> Sequence[Draft]:
        settings = self._settings
        return await run_capacity_test(
            granted,
            self._office,
            place=Ndt7Place.of(
                granted.lease, collector_host=settings.host, ca_file=settings.ca_file, proxy=settings.proxy_url
            ),
            watches=self._watches,
            device=self._device,
            exerted=partial(look, self._clock),
            clock=self._clock,
            sleep=self._sleep,
        )

    def _watches(self) -> AbstractContextManager[Sequence[SingleProbe]]:
        district = self._config.target("district")
        assert district is not None  # without it there is no interval to test in
        return watches(district, collector_host=self._settings.host, clock=self._clock)

    async def _device(self) -> Device:
        return await read_device((self._settings.host, self._settings.port), self._loopback.bps)
