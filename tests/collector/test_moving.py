"""A machine that is moved takes nothing along: what it measured stays with the room where it was measured."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from collector.board.pages import room_page
from collector.engine import Engine
from collector.ingest.accounts import Accounts
from collector.ingest.group_commit import GroupCommit
from collector.ingest.ingest import Ingest
from collector.now import RoomNow
from collector.registry.registry import Registry
from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import Arrival, Store, StoreUnavailable, WriteOutcome
from tests.collector.board.reader import read
from tests.collector.builders import MONDAY_10, health, latency, throughput
from tests.collector.live import TOKEN, MovableClock, a_batch, a_district, enrolled
from wire.batch import Acknowledgement, BootClock
from wire.codec import encode
from wire.reports import LatencyReport, Report


class School:
    """A district whose one agent was switched on in room 204 at ten, when its boot clock began.

    Each delivery is to a collector that was just started.
    """

    def __init__(self, store: Store, registry: Registry) -> None:
        self.store = store
        self.registry = registry
        self.clock = MovableClock()
        self.agent = enrolled(registry, self.clock).agent
        self.engine = Engine(
            store=store,
            registry=registry,
            district=a_district(),
            bin_seconds=300,
            settle_seconds=125,
            stale_seconds=185,
            clock=self.clock,
        )

    def at_minute(self, minute: float) -> "School":
        """Move the clock to `minute` after ten."""
        self.clock.move(MONDAY_10 + timedelta(minutes=minute) - self.clock())
        return self

    def move(self, room: str) -> None:
        """Move the agent to another room of its site, now."""
        self.registry.move(self.agent, site="oak-hill", room=room, now_ms=self._now_ms())

    def deliver(self, *reports: Report) -> Acknowledgement:
        """Hand over reports, now."""
        clock = BootClock(
            boot_ms=self._now_ms() - int(MONDAY_10.timestamp() * 1000),
            wall_ms=self._now_ms(),
            synchronised=True,
            live=True,
        )
        return asyncio.run(self._take(encode(a_batch(*reports, clock=clock))))

    async def _take(self, body: bytes) -> Acknowledgement:
        accounts = Accounts(CollectorRegistry())
        commits = GroupCommit(self.store, accounts)
        ingest = Ingest(
            registry=self.registry, commits=commits, accounts=accounts, now=self.clock, keep=timedelta(days=30)
        )
        running = asyncio.create_task(commits.run())
        try:
            return await ingest.take(self.registry.agent_of_token(TOKEN), body, "")
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def _now_ms(self) -> int:
        return int(self.clock().timestamp() * 1000)

    def room(self, room: str) -> RoomNow:
        """A room as it is now."""
        found = self.engine.tick().room("oak-hill", room)
        assert found is not None
        return found

    def bins(self, room: str) -> list[tuple[str, int]]:
        """When each bin of a room began as the store has them, and how much was sent in it."""
        found = self.store.bins_between(MONDAY_10, MONDAY_10 + timedelta(hours=5), room=("oak-hill", room))
        return [(f"{one.started_at:%H:%M}", one.sent) for one in found.get(("oak-hill", room), [])]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    opened = Registry.open_registry(f"sqlite:///{tmp_path / 'moving.sqlite'}")
    yield opened
    opened.close()


@pytest.fixture
def school(registry: Registry, open_store: Callable[[], Store]) -> School:
    return School(open_store(), registry)


def minutes(first: int, end: int, **other: float) -> list[LatencyReport]:
    """A report for each minute after ten from `first` on, before `end`."""
    return [latency(minute + 1, boot_ms=60_000 * minute, **other) for minute in range(first, end)]  # type: ignore[arg-type]


def test_what_waited_on_the_machine_when_it_was_moved_belongs_to_its_old_room(school: School) -> None:
    school.at_minute(8).deliver(*minutes(0, 8, rtt_us=300_000))
    school.at_minute(10).move("205")
    school.at_minute(20).deliver(*minutes(8, 10, rtt_us=300_000), *minutes(10, 20))

    old, new = school.at_minute(23).room("204"), school.room("205")

    assert school.bins("204") == [("10:00", 300), ("10:05", 300)]
    assert school.bins("205") == [("10:10", 300), ("10:15", 300)]
    assert (old.state.state, old.agents) == ("bad", 0)
    assert (new.state.state, new.agents) == ("ok", 1)


def test_a_report_that_began_before_the_move_belongs_to_the_old_room_with_all_of_its_minute(school: School) -> None:
    school.at_minute(4.5).move("205")
    school.at_minute(10).deliver(*minutes(0, 10))

    school.at_minute(13).room("204")

    assert school.bins("204") == [("10:00", 300)]
    assert school.bins("205") == [("10:05", 300)]


def test_every_kind_of_report_stays_where_it_was_made(school: School) -> None:
    school.at_minute(8).move("205")
    school.at_minute(10).deliver(
        throughput(1, boot_ms=60_000 * 7), throughput(2, boot_ms=60_000 * 9), health(3, boot_ms=60_000 * 7)
    )

    tests = [(one.room, f"{one.test.ended_at:%M:%S}") for one in school.store.tests_since(MONDAY_10)]

    assert tests == [("204", "07:05"), ("205", "09:05")]


def test_reports_that_are_sent_again_after_the_move_count_nowhere_twice(school: School) -> None:
    school.at_minute(10).deliver(*minutes(0, 10))
    school.move("205")

    again = school.at_minute(11).deliver(*minutes(0, 10))

    school.at_minute(13).room("204")
    assert (again.stored, again.duplicate) == (0, 10)
    assert school.bins("204") == [("10:00", 300), ("10:05", 300)]
    assert school.bins("205") == []


def test_the_board_shows_each_room_with_what_was_measured_in_it(school: School) -> None:
    school.at_minute(10).deliver(*minutes(0, 10))
    school.move("205")
    school.at_minute(60).deliver(*minutes(10, 60))

    old, new = school.at_minute(63).room("204"), school.room("205")

    assert old.evidence == "No agent is enrolled in this room any more; it was last measured Mon 10:10."
    assert [f"{one.started_at:%H:%M}" for one in old.bins] == ["10:00", "10:05"]
    assert [f"{one.started_at:%H:%M}" for one in new.bins][:2] == ["10:10", "10:15"]
    district = school.engine.now
    assert district is not None
    page = read(room_page(district, old, now=school.clock()))
    assert old.evidence in page.text
    newest, oldest = (row.text for row in page.one("table", class_="bins").one("tbody").all("tr"))
    assert "10:05" in newest
    assert "10:00" in oldest


class Away(DuckDbStore):
    """A store that takes nothing and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[Sequence[Arrival]] = []

    def write_reports(self, arrivals: Sequence[Arrival]) -> WriteOutcome:
        """Take nothing."""
        self.given.append(arrivals)
        raise StoreUnavailable("it is away")


def test_what_a_store_held_in_part_is_the_very_same_after_the_move(registry: Registry) -> None:
    """A store without transactions relies on it: the same report in another room would be there twice."""
    away = Away()
    school = School(away, registry)
    for minute in (10, 12):
        with pytest.raises(StoreUnavailable):
            school.at_minute(minute).deliver(*minutes(0, 10))
        school.move("205")

    before, after = away.given
    assert after == before
