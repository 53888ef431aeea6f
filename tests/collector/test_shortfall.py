"""What falls short, and what becomes of a room's state and of its lessons by it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from collector.district.calendar import Calendar, Lesson, LessonTime
from collector.now import LessonCell
from collector.snapshot import Judged, lesson_cell, snapshot
from collector.verdict.bins import LatencySummary, RoomBin, judge_bin
from collector.verdict.profiles import default_profiles
from collector.verdict.room_state import room_state
from collector.verdict.throughput import Shortfall, ThroughputTest, shortfall
from tests.collector.ended_tests import DOCS, MINUTE, PROFILES, TEN, VIDEO, ended, short, unsure
from tests.collector.live import a_district
from wire.histogram import Histogram


def test_too_little_for_a_profile_is_a_shortfall_with_its_need() -> None:
    test = short(10)

    assert shortfall([test], PROFILES, TEN + 20 * MINUTE) == Shortfall(
        profile="video_lesson", need_bps=1_000_000, test=test
    )


def test_too_little_up_is_a_shortfall_though_down_is_enough() -> None:
    up = short(10, direction="up", required_bps=500_000)

    found = shortfall([ended(10), up], PROFILES, TEN + 20 * MINUTE)

    assert found is not None
    assert (found.test, found.need_bps) == (up, 500_000)


def test_the_first_profile_that_is_short_is_named() -> None:
    test = short(10, direction="up", received_bps=300_000, required_bps=500_000)

    assert shortfall([test], [DOCS], TEN + 20 * MINUTE) is None
    found = shortfall([test], [DOCS, VIDEO], TEN + 20 * MINUTE)
    assert found is not None
    assert found.profile == "video_lesson"


def test_nothing_falls_short_without_a_test_that_speaks() -> None:
    assert shortfall([], PROFILES, TEN) is None
    assert shortfall([unsure(0)], PROFILES, TEN) is None
    assert shortfall([short(0)], PROFILES, TEN + 61 * MINUTE) is None
    assert shortfall([short(0), ended(5)], PROFILES, TEN + 10 * MINUTE) is None


SHORT = Shortfall(profile="video_lesson", need_bps=1_000_000, test=short(9))


def bins(*rtt_ms: float) -> list[RoomBin]:
    """Consecutive bins from ten o'clock."""
    found = []
    for index, ms in enumerate(rtt_ms):
        summary = LatencySummary(
            agent="a" * 16,
            target="district",
            method="stamp",
            sent=300,
            received=300,
            probed_ms=300_000,
            histogram=Histogram.of([ms * 1000] * 300),
            repaired=False,
        )
        judged = judge_bin(
            site="oak-hill",
            room="204",
            started_at=TEN + 5 * index * MINUTE,
            seconds=300,
            summaries=[summary],
            profiles=PROFILES,
            profiles_digest=default_profiles().digest,
        )
        assert judged is not None
        found.append(judged)
    return found


@pytest.mark.parametrize(
    ("rtt_ms", "state", "worst"),
    [
        ((12, 12, 12), "bad", "throughput"),
        ((160, 160, 160), "bad", "throughput"),
        ((12, 260, 260), "bad", "latency"),
        ((12,), "unknown", None),
        ((), "unknown", None),
    ],
)
def test_a_shortfall_makes_a_measured_room_bad_unless_its_bins_did(
    rtt_ms: Sequence[float], state: str, worst: str | None
) -> None:
    found = room_state(bins(*rtt_ms), short=SHORT, closed_until=TEN + 15 * MINUTE, in_session=True)

    assert (found.state, found.worst) == (state, worst)
    assert (found.short is SHORT) == (worst == "throughput")
    assert found.profile == (None if worst is None else "video_lesson")


def test_outside_lessons_a_shortfall_says_nothing() -> None:
    found = room_state(bins(12, 12, 12), short=SHORT, closed_until=TEN + 15 * MINUTE, in_session=False)

    assert (found.state, found.short) == ("no_lesson", None)


LESSON = Lesson(started_at=TEN, ended_at=TEN + 60 * MINUTE, label="10:00\N{EN DASH}11:00", day=TEN.date())


@pytest.mark.parametrize(("rtt_ms", "quality"), [((12, 12, 12), "bad"), ((260, 260, 12), "bad"), ((), "unknown")])
def test_a_measured_lesson_that_fell_short_is_bad(rtt_ms: Sequence[float], quality: str) -> None:
    cell = lesson_cell(LESSON, bins(*rtt_ms), closed_until=TEN + 15 * MINUTE, short=SHORT)

    assert (cell.quality, cell.short) == (quality, SHORT)


def test_a_lesson_that_fell_short_but_was_hardly_measured_is_unknown() -> None:
    cell = lesson_cell(LESSON, bins(12), closed_until=TEN + 30 * MINUTE, short=SHORT)

    assert cell.quality == "unknown"


def in_a_long_lesson(now: datetime, *tests: ThroughputTest) -> LessonCell:
    """The cell of a lesson from ten to one, measured for its first quarter of an hour."""
    lessons: dict[int, tuple[LessonTime, ...]] = {TEN.weekday(): (LessonTime(start=time(10), end=time(13)),)}
    district = replace(a_district(), calendar=Calendar(time_zone=ZoneInfo("UTC"), lessons_by_weekday=lessons))
    room = ("oak-hill", "204")
    judged = Judged(
        taken_at=now,
        closed_until=TEN + 15 * MINUTE,
        bins={room: bins(12, 12, 12)},
        tests={room: tests},
        readings={},
        newest_report_at={},
        agents={},
    )
    found = snapshot(district, judged, profiles=default_profiles(), bin_seconds=300, stale_seconds=185).room(*room)
    assert found is not None
    return found.strip[-1]


def test_a_lesson_longer_than_an_hour_is_judged_by_its_last_tests() -> None:
    cell = in_a_long_lesson(TEN + 20 * MINUTE, short(5))
    assert (cell.quality, cell.short is not None) == ("bad", True)

    cell = in_a_long_lesson(TEN + 100 * MINUTE, short(5), ended(90))
    assert (cell.quality, cell.short) == ("good", None)


def test_a_lesson_without_a_test_of_its_own_is_judged_by_what_still_spoke_at_its_end() -> None:
    cell = in_a_long_lesson(TEN + 20 * MINUTE, short(-30))
    assert (cell.quality, cell.short is not None) == ("bad", True)

    cell = in_a_long_lesson(TEN + 40 * MINUTE, short(-30), unsure(20))
    assert (cell.quality, cell.short) == ("good", None), "it spoke for an hour"


def test_a_lesson_is_not_judged_by_a_test_that_came_after_it() -> None:
    cell = in_a_long_lesson(TEN + 240 * MINUTE, short(200))
    assert cell.short is None
