"""A collector that is killed in the middle of a test: the test stops, nobody is blamed, and its bytes count as used."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from agent.background import background
from agent.capacity import run_capacity_test
from agent.clock import system_clock
from agent.device import Device
from agent.effort import look
from agent.fold import Draft
from agent.http import Collector
from agent.lease import Granted, LeaseOffice
from agent.ndt7_client import Ndt7Place
from agent.sample import Sample, SingleProbe
from agent.sufficiency import run_sufficiency_test
from tests.end_to_end.collector_process import ROOMS, SITE, CollectorFolder, Enrolled, free_port
from tests.end_to_end.http_client import get_json
from tests.end_to_end.process import run
from wire.lease import LeaseKind
from wire.reports import ThroughputReport

CLOCK = system_clock()
IDLE = 10
"""Probes before a stream."""


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[CollectorFolder]:
    much = {f"{whose}throughput_bytes_a_{span}": 10**12 for whose in ("", "site_") for span in ("day", "month")}
    folder = CollectorFolder(
        tmp_path / "collector",
        **much,
        district_throughput_bytes_a_day=10**12,
        ndt7_port=free_port(),
        capacity="asked",
        capacity_bytes=10**11,  # no loopback carries that before the end
    ).start()
    yield folder
    folder.close()


@dataclass
class Watch:
    """Sees a quiet line, and `strikes` at the given probe beside a stream."""

    strike: Callable[[], None]
    at: int
    seen: int = field(default=0)

    async def probe(self) -> Sample:
        self.seen += 1
        if self.seen == IDLE + self.at:
            await background(self.strike)
        return Sample(sent_ns=CLOCK.boot_ns(), method="stamp", rtt_ns=1_000_000)

    @contextmanager
    def watches(self) -> Iterator[Sequence[SingleProbe]]:
        yield [self.probe]


async def one_test(collector: CollectorFolder, agent: Enrolled, kind: LeaseKind, watch: Watch) -> list[Draft]:
    way = Collector(collector.url)
    office = LeaseOffice(way, token=agent.token, clock=CLOCK, sleep=asyncio.sleep)
    granted = await office.ask(kind)
    assert isinstance(granted, Granted), granted
    if kind == "sufficiency":
        return await run_sufficiency_test(
            granted,
            office,
            collector=way,
            token=agent.token,
            watches=watch.watches,
            device=device,
            exerted=partial(look, CLOCK),
            clock=CLOCK,
            sleep=asyncio.sleep,
        )
    place = Ndt7Place.of(granted.lease, collector_host="127.0.0.1", ca_file=None, proxy=None)
    return await run_capacity_test(
        granted,
        office,
        place=place,
        watches=watch.watches,
        device=device,
        exerted=partial(look, CLOCK),
        clock=CLOCK,
        sleep=asyncio.sleep,
    )


async def device() -> Device:
    return Device()


@pytest.mark.parametrize("kind", ["sufficiency", "capacity"])
def test_a_test_stops_with_its_collector_and_could_not_tell(collector: CollectorFolder, kind: LeaseKind) -> None:
    agent = collector.enrol()
    assert run("bandroom", "test", SITE, ROOMS[0], "--settings", collector.file).returncode == 0
    assert collector.running is not None
    watch = Watch(collector.running.kill, at=12)

    drafts = asyncio.run(one_test(collector, agent, kind, watch))

    down, *later = [draft(seq=number + 1) for number, draft in enumerate(drafts)]
    assert isinstance(down, ThroughputReport)
    assert (down.direction, down.ended_by, down.sustained) == ("down", "peer", None)
    assert down.used_bytes > 0, "bytes had flowed"
    assert watch.seen > IDLE + watch.at
    for up in later:  # nobody is there to test to
        assert isinstance(up, ThroughputReport)
        assert (up.ended_by, up.received_bps, up.sustained) == (None, None, None)

    collector.start()
    day = get_json(collector.url, "/v1/budgets")["sites"][0]["day"]
    assert day["used_bytes"] == 0
    assert day["reserved_bytes"] > down.used_bytes, "what was set aside for it is not free again"
