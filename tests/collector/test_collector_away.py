"""A collector that was away: its reflector is a part of it, so what agents lost meanwhile is no room's fault."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from collector.judging.rejudge import Rejudge
from collector.reflector_watch import PATIENCE, ReflectorWatch
from collector.registry.reflector_off import Off, ReflectorOff
from collector.registry.registry import Registry
from collector.store.protocol import Store
from collector.verdict.bins import RoomBin
from tests.collector.builders import arrival, latency
from tests.collector.live import MovableClock, live_collector
from tests.collector.school import GOOD_US, MONDAY, ROOM, WEEK, School, at

DAYS = [MONDAY + timedelta(days=number) for number in range(5)]
MINUTE = timedelta(minutes=1)


class Answering:
    """A reflector."""

    answering = True


class Away(School):
    """A school whose collector is away from time to time."""

    def away(self, start: datetime, end: datetime) -> None:
        """The collector was stopped, and started again."""
        from_ms, until_ms = (int(moment.timestamp() * 1000) for moment in (start, end))
        self.registry.reflector_off.note(answered_ms=until_ms, off=[(from_ms, until_ms)])

    def lesson_time(self, day: datetime, *, lost: Sequence[int], targets: Sequence[str] = ("district",)) -> None:
        """Minute by minute what a room measured from ten to twelve; in the minutes `lost` nothing came back."""
        self._boots += 1
        self.store.write_reports(
            [
                arrival(
                    latency(
                        minute * 10 + number,
                        rtt_us=GOOD_US,
                        sent=60,
                        lost=60 if minute in lost else 0,
                        duration_ms=60_000,
                        target=target,
                    ),
                    started_at=day + minute * MINUTE,
                    room="204",
                    boot=f"{self._boots:016x}",
                )
                for minute in range(120)
                for number, target in enumerate(targets, start=1)
            ]
        )

    def bins(self, day: datetime) -> list[RoomBin]:
        """The room's of that day, as the store has them."""
        return self.store.bins_between(day, day + timedelta(hours=2)).get(ROOM, [])


@pytest.fixture
def school(tmp_path: Path, open_store: Callable[[], Store]) -> Iterator[Away]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield Away(open_store(), registry)
    registry.close()


def away_an_hour_each_day(school: Away, *, known: bool = True, targets: Sequence[str] = ("district",)) -> None:
    """Each day from half past ten to half past eleven; what agents spooled arrives after it."""
    for day in DAYS:
        if known:
            school.away(at(day, 10.5), at(day, 11.5))
        school.lesson_time(at(day, 10), lost=range(30, 90), targets=targets)
        school.tick(at(day, 12.5))
    school.over(MONDAY)


def test_an_hour_without_the_collector_is_measured_by_nobody(school: Away) -> None:
    away_an_hour_each_day(school, targets=("gateway", "site", "district"))

    bins = school.bins(at(MONDAY, 10))
    assert len(bins) == 24
    # The bin before may have reports that lasted into it.
    assert [number for number, one in enumerate(bins) if not one.valid] == list(range(5, 18))
    assert all(one.located is None and not one.scores for one in bins[5:18])
    assert {score.quality for one in bins for score in one.scores} == {"good"}
    (week,) = school.weeks()
    assert week.marks.count("?") == 13 * 5
    assert not set(week.marks) & set("Bb")
    assert week.verdict != "restricted"


def test_the_same_losses_while_the_collector_answered_restrict_the_room(school: Away) -> None:
    away_an_hour_each_day(school, known=False)
    assert [one.verdict for one in school.weeks()] == ["restricted"]


def test_a_room_is_unknown_and_not_bad_when_the_collector_is_back(school: Away) -> None:
    school.away(at(MONDAY, 10.25), at(MONDAY, 12))
    school.lesson_time(at(MONDAY, 10), lost=range(15, 120))
    school.tick(at(MONDAY, 12))
    assert school.engine.now is not None
    room = school.engine.now.room(*ROOM)
    assert room is not None
    assert room.state.state not in {"bad", "degraded"}


def test_what_arrives_later_still_or_is_judged_again_is_not_held_against_the_room(school: Away) -> None:
    away_an_hour_each_day(school, targets=("site", "district"))
    before = [school.store.whole_bins(at(day, 10), at(day, 12), room=ROOM) for day in DAYS]
    school.restart()
    school.store.write_reports(
        [
            arrival(
                latency(1, rtt_us=GOOD_US, sent=60, lost=60, duration_ms=60_000),
                started_at=at(MONDAY, 10.75),
                agent="f" * 16,
                room="204",
                boot="f" * 16,
            )
        ]
    )
    school.tick(at(MONDAY + WEEK, 9))
    rejudge = Rejudge(school.store, school.registry, school.district, bin_seconds=300, write=True, now=school.clock())
    assert sum(one.changed_bins for one in rejudge.run(rejudge.school_days(MONDAY, DAYS[-1]))) == 0

    after = [school.store.whole_bins(at(day, 10), at(day, 12), room=ROOM) for day in DAYS]
    assert [[one.valid for one in day] for day in after] == [[one.valid for one in day] for day in before]


def test_a_restart_of_seconds_costs_the_bins_it_lies_in_and_no_more(school: Away) -> None:
    school.away(at(MONDAY, 11) + timedelta(seconds=200), at(MONDAY, 11) + timedelta(seconds=204))
    school.lesson_time(at(MONDAY, 10), lost=[63])
    school.tick(at(MONDAY, 12.5))
    assert [number for number, one in enumerate(school.bins(at(MONDAY, 10))) if not one.valid] == [12]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[ReflectorOff]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield registry.reflector_off
    registry.close()


def offs(kept: ReflectorOff) -> list[tuple[float, float]]:
    """All that is kept, in seconds after `MovableClock` begins."""
    zero_ms = MovableClock()().timestamp() * 1000
    return [((began - zero_ms) / 1000, (ended - zero_ms) / 1000) for began, ended in kept.between(0, 2**62)]


def test_a_first_start_knows_of_no_time_before_it(kept: ReflectorOff) -> None:
    ReflectorWatch(kept, Answering(), clock=MovableClock()).began()
    assert offs(kept) == []


def test_a_machine_that_slept_is_a_gap_and_a_look_that_is_late_is_none(kept: ReflectorOff) -> None:
    clock = MovableClock()
    watch = ReflectorWatch(kept, Answering(), clock=clock)
    watch.began()
    clock.move(PATIENCE)
    watch.look()
    assert offs(kept) == []
    clock.move(timedelta(hours=1))
    watch.look()
    assert offs(kept) == [(30, 3630)]


def test_a_reflector_whose_thread_died_is_off_until_a_new_collector_runs(kept: ReflectorOff) -> None:
    clock = MovableClock()
    reflector = Answering()
    watch = ReflectorWatch(kept, reflector, clock=clock)
    watch.began()
    reflector.answering = False
    for _ in range(3):
        clock.move(timedelta(seconds=10))
        watch.look()
    ReflectorWatch(kept, Answering(), clock=clock).began()
    assert offs(kept) == [(0, 30)]


def test_a_clock_that_is_set_back_is_no_gap(kept: ReflectorOff) -> None:
    clock = MovableClock()
    watch = ReflectorWatch(kept, Answering(), clock=clock)
    watch.began()
    clock.move(timedelta(hours=-1))
    watch.look()
    ReflectorWatch(kept, Answering(), clock=clock).began()
    assert offs(kept) == []


class Failing(ReflectorOff):
    """A registry that is away."""

    away = False

    def note(self, *, answered_ms: int, off: Sequence[Off] = ()) -> None:
        if self.away:
            raise OperationalError("note", {}, OSError("the disk is full"))
        super().note(answered_ms=answered_ms, off=off)


def test_a_registry_that_is_away_makes_no_gap_and_loses_none(kept: ReflectorOff) -> None:
    clock = MovableClock()
    failing = Failing(kept._engine)
    watch = ReflectorWatch(failing, Answering(), clock=clock)
    watch.began()
    failing.away = True
    for seconds in (10, 10, 100, 10):
        clock.move(timedelta(seconds=seconds))
        watch.look()
    failing.away = False
    watch.look()
    assert offs(kept) == [(20, 120)]


def test_what_is_past_its_retention_is_forgotten(tmp_path: Path) -> None:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    registry.reflector_off.note(answered_ms=9_000, off=[(1_000, 2_000), (3_000, 5_000)])
    assert registry.forget(codes_before_ms=0, boots_before_ms=4_000, days_before="2026-01-01") == 1
    assert registry.reflector_off.between(0, 9_000) == [(3_000, 5_000)]
    registry.close()


def test_a_collector_that_is_started_again_knows_when_it_was_away(tmp_path: Path) -> None:
    clock = MovableClock()
    with live_collector(tmp_path, clock=clock) as live:
        assert live.services.registry.reflector_off.between(0, 2**62) == []
        clock.move(timedelta(seconds=20))
    clock.move(timedelta(minutes=40))
    with live_collector(tmp_path, clock=clock) as live:
        assert offs(live.services.registry.reflector_off) == [(20, 20 + 40 * 60)]
