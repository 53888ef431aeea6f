"""A room's machine measures where its school is, also while that is cut off, and nowhere else."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.carried_machine import COLLECTOR_PORT, REFERENCE, SCHOOL_LAN, Carried, carried_machine
from tests.end_to_end.collector_process import DISTRICT, CollectorFolder
from tests.end_to_end.waiting import eventually

pytestmark = [pytest.mark.requires("netns"), pytest.mark.slow]

ELSEWHERE = "192.168.77"
LOST_PERIODS = 3
"""So many whole ones are seen in the outage before the machine's agent restarts, and so many after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The machine's agent, the reference's, and what stands between them and the collector."""

    at: Carried
    collector: CollectorFolder
    machine: AgentFolder
    reference: AgentFolder

    def presence(self) -> Any:
        return self.machine.status()["presence"]

    def delivered(self) -> int:
        return self.machine.reports()["delivered"]

    def wait_for_presence(self, presence: str) -> None:
        eventually(f"the machine says that it is {presence}", lambda: self.presence() == presence)

    def wait_for_reports(self, count: int) -> None:
        """Wait until so many more have been delivered."""
        before = self.delivered()
        eventually(f"{count} reports are delivered", lambda: self.delivered() >= before + count)

    def wait_for_loss(self, periods: int) -> None:
        """Wait until the spool keeps so many in which all was lost on the way to the district and nothing at the site.

        A probe is given up seconds after it was sent: reports of nearer targets say nothing about these.
        """

        def lost() -> bool:
            kept = [one for one in self.machine.kept_bodies() if one["kind"] == "latency"]
            near = {one["boot_ms"] for one in kept if one["target"] == "site" and one["received"] == one["sent"]}
            far = [one for one in kept if one["target"] == "district" and one["sent"] > 5 and one["received"] == 0]
            return sum(one["boot_ms"] in near for one in far) >= periods

        eventually(f"{periods} periods of loss are kept", lost)

    def stored(self, query: str) -> list[tuple[Any, ...]]:
        """What the stopped collector's store says of the machine."""
        with self.collector.opened() as store:
            return store.execute(query, [self.machine.agent]).fetchall()


@pytest.fixture(params=[ELSEWHERE, SCHOOL_LAN], ids=["another network", "a home with the addresses of the school"])
def day(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Day]:
    """Everybody at work at school, the machine not started yet."""
    with ExitStack() as stack:
        at = stack.enter_context(carried_machine(request.param))
        collector = CollectorFolder(
            tmp_path / "collector",
            host="10.83.0.1",
            port=COLLECTOR_PORT,
            public_port=COLLECTOR_PORT,
            behind_proxy=True,
            reader_password="correct horse",
            throughput=False,
        )
        (collector.folder / "district.toml").write_text(f'{DISTRICT}reflector = "{REFERENCE}"\n')
        stack.callback(collector.close)
        at.plug_in_at_school()
        at.district.call(collector.start)
        agents = {}
        for role, place in (("room", at.machine), ("reference", at.reference)):
            agents[role] = AgentFolder(tmp_path / role, prefix=place.command())
            stack.callback(agents[role].close)
            agents[role].join(collector.url, collector.code(role=role), "--insecure-http")
        agents["reference"].start()
        eventually("the reference reflects", lambda: agents["reference"].status()["reflector"])
        yield Day(at=at, collector=collector, machine=agents["room"], reference=agents["reference"])


def test_a_day_at_school_in_an_outage_at_home_and_back(day: Day) -> None:
    day.machine.start()
    day.wait_for_presence("present")
    day.wait_for_reports(10)

    day.at.cut_uplink()
    day.wait_for_loss(LOST_PERIODS)
    day.machine.stop()
    day.machine.start()  # in the outage
    day.wait_for_loss(2 * LOST_PERIODS)
    assert day.presence() == "present"
    day.at.mend_uplink()
    day.machine.wait_until_all_is_delivered()

    day.at.unplug()
    day.at.plug_in_at_home()
    day.wait_for_presence("away")
    day.at.count_at_home()
    day.wait_for_reports(20)
    seen = day.at.counted_at_home()
    assert seen["questions"] > 0 or day.at.home_lan == SCHOOL_LAN  # where it would be a neighbour's, who is not there
    assert seen["delivery"] > 0
    assert seen["rest"] == 0

    day.at.unplug()
    day.at.plug_in_at_school()
    day.wait_for_presence("present")
    day.wait_for_reports(10)
    day.machine.stop()
    day.reference.stop()
    reflected = day.reference.status()["reflector"]
    day.collector.stop()

    assert reflected["answered"] > 100
    assert reflected["limited"] == 0
    check_what_is_stored(day)


def check_what_is_stored(day: Day) -> None:
    """The outage is there as loss beyond the site alone, the time at home as being away and as nothing else."""
    outage = day.stored(
        """SELECT count(*) FROM latency far JOIN latency near ON near.agent = far.agent AND near.boot = far.boot
        AND near.started_at = far.started_at WHERE far.agent = ? AND far.target = 'district' AND near.target = 'site'
        AND far.sent > 5 AND far.received = 0 AND near.received = near.sent"""
    )
    assert outage[0][0] >= 2 * LOST_PERIODS
    away = day.stored(
        "SELECT started_at, started_at + to_milliseconds(duration_ms) FROM off_site WHERE agent = ? ORDER BY 1"
    )
    assert len(away) >= 5
    for table in ("latency", "health", "path", "service", "throughput"):
        inside = [
            one
            for one in day.stored(f"SELECT started_at, duration_ms FROM {table} WHERE agent = ?")
            if any(started_at <= one[0] < ended_at for started_at, ended_at in away)
        ]
        assert inside == [], table
