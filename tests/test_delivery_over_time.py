"""The agent's spool and push against a real collector, over hours that are moved, not slept.

Agent and collector have clocks of their own: true time moves both, and the agent's wall clock may be
wrong by whatever a test says.
"""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pytest

from agent.clock import Clock
from agent.http import Collector
from agent.push import Push
from agent.spool import Spool
from tests.collector.builders import latency
from tests.collector.live import MONDAY_10, TOKEN, Live, MovableClock, live_collector

MINUTE = timedelta(minutes=1)


class Machine:
    """A school PC with a spool, a boot clock that counts sleep, and a wall clock of doubtful merit."""

    def __init__(self, folder: Path, true_time: MovableClock, *, wrong_by: timedelta = timedelta()) -> None:
        self.true_time = true_time
        self.wrong_by = wrong_by
        self.booted_at = true_time() - timedelta(minutes=3)
        self.vouched_for = False
        self.clock = Clock(
            boot_ns=lambda: self._ns(true_time() - self.booted_at),
            precise_ns=lambda: self._ns(true_time() - self.booted_at),
            wall_ns=lambda: int((true_time() + self.wrong_by).timestamp() * 1e9),
            synchronised=lambda: self.vouched_for,
        )
        self.spool = Spool(folder / "spool.sqlite")
        self.spool.open(marker="boot-1", reading=self.clock.read())

    def reboot(self, marker: str) -> None:
        """Start over with another boot, and whatever the spool kept."""
        self.spool.close()
        self.booted_at = self.true_time() - timedelta(seconds=30)
        self.spool.open(marker=marker, reading=self.clock.read())

    def measure(self, minutes: int) -> list[datetime]:
        """Let minutes pass, each with a report; when, in true time, each of them began."""
        began = []
        for _ in range(minutes):
            began.append(self.true_time())
            boot_ms = self.clock.boot_ns() // 1_000_000
            self.true_time.move(MINUTE)
            self.spool.add([partial(latency, boot_ms=boot_ms)], self.clock.read())
        return began

    def deliver(self, live: Live) -> str | None:
        """One round of delivery; what kept reports back, if anything."""
        return self.deliver_to(f"http://{live.host}:{live.port}", live.agent)

    def deliver_to(self, url: str, agent: str) -> str | None:
        """One round of delivery to whatever is at `url`."""

        async def no_pause(_seconds: float) -> None:
            return

        push = Push(self.spool, Collector(url), agent=agent, token=TOKEN, clock=self.clock, sleep=no_pause)
        kept = asyncio.run(push.deliver_all())
        return kept.word if kept else None

    @staticmethod
    def _ns(elapsed: timedelta) -> int:
        return int(elapsed.total_seconds() * 1e9)


@pytest.fixture
def true_time() -> MovableClock:
    return MovableClock()


@pytest.fixture
def live(tmp_path: Path, true_time: MovableClock) -> Iterator[Live]:
    with live_collector(tmp_path / "collector", clock=true_time) as running:
        yield running


def stored(folder: Path) -> list[tuple[datetime, bool]]:
    """When each stored report began, and whether that was repaired; the collector must be stopped."""
    with duckdb.connect(str(folder / "data" / "bandroom.duckdb"), read_only=True) as database:
        rows = database.execute("SELECT started_at, repaired FROM latency ORDER BY started_at").fetchall()
    return [(started_at.replace(tzinfo=MONDAY_10.tzinfo), repaired) for started_at, repaired in rows]


def near(found: list[datetime], expected: list[datetime]) -> bool:
    """Whether each lies within a second of the other."""
    return len(found) == len(expected) and all(
        abs(one - other) < timedelta(seconds=1) for one, other in zip(found, expected, strict=True)
    )


def test_a_collector_that_was_away_for_an_hour_gets_every_minute(tmp_path: Path, true_time: MovableClock) -> None:
    folder = tmp_path / "collector"
    machine = Machine(tmp_path, true_time)
    with live_collector(folder, clock=true_time) as live:
        began = machine.measure(5)
        assert machine.deliver(live) is None
        gone = f"http://{live.host}:{live.port}"

    for _ in range(6):
        began += machine.measure(10)
        assert machine.deliver_to(gone, "a" * 16) == "connection_refused"

    with live_collector(folder, clock=true_time) as live:
        assert machine.deliver(live) is None

    assert near([started_at for started_at, _ in stored(folder)], began)
    assert len(began) == 65
    counts = machine.spool.counts()
    assert (counts.waiting, counts.dropped, counts.quarantined) == (0, 0, 0)


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_a_day_off_at_start_does_not_move_reports(tmp_path: Path, true_time: MovableClock, days: int) -> None:
    folder = tmp_path / "collector"
    machine = Machine(tmp_path, true_time, wrong_by=timedelta(days=days))
    began = machine.measure(30)
    with live_collector(folder, clock=true_time) as live:
        assert machine.deliver(live) is None
        began += machine.measure(5)
        assert machine.deliver(live) is None

    found = stored(folder)
    assert near([started_at for started_at, _ in found], began)
    assert all(repaired for _, repaired in found)


def test_a_clock_that_is_set_in_mid_run_moves_nothing(tmp_path: Path, true_time: MovableClock) -> None:
    folder = tmp_path / "collector"
    machine = Machine(tmp_path, true_time, wrong_by=timedelta(days=-1))
    with live_collector(folder, clock=true_time) as live:
        began = machine.measure(5)
        assert machine.deliver(live) is None
        machine.wrong_by = timedelta()
        machine.vouched_for = True
        began += machine.measure(5)
        machine.wrong_by = timedelta(hours=7)
        began += machine.measure(5)
        assert machine.deliver(live) is None

    assert near([started_at for started_at, _ in stored(folder)], began)


def test_a_machine_asleep_for_an_hour_reports_nothing_of_it_and_the_rest_in_its_own_minutes(
    tmp_path: Path, true_time: MovableClock
) -> None:
    folder = tmp_path / "collector"
    machine = Machine(tmp_path, true_time, wrong_by=timedelta(hours=-3))
    began = machine.measure(5)
    true_time.move(timedelta(hours=1))
    began += machine.measure(5)
    with live_collector(folder, clock=true_time) as live:
        assert machine.deliver(live) is None

    assert near([started_at for started_at, _ in stored(folder)], began)


def test_a_boot_that_never_met_the_collector_is_placed_if_its_clock_was_vouched_for(
    tmp_path: Path, true_time: MovableClock
) -> None:
    folder = tmp_path / "collector"
    machine = Machine(tmp_path, true_time)
    machine.vouched_for = True
    began = machine.measure(5)
    machine.reboot("boot-2")
    true_time.move(timedelta(hours=2))
    machine.vouched_for = False
    machine.wrong_by = timedelta(days=-400)
    began += machine.measure(5)
    with live_collector(folder, clock=true_time) as live:
        assert machine.deliver(live) is None

    found = stored(folder)
    assert near([started_at for started_at, _ in found], began)
    assert [repaired for _, repaired in found] == [False] * 5 + [True] * 5


def test_a_boot_that_never_knew_the_time_is_set_aside_and_counted(
    tmp_path: Path, true_time: MovableClock, live: Live
) -> None:
    machine = Machine(tmp_path, true_time, wrong_by=timedelta(days=-400))
    machine.measure(5)
    machine.reboot("boot-2")
    machine.measure(3)

    assert machine.deliver(live) is None

    counts = machine.spool.counts()
    assert (counts.waiting, counts.quarantined) == (0, 5)
    assert live.metric("bandroom_reports_rejected_total") == 5
    assert live.metric("bandroom_reports_stored_total") == 3


def test_what_was_delivered_but_not_acknowledged_lands_on_the_same_minutes(
    tmp_path: Path, true_time: MovableClock
) -> None:
    """The acknowledgement is lost: the agent sends the same reports again, hours later."""
    folder = tmp_path / "collector"
    machine = Machine(tmp_path, true_time, wrong_by=timedelta(days=2))
    began = machine.measure(5)
    (boot,) = machine.spool.boots()
    with live_collector(folder, clock=true_time) as live:
        live.report(*machine.spool.read(boot, 100), boot=boot.boot, clock=machine.clock.read())
        true_time.move(timedelta(hours=3))
        assert machine.deliver(live) is None
        assert live.metric("bandroom_reports_duplicate_total") == 5

    assert near([started_at for started_at, _ in stored(folder)], began)
