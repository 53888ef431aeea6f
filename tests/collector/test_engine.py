"""The engine over a real store: complete bins, late reports, restarts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from collector.district.district import Site
from collector.district.rooms_csv import Room
from collector.engine import Engine
from collector.registry.registry import Registry
from collector.store.protocol import Store
from collector.verdict.bins import LatencySummary, RoomBin
from tests.collector.builders import MONDAY_10, arrival, latency, service
from tests.collector.live import MovableClock, a_district
from wire.reports import LatencyReport

ROOM = ("oak-hill", "204")
Summaries = dict[tuple[str, str, datetime], list[LatencySummary]]
SETTLE = timedelta(seconds=125)


class World:
    """A store, a registry, a clock, and engines that come and go as a collector restarts."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self.store = store
        self.registry = registry
        self.clock = MovableClock()
        self.district = a_district()
        self.engine = self.new_engine()

    def new_engine(self) -> Engine:
        """An engine that knows nothing yet."""
        return Engine(
            store=self.store,
            registry=self.registry,
            district=self.district,
            bin_seconds=300,
            settle_seconds=SETTLE.total_seconds(),
            stale_seconds=185,
            clock=self.clock,
        )

    def minutes(self, first: int, count: int, *, seq: int | None = None, **report: float) -> None:
        """Store one report for each of `count` minutes from minute `first` after ten."""
        reports: list[LatencyReport] = [
            latency((seq or first + 1) + index, **report)  # type: ignore[arg-type]
            for index in range(count)
        ]
        self.store.write_reports(
            [
                arrival(report, started_at=MONDAY_10 + timedelta(minutes=first + index), boot=f"{first:016x}")
                for index, report in enumerate(reports)
            ]
        )

    def at_minute(self, minute: float) -> "World":
        """Move the clock to `minute` after ten and let the engine work."""
        self.clock.move(MONDAY_10 + timedelta(minutes=minute) - self.clock())
        self.engine.tick()
        return self

    def bins(self) -> list[RoomBin]:
        """The room's bins as the store has them."""
        return self.store.bins_between(MONDAY_10, MONDAY_10 + timedelta(hours=5)).get(ROOM, [])

    def state(self) -> str:
        """The room's state in the newest snapshot."""
        assert self.engine.now is not None
        room = self.engine.now.room(*ROOM)
        assert room is not None
        return room.state.state


@pytest.fixture
def world(tmp_path: Path, open_store: Callable[[], Store]) -> Iterator[World]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield World(open_store(), registry)
    registry.close()


def test_a_bin_is_judged_once_its_reports_can_have_arrived(world: World) -> None:
    world.minutes(0, 5)

    world.at_minute(7)
    assert world.bins() == []

    world.at_minute(7.1)
    assert [one.sent for one in world.bins()] == [300]


def test_a_late_report_reopens_the_bin_it_belongs_to_and_no_other(world: World) -> None:
    world.minutes(0, 4)
    world.minutes(5, 5)
    world.at_minute(15)
    before = world.bins()

    world.minutes(4, 1, seq=900)
    world.at_minute(30)

    after = world.bins()
    assert [one.sent for one in before] == [240, 300]
    assert [one.sent for one in after] == [300, 300]
    assert after[1] == before[1]


def test_reports_outside_lessons_make_no_bins(world: World) -> None:
    timetable = replace(world.district.calendar, lessons_by_weekday={})
    world.district = replace(world.district, calendar=timetable)
    world.engine = world.new_engine()
    world.minutes(0, 10)

    world.at_minute(30)

    assert world.bins() == []
    assert world.state() == "no_lesson"


def test_each_site_has_bins_in_its_own_lessons_alone(world: World) -> None:
    closed = replace(world.district.calendar, lessons_by_date={MONDAY_10.date(): ()})
    world.district = replace(
        world.district,
        sites=(*world.district.sites, Site(site="lakeside", name="Lakeside")),
        rooms=(*world.district.rooms, Room(site="lakeside", room="1")),
        site_calendars={"lakeside": closed},
    )
    world.engine = world.new_engine()
    world.minutes(0, 10)
    reports = [arrival(latency(seq), started_at=MONDAY_10 + timedelta(minutes=seq)) for seq in range(1, 11)]
    world.store.write_reports([replace(one, agent="c" * 16, site="lakeside", room="1") for one in reports])

    world.at_minute(30)

    assert world.bins()
    assert ("lakeside", "1") not in world.store.bins_between(MONDAY_10, MONDAY_10 + timedelta(hours=1))
    now = world.engine.now
    assert now is not None
    assert [(one.site, one.lesson is not None) for one in now.sites] == [("oak-hill", True), ("lakeside", False)]
    assert now.in_session
    other = now.room("lakeside", "1")
    assert other is not None
    assert other.state.state == "no_lesson"
    assert {cell.lesson.day for cell in other.strip} == {MONDAY_10.date() - timedelta(days=1)}


def test_a_restarted_engine_judges_what_the_killed_one_left(world: World) -> None:
    world.minutes(0, 5)
    world.at_minute(8)
    world.minutes(5, 5)
    world.at_minute(10)  # seen, but not complete yet

    world.engine = world.new_engine()
    world.at_minute(20)

    assert [one.sent for one in world.bins()] == [300, 300]


def test_a_restarted_engine_does_not_judge_again_what_is_judged(world: World) -> None:
    world.minutes(0, 10)
    world.at_minute(20)

    world.engine = world.new_engine()
    world.at_minute(21)

    assert world.engine.judged_bins == 0
    assert world.state() == "ok"


def test_a_room_turns_bad_and_recovers(world: World) -> None:
    states = []
    for first, rtt_us in ((0, 12_000), (5, 12_000), (10, 300_000), (15, 300_000), (20, 12_000), (25, 12_000)):
        world.minutes(first, 5, rtt_us=rtt_us)
        states.append(world.at_minute(first + 7.5).state())

    assert states == ["unknown", "ok", "ok", "bad", "bad", "ok"]


def test_a_room_whose_agent_falls_silent_becomes_unknown(world: World) -> None:
    world.minutes(0, 15)

    assert world.at_minute(20).state() == "ok"
    assert world.at_minute(60).state() == "unknown"


def test_the_age_of_the_newest_data_survives_late_reports(world: World) -> None:
    world.minutes(30, 5)
    world.at_minute(36)
    world.minutes(0, 5)
    world.at_minute(37)

    now = world.engine.now
    assert now is not None
    newest = max(one.newest_report_at for one in now.rooms() if one.newest_report_at is not None)
    assert newest == MONDAY_10 + timedelta(minutes=35)


def test_a_day_of_rooms_is_judged_in_one_tick_after_a_long_absence(world: World) -> None:
    world.minutes(0, 240)

    world.at_minute(300)

    assert len(world.bins()) == 48
    assert world.engine.judged_bins == 48


def test_coverage_is_the_measured_share_of_the_strips_lessons(world: World) -> None:
    world.minutes(0, 30)

    world.at_minute(62.1)

    now = world.engine.now
    assert now is not None
    room = now.room(*ROOM)
    assert room is not None
    cells = {cell.lesson.label: cell for cell in room.strip}
    hour = cells["10:00\N{EN DASH}11:00"]
    assert (hour.quality, hour.valid_seconds, hour.closed_seconds) == ("good", 1800, 3600)
    assert cells["09:00\N{EN DASH}10:00"].quality == "unknown"
    assert room.coverage == pytest.approx(1800 / sum(cell.closed_seconds for cell in room.strip))


def test_a_late_report_does_not_have_the_day_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.minutes(0, 5)
    world.at_minute(10)
    world.minutes(5, 4)
    world.minutes(240, 5)
    read: list[timedelta] = []
    latency_between = world.store.latency_between

    def noted(start: datetime, end: datetime, *, bin_seconds: int) -> Summaries:
        read.append(end - start)
        return latency_between(start, end, bin_seconds=bin_seconds)

    monkeypatch.setattr(world.store, "latency_between", noted)
    world.at_minute(250)

    assert read == [timedelta(minutes=5)] * 2
    assert len(world.bins()) == 3


def test_a_service_that_fails_is_seen_and_judges_no_room(world: World) -> None:
    failing = service(61, failure="refused", failed_in="tls", tls_us=None, first_byte_us=None, status=None)
    world.minutes(0, 15)
    for room in ("204", "205"):
        world.store.write_reports([arrival(failing, room=room, agent=room[-1] * 16, started_at=MONDAY_10)])
    world.at_minute(18)

    assert world.engine.now is not None
    (lms,) = world.engine.now.services
    assert [(one.room, one.report.failure) for one in lms.incident] == [("204", "refused"), ("205", "refused")]
    assert world.state() == "ok"
    world.at_minute(60)
    assert world.engine.now.services[0].seen == ()
