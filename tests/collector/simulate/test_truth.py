from datetime import date

import numpy as np
import pytest

from collector.simulate.course import ABSENT, MEASURED, course_of, faults_of
from collector.simulate.scenario import REFERENCE_ROOM
from collector.simulate.scenario_file import find_scenario, load_scenario
from collector.simulate.slices_of import Measuring
from collector.simulate.truth import Truth, truths
from collector.verdict.profiles import default_profiles

SEED = 11
SEMESTER = load_scenario(find_scenario("semester"))
SMALL = load_scenario(find_scenario("small"))


def _truth(week: int, site: str, room: str) -> Truth:
    return next(
        one for one in truths(SEMESTER, course_of(SEMESTER, week, seed=SEED)) if (one.site, one.room) == (site, room)
    )


def test_a_room_is_restricted_in_truth_while_its_fault_lasts() -> None:
    assert _truth(4, "oak-hill", "103").cause == "room_access"
    assert _truth(4, "oak-hill", "103").plain
    assert not _truth(1, "oak-hill", "103").restricted


def test_a_machine_in_trouble_restricts_no_room() -> None:
    truth = _truth(4, "oak-hill", "110")
    assert truth.shares["device"] == pytest.approx(0.3)
    assert not truth.restricted


def test_slow_names_restrict_no_room() -> None:
    assert not _truth(5, "oak-hill", "101").restricted


def test_who_sleeps_all_week_is_not_covered_and_not_awake() -> None:
    truth = _truth(10, "oak-hill", "107")
    assert (truth.covered, truth.awake_bins) == (False, 0)


def test_an_agent_that_moved_leaves_its_room_silent_and_speaks_for_the_other() -> None:
    assert _truth(9, "river", "105").awake_bins == 0
    assert _truth(9, "river", "106").covered


def test_where_no_reference_looks_out_nobody_sees_the_provider() -> None:
    assert _truth(8, "river", "101").restricted
    assert not _truth(8, "river", "101").seen
    assert _truth(8, "river", "101").cause is None
    assert _truth(8, "summit", "101").cause == "isp_egress"


def test_rooms_behind_one_switch_are_bad_in_the_same_bins() -> None:
    course = course_of(SEMESTER, 7, seed=SEED)
    (place,) = (n for n, one in enumerate(faults_of(SEMESTER)) if one.kind == "site_lan")
    rows = [rooms[place] for rooms in course.acting.values() if place in rooms]
    assert len(rows) == 6
    assert rows[0].any()
    assert all(np.array_equal(rows[0], one) for one in rows)


def test_a_line_that_is_busy_in_the_morning_is_so_in_no_afternoon() -> None:
    course = course_of(SEMESTER, 14, seed=SEED)
    (place,) = (n for n, one in enumerate(faults_of(SEMESTER)) if one.kind == "uplink_busy")
    zone = SEMESTER.calendar.time_zone
    acting = course.acting["lakeside", "101"][place]
    hours = {start.astimezone(zone).hour for start, one in zip(course.starts, acting, strict=True) if one}
    assert hours <= {9, 10, 11}
    assert hours


def test_delay_adds_up_along_the_way() -> None:
    course = course_of(SMALL, 2, seed=SEED)
    (place,) = (n for n, one in enumerate(faults_of(SMALL)) if one.kind == "uplink_busy")
    acting = course.acting["lakeside", "103"][place]
    at = int(np.flatnonzero(acting)[0])
    whole = list(Measuring(SMALL, default_profiles(), seed=SEED).slices(course))[at]
    p95 = {one.target: one.rtt_ms(95) for one in whole.latency["lakeside", "103"]}
    assert p95["gateway"] < p95["site"] < 30  # type: ignore[operator]
    assert p95["district"] > 200  # type: ignore[operator]
    reference = {one.target: one.rtt_ms(95) for one in whole.latency["lakeside", REFERENCE_ROOM]}
    assert reference["district"] > 200  # type: ignore[operator]
    assert reference["anchor:cloud"] > 200  # type: ignore[operator]
    assert whole.roles == {"oak-hill-reference": "reference", "lakeside-reference": "reference"}


def test_the_same_seed_makes_the_same_and_another_another() -> None:
    courses = [course_of(SMALL, 1, seed=seed) for seed in (1, 1, 2)]
    one, same, other = (
        next(Measuring(SMALL, default_profiles(), seed=seed).slices(course)).latency
        for seed, course in zip((1, 1, 2), courses, strict=True)
    )
    assert one == same
    assert one != other
    assert list(truths(SMALL, courses[0])) == list(truths(SMALL, courses[1]))
    assert list(truths(SMALL, courses[0])) != list(truths(SMALL, courses[2]))


def test_what_the_truth_calls_absent_nobody_measured() -> None:
    course = course_of(SMALL, 3, seed=SEED)
    whole = list(Measuring(SMALL, default_profiles(), seed=SEED).slices(course))
    for one, awake in zip(whole, course.awake["lakeside", "106"].tolist(), strict=True):
        assert (("lakeside", "106") in one.latency) == (awake != ABSENT)
    assert MEASURED in course.awake["lakeside", "101"]


def test_a_truth_is_read_as_it_was_written() -> None:
    truth = _truth(4, "oak-hill", "103")
    assert Truth.from_json(truth.to_json()) == truth
    assert truth.week == date(2026, 9, 7)
