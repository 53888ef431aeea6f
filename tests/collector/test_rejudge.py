"""Judging again: what is stored, by the profiles in force now, as if it had been judged by them at the time."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from collector.judging.rejudge import DayRejudged, Rejudge
from collector.registry.registry import Registry
from collector.rejudge_command import WeekChange, told
from collector.store.duckdb_store import DuckDbStore
from collector.store.protocol import Store, StoreUnavailable
from collector.verdict.bins import RoomBin
from collector.verdict.profiles import Profiles
from tests.collector.school import MONDAY, WEEK, School, at

FRIDAY = timedelta(days=4)
MIDDLING_US = 250_000
"""Beyond what a video lesson stands, and not beyond what cloud documents do."""


class Past(School):
    """A school whose weeks are over."""

    def again(
        self, *, write: bool = False, first: date = MONDAY, last: date = MONDAY + WEEK + FRIDAY
    ) -> tuple[list[DayRejudged], list[WeekChange]]:
        """Judge again."""
        rejudge = Rejudge(self.store, self.registry, self.district, bin_seconds=300, write=write, now=self.clock())
        days = list(rejudge.run(rejudge.school_days(first, last)))
        return days, rejudge.weeks()

    def video_at(self, unacceptable_ms: float) -> None:
        """Let a video lesson stand round trips of up to so long from now on."""
        video = self.district.profiles.by_name["video_lesson"]
        rtt = tuple(replace(one, unacceptable_ms=unacceptable_ms) for one in video.rtt if one.percentile == 95)
        by_name = self.district.profiles.by_name | {"video_lesson": replace(video, rtt=rtt)}
        self.district = replace(self.district, profiles=Profiles(by_name=by_name, digest=f"up to {unacceptable_ms:g}"))

    def bins(self) -> list[RoomBin]:
        """All bins with all that was measured."""
        return sorted(
            self.store.whole_bins(at(MONDAY, 0), at(MONDAY + 3 * WEEK, 0)), key=lambda one: (one.started_at, one.room)
        )

    def all_kept(self) -> list[object]:
        """All that was judged."""
        days = self.store.room_days_between(MONDAY, MONDAY + 3 * WEEK)
        return [self.bins(), sorted(days.items()), self.weeks(), self.weeks("205")]


def two_weeks(school: Past) -> None:
    """Two weeks in which one room is middling for the first half of each day, and another is good."""
    for number in (0, 1):
        for day in range(5):
            school.measured(MONDAY + number * WEEK + timedelta(days=day), bad=10, bad_us=MIDDLING_US)
            school.measured(MONDAY + number * WEEK + timedelta(days=day), room="205")
        school.over(MONDAY + number * WEEK)


@pytest.fixture
def school(tmp_path: Path, open_store: Callable[[], Store]) -> Iterator[Past]:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    yield Past(open_store(), registry)
    registry.close()


def test_by_the_same_profiles_nothing_changes(school: Past) -> None:
    two_weeks(school)
    before = school.all_kept()

    days, weeks = school.again(write=True)

    assert [(one.changed_bins, one.changed_rooms, one.bins, one.rooms) for one in days] == [(0, 0, 48, 2)] * 10
    assert weeks == []
    assert school.all_kept() == before


def test_laxer_limits_lift_a_restriction_and_are_only_shown(school: Past) -> None:
    two_weeks(school)
    before = school.all_kept()
    school.video_at(380)

    days, weeks = school.again()

    assert sum(one.changed_bins for one in days) == 100
    assert [(was.verdict if was else None, now.verdict) for was, now in weeks] == [("restricted", "ok")] * 2
    assert school.all_kept() == before
    lines = told(school.district, days, weeks, write=False)
    assert lines[1] == "bins: 100 of 480 come out otherwise"
    assert lines[4] == "  oak-hill/204 2026-W45: restricted -> ok"
    assert lines[-1] == "nothing was kept; --write keeps it"


@pytest.mark.parametrize("unacceptable_ms", [380, 230])
def test_there_and_back_again_is_what_it_was_histograms_included(school: Past, unacceptable_ms: float) -> None:
    """At 230 ms what was bad stays bad, but is near the limit."""
    two_weeks(school)
    bins, weeks = school.bins(), school.weeks()
    usual = school.district
    school.video_at(unacceptable_ms)
    school.again(write=True)
    assert school.weeks()[0].marks.count("B") == 0

    school.district = usual
    school.again(write=True)

    assert [(one.marks, one.verdict, one.entered, one.cause) for one in school.weeks()] == [
        (one.marks, one.verdict, one.entered, one.cause) for one in weeks
    ]
    assert [(one.scores, one.targets) for one in school.bins()] == [(one.scores, one.targets) for one in bins]


class Interrupted:
    """A store whose machine goes off at a write."""

    def __init__(self, store: Store, *, after_writes: int) -> None:
        self._store = store
        self._left = after_writes

    def __getattr__(self, name: str) -> object:
        if name.startswith("write_"):
            self._left -= 1
            if self._left < 0:
                raise StoreUnavailable("the machine is off")
        return getattr(self._store, name)


def test_whoever_is_interrupted_gets_the_same_by_the_same_command(tmp_path: Path) -> None:
    """Whatever was written until then; three times is the same, too."""
    kept = []
    for after_writes in range(12):
        registry = Registry.open_registry("sqlite://")
        school = Past(DuckDbStore.open_store(None), registry)
        for day in (0, 1, 2, 3):
            school.measured(MONDAY + timedelta(days=day), bad=10, bad_us=MIDDLING_US)
        school.over(MONDAY)
        assert [one.verdict for one in school.weeks()] == ["restricted"]
        school.video_at(10_000)
        whole = school.store
        school.store = Interrupted(whole, after_writes=after_writes)  # type: ignore[assignment]
        with suppress(StoreUnavailable):
            school.again(write=True, last=MONDAY + FRIDAY)
        school.store = whole
        for _ in range(2):
            school.again(write=True, last=MONDAY + FRIDAY)
        kept.append(school.all_kept())
        assert [one.verdict for one in school.weeks()] != ["restricted"]
        whole.close()
        registry.close()
    assert all(one == kept[-1] for one in kept)


def test_stricter_limits_restrict_a_room_and_name_a_cause(school: Past) -> None:
    school.video_at(380)
    school.restart()
    two_weeks(school)
    assert school.weeks()[0].verdict != "restricted"
    school.video_at(200)

    _, weeks = school.again(write=True)

    assert [(now.room, now.verdict) for _, now in weeks] == [("204", "restricted")] * 2
    located = [one.located for one in school.bins() if one.headline and one.headline.quality == "bad"]
    assert len(located) == 100
    assert all(one is not None and one.rule != "L0" for one in located)
    assert [one.verdict for one in school.weeks()] == ["restricted", "restricted"]


def test_a_part_of_a_semester_changes_the_weeks_after_it_as_well(school: Past) -> None:
    two_weeks(school)
    school.video_at(380)

    _, weeks = school.again(write=True, last=MONDAY + FRIDAY)

    assert [(now.week, now.entered) for _, now in weeks] == [(MONDAY, False), (MONDAY + WEEK, True)]
