"""A room's day: a mark for each bin of lesson time, its lessons, tests and causes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collector.verdict.bins import LatencySummary, RoomBin, judge_bin
from collector.verdict.causes import Cause, Compared, Confidence, Located
from collector.verdict.days import LessonBins, RoomDay, room_day
from collector.verdict.days import TestCount as Hours
from collector.verdict.marks import MARKS
from collector.verdict.profiles import default_profiles
from collector.verdict.throughput import ThroughputTest
from wire.histogram import Histogram

PROFILES = default_profiles()
MIDNIGHT = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
"""In America/Chicago."""
EIGHT = MIDNIGHT + timedelta(hours=8)


def starts(first: int, count: int) -> tuple[datetime, ...]:
    return tuple(EIGHT + timedelta(minutes=5 * (first + place)) for place in range(count))


LESSONS = (
    LessonBins(label="08:00–09:00", starts=starts(0, 12)),
    LessonBins(label="09:00–10:00", starts=starts(12, 12)),
)


def a_bin(place: int, *, rtt_ms: float = 12, lost: int = 0, sent: int = 300, **other: Any) -> RoomBin:
    """The bin of that place of the day, all of whose packets took `rtt_ms` but for those that were `lost`."""
    summary = LatencySummary(
        agent="a" * 16,
        target="district",
        method="stamp",
        sent=sent,
        received=sent - lost,
        probed_ms=sent * 1000,
        histogram=Histogram.of([rtt_ms * 1000] * (sent - lost)),
        repaired=False,
    )
    made = judge_bin(
        site="oak-hill",
        room="204",
        started_at=EIGHT + timedelta(minutes=5 * place),
        seconds=300,
        summaries=[summary],
        profiles=PROFILES.in_force(),
        profiles_digest=PROFILES.digest,
    )
    assert made is not None
    return replace(made, **other)


def located(cause: Cause, *, excess_ms: float = 300, confidence: Confidence = "high") -> Located:
    far = Compared(target="district", p95_ms=10 + excess_ms, usual_ms=10, loss=0)
    return Located(cause=cause, confidence=confidence, rule="L2", room=(far,))


def the_day(*bins: RoomBin, tests: Sequence[ThroughputTest] = (), lessons: Sequence[LessonBins] = LESSONS) -> RoomDay:
    return room_day(
        site="oak-hill",
        room="204",
        day=date(2026, 11, 16),
        started_at=MIDNIGHT,
        closed_seconds=7200,
        bin_seconds=300,
        lessons=lessons,
        bins=bins,
        histograms={("district", "stamp"): Histogram.of([12_000] * 300)},
        profiles=PROFILES,
        tests=tests,
    )


def mark(one: RoomBin) -> str:
    return the_day(one).marks[0]


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"rtt_ms": 12}, "g"),
        ({"rtt_ms": 165}, "d"),
        ({"rtt_ms": 190}, "n"),
        ({"rtt_ms": 205}, "b"),
        ({"rtt_ms": 300}, "B"),
        ({"lost": 14}, "n"),
        ({"lost": 15}, "b"),
        ({"lost": 18}, "B"),
        ({"lost": 300}, "B"),
        ({"rtt_ms": 205, "lost": 18}, "B"),
        ({"sent": 100}, "?"),
    ],
)
def test_a_mark_says_what_a_bin_was_and_what_it_nearly_was(measured: dict[str, Any], expected: str) -> None:
    assert mark(a_bin(0, **measured)) == expected
    assert expected in MARKS


def test_an_anchor_that_decided_is_what_is_near_its_limit() -> None:
    bad = a_bin(0, rtt_ms=500)
    by_anchor = replace(a_bin(0), scores=bad.scores, anchor="anchor:one")

    assert mark(replace(by_anchor, anchor_p95_ms=205, anchor_loss=0)) == "b"
    assert mark(replace(by_anchor, anchor_p95_ms=30, anchor_loss=0.2)) == "B"


def test_a_bin_is_held_against_the_profiles_that_judged_it() -> None:
    bad = replace(a_bin(0, rtt_ms=205), scores=a_bin(0, rtt_ms=205).scores[:1])

    assert mark(bad) == "b"
    gone = replace(bad, scores=(replace(bad.scores[0], profile="gone"),))
    assert mark(gone) == "B", "nothing says that it was near"


def test_every_bin_of_lesson_time_has_its_mark_and_no_other() -> None:
    day = the_day(a_bin(1), a_bin(2, sent=100), a_bin(12, rtt_ms=500), a_bin(30, rtt_ms=500))

    assert day.marks == ".g?" + "." * 9 + "B" + "." * 11
    assert (day.seconds.valid, day.seconds.bad) == (600, 300)
    assert day.lessons == 2


def test_a_machine_that_could_not_measure_says_nothing_of_the_network() -> None:
    day = the_day(a_bin(0), a_bin(1, rtt_ms=500, located=located("device")))

    assert day.marks[:2] == "gx"
    assert (day.seconds.valid, day.seconds.bad, day.worst) == (300, 0, None)
    assert (day.causes, day.sure) == ({"device": 1}, {"device": 1})


def test_a_lesson_was_hit_when_a_third_of_what_was_measured_of_it_was_bad() -> None:
    of_twelve = [a_bin(place, rtt_ms=500 if place < 4 else 12) for place in range(12)]
    assert the_day(*of_twelve).hit_lessons == ("08:00–09:00",)
    assert the_day(*of_twelve[1:], a_bin(0)).hit_lessons == ()

    # Less than half of the second was measured: as on the board's strip it is unknown.
    assert the_day(*[a_bin(12 + place, rtt_ms=500) for place in range(5)]).hit_lessons == ()
    assert the_day(*[a_bin(12 + place, rtt_ms=500) for place in range(6)]).hit_lessons == ("09:00–10:00",)


def test_bad_bins_are_counted_by_cause_and_the_sure_ones_apart() -> None:
    day = the_day(
        a_bin(0, rtt_ms=500, located=located("room_access")),
        a_bin(1, rtt_ms=500, located=located("room_access", confidence="medium")),
        a_bin(2, rtt_ms=500, located=located("site_uplink")),
        a_bin(3, rtt_ms=500),
        a_bin(4),
    )

    assert day.causes == {"room_access": 2, "site_uplink": 1, "undetermined": 1}
    assert day.sure == {"room_access": 1, "site_uplink": 1}


def test_the_example_is_the_middle_one_of_the_most_frequent_cause() -> None:
    excesses = (900, 300, 5000, 310, 320)
    day = the_day(
        *[a_bin(place, rtt_ms=500, located=located("room_access", excess_ms=ms)) for place, ms in enumerate(excesses)],
        a_bin(5, rtt_ms=500, located=located("room_access", excess_ms=400, confidence="low")),
        a_bin(6, rtt_ms=500, located=located("isp_egress", excess_ms=320)),
    )

    assert day.example == located("room_access", excess_ms=320)
    assert day.example_at == EIGHT + timedelta(minutes=20)
    assert the_day(a_bin(0, rtt_ms=500)).example is None


def a_test(minutes: float, received_bps: int | None, **other: Any) -> ThroughputTest:
    """A test so many minutes after eight."""
    values: dict[str, Any] = {
        "agent": "a" * 16,
        "direction": "down",
        "ended_at": EIGHT + timedelta(minutes=minutes),
        "duration_ms": 5000,
        "required_bps": 1_000_000,
        "offered_bps": 1_250_000,
        "received_bps": received_bps,
        "sustained": None if received_bps is None else received_bps >= 1_000_000,
        "used_bytes": 700_000,
        "ended_by": "time",
        "idle_rtt_ms": 10,
        "working_p95_ms": 20,
        "failure": None,
    }
    return ThroughputTest(**(values | other))


@pytest.mark.parametrize(
    ("tests", "hours"),
    [
        pytest.param([], {}, id="none"),
        pytest.param([a_test(5, 1_000_000)], {"down": Hours(passed=1, told=1)}, id="enough"),
        pytest.param([a_test(5, 800_000)], {"down": Hours(passed=1, told=1)}, id="four fifths"),
        pytest.param([a_test(5, 799_000)], {"down": Hours(passed=0, told=1)}, id="less"),
        pytest.param([a_test(5, 1_000_000), a_test(70, 100)], {"down": Hours(passed=1, told=2)}, id="two hours"),
        pytest.param([a_test(5, 100), a_test(50, 1_000_000)], {"down": Hours(passed=1, told=1)}, id="the best agent"),
        pytest.param([a_test(125, 100)], {}, id="after lessons"),
        pytest.param([a_test(5, None)], {}, id="could not tell"),
        pytest.param([a_test(5, 700_000, sustained=None, at_ceiling=True)], {}, id="at the machine's ceiling"),
        pytest.param(
            [a_test(5, 700_000, sustained=None, at_ceiling=True), a_test(9, 100)],
            {},
            id="the best of the hour was the one at its ceiling",
        ),
        pytest.param(
            [a_test(5, 900_000, sustained=None, at_ceiling=True)],
            {"down": Hours(passed=1, told=1)},
            id="ceiling, enough",
        ),
        pytest.param(
            [a_test(5, 400_000, direction="up", required_bps=500_000, sustained=False), a_test(9, 100)],
            {"up": Hours(passed=1, told=1), "down": Hours(passed=0, told=1)},
            id="each direction has its need",
        ),
    ],
)
def test_an_hour_passes_by_its_best_agent(tests: Sequence[ThroughputTest], hours: dict[str, Hours]) -> None:
    assert the_day(tests=tests).tests == hours


def test_a_day_without_lessons_or_measurements_is_empty() -> None:
    day = the_day(a_bin(0), lessons=())

    assert (day.marks, day.lessons, day.seconds.valid, day.causes) == ("", 0, 0, {})
    assert the_day().marks == "." * 24
