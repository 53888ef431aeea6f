"""What late data changes, and what it leaves alone: a cause compares rooms, a score does not."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from collector.district.district import District
from collector.district.rooms_csv import Room
from collector.registry.registry import Registry
from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import Store
from collector.verdict.bins import RoomBin
from tests.collector.builders import arrival, health, latency
from tests.collector.school import BAD_US, GOOD_US, MONDAY, School, a_school, at

ROOMS = ("201", "202", "203", "204", "205")
ALL = tuple(f"r{room}" for room in ROOMS)
FOUR = dict.fromkeys(ALL[:4], GOOD_US)
BIN = timedelta(minutes=5)


def five_rooms() -> District:
    """Five rooms of one school."""
    return replace(a_school(), rooms=tuple(Room(site="oak-hill", room=room, ap=f"AP-{room}") for room in ROOMS))


class Noted:
    """A store that notes the bins that are written to it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.bins: list[RoomBin] = []

    def write_bins(self, bins: Sequence[RoomBin], *, judged_through: datetime | None) -> None:
        self.bins += bins
        self._store.write_bins(bins, judged_through=judged_through)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


class Late(School):
    """Reports of two targets each five minutes, and what was written of late."""

    def report(self, start: datetime, **rtt_us: float) -> None:
        """Store what agents of rooms measured in one bin; what is slow is slow from the gateway on."""
        self._boots += 1
        self.store.write_reports(
            [
                arrival(
                    latency(number, rtt_us=us, sent=300, duration_ms=300_000, target=target),
                    started_at=start,
                    room=room.removeprefix("r"),
                    agent=room.rjust(16, "0"),
                    boot=f"{self._boots:016x}",
                )
                for room, slow_us in rtt_us.items()
                for number, target, us in ((1, "gateway", max(2_000, slow_us - 10_000)), (2, "district", slow_us))
            ]
        )

    def bin(self, room: str, start: datetime) -> RoomBin:
        """The room's bin as the store has it."""
        (one,) = self.store.whole_bins(start, start + BIN, room=("oak-hill", room))
        return one

    def noted(self) -> Noted:
        """Note what is written from now on, by an engine that knows nothing yet."""
        noted = Noted(self.store)
        self.store = noted  # type: ignore[assignment]
        self.restart()
        return noted


@pytest.fixture
def late(tmp_path: Path, open_store: Callable[[], Store]) -> Iterator[Late]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield Late(open_store(), registry, five_rooms())
    registry.close()


def usual(late: Late, hour: float = 10) -> datetime:
    """Four good bins of all rooms, by which it is known what is usual. Returns when they end."""
    start = at(MONDAY, hour)
    for number in range(4):
        late.report(start + number * BIN, **dict.fromkeys(ALL, GOOD_US))
    late.tick(start + 5 * BIN)
    return start + 4 * BIN


def test_a_late_room_is_judged_and_the_bad_bins_beside_it_are_located_anew_alone(late: Late) -> None:
    start = usual(late)
    late.report(start, **FOUR | {"r204": BAD_US})
    late.tick(start + 2 * BIN)
    before = {room: late.bin(room, start) for room in ROOMS[:4]}
    assert before["204"].located is not None
    assert (before["204"].located.bad_peers, before["204"].located.peers) == (0, 3)
    noted = late.noted()

    late.report(start, r205=GOOD_US)
    late.tick(start + 4 * BIN)

    assert sorted((one.room, one.started_at) for one in noted.bins) == [("204", start), ("205", start)]
    after = late.bin("204", start)
    assert after.located is not None
    assert (after.located.bad_peers, after.located.peers) == (0, 4)
    assert replace(after, located=None) == replace(before["204"], located=None)
    assert {room: late.bin(room, start) for room in ROOMS[:3]} == {room: before[room] for room in ROOMS[:3]}


def test_a_late_room_beside_good_bins_has_nothing_else_written(late: Late) -> None:
    start = usual(late)
    late.report(start, **FOUR)
    late.tick(start + 2 * BIN)
    noted = late.noted()

    late.report(start, r205=BAD_US)
    late.tick(start + 4 * BIN)

    assert [one.room for one in noted.bins] == ["205"]
    assert noted.bins[0].located is not None


def test_others_are_located_anew_by_what_they_were_judged_by_and_not_by_changed_limits(late: Late) -> None:
    start = usual(late)
    late.report(start, **dict.fromkeys(FOUR, 90_000) | {"r204": BAD_US})
    late.tick(start + 2 * BIN)
    before = {room: late.bin(room, start) for room in ROOMS[:4]}
    video = late.district.profiles.by_name["video_lesson"]
    stricter = replace(video, rtt=tuple(replace(one, optimal_ms=10, unacceptable_ms=50) for one in video.rtt))
    profiles = replace(late.district.profiles, by_name=late.district.profiles.by_name | {"video_lesson": stricter})
    late.district = replace(late.district, profiles=replace(profiles, digest="stricter"))
    noted = late.noted()

    late.report(start, r205=GOOD_US)
    late.tick(start + 4 * BIN)

    assert {one.room for one in noted.bins} <= {"204", "205"}
    after = late.bin("204", start)
    assert (after.scores, after.profiles_digest) == (before["204"].scores, before["204"].profiles_digest)
    assert late.bin("205", start).profiles_digest == "stricter"


def test_health_and_paths_alone_touch_no_bin(late: Late) -> None:
    start = usual(late)
    noted = late.noted()

    late.store.write_reports([arrival(health(), started_at=start - BIN, room="201", boot="f" * 16)])
    late.tick(start + 2 * BIN)

    assert noted.bins == []


def causes(late: Late, *, restarts: bool) -> list[RoomBin]:
    """Two days, on the second of which one room is slow now and then; of each day something comes late."""
    for number in range(2):
        day = MONDAY + timedelta(days=number)
        for step in range(9):
            start = at(day, 10) + step * BIN
            us = {room: GOOD_US + 500 * place for place, room in enumerate(ALL)}
            if number == 1 and step % 3 == 0:
                us["r204"] = 150_000 + 60_000 * step
            late_us = us.pop("r205") if step == 5 else 0
            late.report(start, **us)
            if step == 8:
                late.report(at(day, 10) + 5 * BIN, r205=3_000 + late_us)
            if restarts:
                late.restart()
            late.tick(start + 2 * BIN)
        late.tick(at(day, 14))
    found = late.store.bins_between(at(MONDAY, 0), at(MONDAY, 60))
    return sorted((one for bins in found.values() for one in bins), key=lambda one: (one.started_at, one.room))


def test_a_restart_changes_no_cause(tmp_path: Path, late: Late) -> None:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'another.sqlite'}")
    another = Late(DuckDbStore.open_store(None), registry, five_rooms())

    restarted = causes(late, restarts=True)
    undisturbed = causes(another, restarts=False)

    assert any(one.located and one.located.room and one.located.room[0].usual_ms for one in undisturbed)
    assert restarted == undisturbed
    another.store.close()
    registry.close()
