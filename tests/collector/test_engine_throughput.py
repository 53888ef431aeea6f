"""Throughput tests on their way from the store to the snapshot."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collector.engine import Engine
from collector.now import RoomNow
from collector.registry.registry import Registry
from collector.store.protocol import Store, StoredTest
from tests.collector.builders import arrival, latency, throughput
from tests.collector.live import MovableClock, a_district

MINUTE = timedelta(minutes=1)
BEGIN = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
"""The store notes by the system's clock when it stored a test, and the engine reads the recent ones first."""

SHORT = {"received_bps": 400_000, "sustained": False}


class Counting:
    """A store that notes how many tests were read from it, each time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.read: list[int] = []

    def tests_since(self, stored_after: datetime) -> list[StoredTest]:
        found = self._store.tests_since(stored_after)
        self.read.append(len(found))
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class World:
    """One room, well measured by the minute, and what its throughput tests make of it."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self.store = Counting(store)
        self._registry = registry
        self._clock = MovableClock(BEGIN)
        self._seq = 0
        self._measured = 0
        self.restart()

    def restart(self) -> None:
        self._engine = Engine(
            store=self.store,
            registry=self._registry,
            district=a_district(),
            bin_seconds=300,
            settle_seconds=125,
            stale_seconds=185,
            clock=self._clock,
        )

    def tested(self, minute: float, **other: Any) -> None:
        """Store a test that ended `minute` minutes after the beginning."""
        self._seq += 1
        report = throughput(self._seq, **other)
        started_at = BEGIN + minute * MINUTE - timedelta(milliseconds=report.duration_ms)
        self.store.write_reports([arrival(report, boot="f" * 16, started_at=started_at)])

    def at_minute(self, minute: float) -> RoomNow:
        """The room then, measured without a gap until then."""
        whole = list(range(self._measured, int(minute)))
        self.store.write_reports([arrival(latency(one + 1), started_at=BEGIN + one * MINUTE) for one in whole])
        self._measured += len(whole)
        self._clock.move(BEGIN + minute * MINUTE - self._clock())
        room = self._engine.tick().room("oak-hill", "204")
        assert room is not None
        return room


@pytest.fixture
def world(tmp_path: Path, open_store: Callable[[], Store]) -> Iterator[World]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield World(open_store(), registry)
    registry.close()


def test_a_stored_test_reaches_the_snapshot_and_makes_the_room_bad(world: World) -> None:
    assert world.at_minute(20).state.state == "ok"
    world.tested(21, **SHORT)
    world.tested(21.2, direction="up", required_bps=500_000)

    room = world.at_minute(22)

    assert (room.state.state, room.state.worst) == ("bad", "throughput")
    assert [(one.direction, one.sustained) for one in room.speaking] == [("down", False), ("up", True)]
    assert room.tests[0].ended_at == BEGIN + 21 * MINUTE
    assert room.strip[-1].quality == "bad"


def test_a_rate_that_one_room_alone_does_not_find_has_a_cause(world: World) -> None:
    world.tested(10, **SHORT, idle_rtt_us=12_000, working_histogram="125:30", working_sent=30, working_received=30)

    assert world.at_minute(20).state.cause == "rate_limit_or_client"


def test_a_room_recovers_with_the_next_test(world: World) -> None:
    world.tested(10, **SHORT)
    assert world.at_minute(20).state.state == "bad"

    world.tested(25)

    assert world.at_minute(26).state.state == "ok"


def test_a_test_older_than_an_hour_does_not_speak_and_is_still_shown(world: World) -> None:
    world.tested(10, **SHORT)

    assert world.at_minute(69).state.state == "bad"
    room = world.at_minute(71)
    assert (room.state.state, room.speaking, len(room.tests)) == ("ok", (), 1)


def test_a_late_test_finds_its_place_and_does_not_speak_over_a_later_one(world: World) -> None:
    world.tested(30)
    assert world.at_minute(40).state.state == "ok"

    world.tested(20, **SHORT)  # a spool was delivered late

    room = world.at_minute(41)
    assert room.state.state == "ok"
    assert [one.sustained for one in room.tests] == [False, True]


def test_a_test_that_could_not_tell_changes_nothing(world: World) -> None:
    world.tested(10, **SHORT)
    world.tested(20, received_bps=None, sustained=None, ended_by="peer")

    assert world.at_minute(25).state.state == "bad"


def test_a_test_at_its_own_machines_ceiling_does_not_fail_a_room(world: World) -> None:
    world.tested(10, received_bps=400_000, sustained=None, at_ceiling=True, ceiling_bps=450_000)

    room = world.at_minute(20)

    assert (room.state.state, room.speaking) == ("ok", ())
    assert [(one.at_ceiling, one.received_bps) for one in room.tests] == [(True, 400_000)]


def test_a_test_at_its_own_machines_ceiling_does_not_excuse_an_earlier_one(world: World) -> None:
    world.tested(10, **SHORT)
    world.tested(20, received_bps=400_000, sustained=None, at_ceiling=True)

    assert world.at_minute(25).state.worst == "throughput"


def test_a_rate_that_was_held_at_the_ceiling_speaks(world: World) -> None:
    world.tested(10, **SHORT)
    world.tested(20, at_ceiling=True, ceiling_bps=1_300_000)

    room = world.at_minute(25)

    assert room.state.state == "ok"
    assert [(one.direction, one.at_ceiling) for one in room.speaking] == [("down", True)]


def test_each_test_is_read_once(world: World) -> None:
    for minute in range(1, 31):
        world.tested(minute)
        world.at_minute(minute + 0.5)
    for second in range(10):
        world.at_minute(31 + second / 60)

    assert sum(world.store.read) == 30
    assert len(world.at_minute(32).tests) == 30


def test_a_restarted_engine_reads_the_recent_tests_again(world: World) -> None:
    world.tested(10, **SHORT)
    world.at_minute(20)

    world.restart()

    assert world.at_minute(21).state.worst == "throughput"


def test_tests_of_long_ago_are_let_go(world: World) -> None:
    world.tested(-12 * 60, **SHORT)
    world.tested(5)

    assert [one.sustained for one in world.at_minute(10).tests] == [True]
