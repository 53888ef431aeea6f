"""Counting, on records made by hand."""

from datetime import date, timedelta
from typing import Any

from collector.simulate.figures import Figure
from collector.simulate.records import Record
from collector.simulate.score import Score, score
from collector.simulate.truth import Truth

MONDAY = date(2026, 9, 7)


def _record(week: int = 0, *, share: float = 0.3, room: str = "101", **other: Any) -> Record:
    """A week of a room with `share` bad by its own access, all of it measured, restricted for that cause."""
    of_truth: dict[str, Any] = {
        "shares": {"room_access": share},
        "happened": {"room_access": share},
        "restricted": share > 0.05,
        "seen": True,
        "covered": True,
        "awake_bins": 420,
    }
    said: dict[str, Any] = {
        "verdict": "restricted",
        "entered": week == 0,
        "cause": "room_access",
        "confidence": "high",
        "bad_share": share,
    }
    of_truth |= {name: other.pop(name) for name in list(other) if name in of_truth}
    truth = Truth(site="oak-hill", room=room, week=MONDAY + timedelta(weeks=week), **of_truth)
    return Record(seed=1, truth=truth, **(said | other))


def _figure(found: Score, start: str) -> Figure:
    (one,) = (one for one in found.figures if one.name.startswith(start))
    return one


def test_a_district_that_is_judged_rightly_holds() -> None:
    found = score([_record(0), _record(1), _record(0, share=0.02, room="102", verdict="ok", entered=False, cause=None)])
    assert found.holds
    assert _figure(found, "precision").share == 1
    assert found.confusion == {("room_access", "room_access"): 2}
    assert found.weeks_to_find == {1: 1}


def test_a_healthy_room_that_enters_is_a_false_entry() -> None:
    found = score([_record(share=0.02)])
    assert _figure(found, "false entries").hits == 1
    assert _figure(found, "precision").share == 0
    assert not found.holds


def test_sure_and_wrong_is_a_miss_even_where_little_can_be_told() -> None:
    found = score([_record(cause="site_lan")], cause_right=None)
    assert _figure(found, "cause right, where truth").holds is None
    assert _figure(found, "cause right where confidence").holds is False


def test_unsure_and_wrong_is_a_miss_of_the_cause_alone() -> None:
    found = score([_record(cause="undetermined", confidence="low"), _record(room="102")])
    assert _figure(found, "cause right, where truth").hits == 1
    assert _figure(found, "cause right where confidence").holds is True
    assert found.calibration["low"] == (0, 1)


def test_a_week_that_is_not_covered_must_be_unknown() -> None:
    found = score([_record(covered=False, verdict="at_risk", entered=False)])
    assert _figure(found, "unknown where").holds is False


def test_silence_that_is_green_is_a_miss() -> None:
    found = score([_record(covered=False, awake_bins=0, verdict="ok", entered=False)])
    assert _figure(found, "green").holds is False


def test_a_room_restricted_for_its_machine_is_a_miss() -> None:
    found = score([_record(shares={"device": 0.3}, restricted=False, cause="device")])
    assert _figure(found, "entries for a device").holds is False


def test_time_to_detect_counts_from_the_first_week_of_trouble() -> None:
    weeks = [_record(0, share=0.01, verdict="ok"), _record(1, verdict="at_risk"), _record(2), _record(3)]
    assert score(weeks).weeks_to_find == {2: 1}


def test_what_was_never_found_is_told_by_what_it_was() -> None:
    found = score([_record(verdict="at_risk", seen=False, shares={"isp_egress": 0.3})])
    assert found.never == {"isp_egress, which nothing at the site measures": 1}


def test_an_interval_of_nothing_seen_is_not_nothing() -> None:
    figure = Figure(name="false", hits=0, n=20_000, room_weeks=20_000, bound=0.001, side="at most")
    assert figure.interval
    assert 0.0001 < figure.interval[1] < 0.0003
    assert figure.holds
    assert figure.cells()[-1] == "yes"


def test_of_nothing_no_bound_holds() -> None:
    assert Figure(name="none", hits=0, n=0, room_weeks=0, bound=0.95).holds is False
