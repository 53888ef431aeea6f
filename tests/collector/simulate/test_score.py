"""What ``make score`` holds in full, on a small district: seeds of its own, the same bounds."""

from collections.abc import Iterator

import pytest

from collector.simulate.figures import Figure
from collector.simulate.published import MISSING, Row, Size, rows, scenarios
from collector.simulate.rule_alone import Case, judge_case
from collector.simulate.runs import run_case, side_by_side
from collector.simulate.score import Score
from collector.simulate.seeds import CHECKED, SCORED, TUNING

SMALL = Size(
    healthy=240, trouble=600, case_seeds=CHECKED[:2], scenario_seeds=CHECKED[:1], bursts=(15, 20), scenarios=("small",)
)
BOUNDED = [one for one in rows(SMALL) if one.bound is not None]


@pytest.fixture(scope="module")
def scored() -> Iterator[Score]:
    with side_by_side(1) as spread:
        ((_, found),) = scenarios(SMALL, spread)
        yield found


def test_what_is_published_comes_from_seeds_that_nobody_tunes_or_checks_with() -> None:
    assert not set(TUNING) & set(SCORED)
    assert not set(CHECKED) & set(SCORED)
    assert not set(TUNING) & set(CHECKED)


@pytest.mark.parametrize("row", BOUNDED, ids=lambda row: f"{row.case.title}, {row.weeks} weeks")
def test_the_rule_by_itself_errs_no_oftener_than_promised(row: Row) -> None:
    with side_by_side(1) as spread:
        found = row.figure(run_case(row.case, SMALL.case_seeds, spread))
    assert _may_hold(found), found.cells()


@pytest.mark.parametrize("missing", MISSING)
def test_what_is_missing_is_missing(missing: str) -> None:
    case = Case(share=0.2, burst_minutes=20, rooms=20, weeks=2, missing=missing)  # type: ignore[arg-type]
    assert judge_case(case, seed=CHECKED[0]).room_weeks == 40


def test_every_bound_holds_in_a_small_district(scored: Score) -> None:
    assert [one.cells() for one in scored.figures if one.holds is False] == []


def test_every_figure_counts_something(scored: Score) -> None:
    assert [one.name for one in scored.figures if not one.n] == []
    assert len(scored.figures) == 10


def test_every_stretch_of_plain_trouble_is_found(scored: Score) -> None:
    assert set(scored.weeks_to_find) == {1}
    assert dict(scored.never) == {}


def test_the_causes_told_are_those_that_the_scenario_has(scored: Score) -> None:
    assert {true for true, _ in scored.confusion} == {"room_access", "site_lan", "site_uplink", "isp_egress"}


def test_a_week_without_coverage_is_in_the_table(scored: Score) -> None:
    assert scored.verdicts["not enough measured", "unknown"] >= 2


def _may_hold(figure: Figure) -> bool:
    """Whether so few room-weeks leave it open that the bound holds: by luck, what holds may miss it."""
    assert figure.interval
    assert figure.bound is not None
    low, high = figure.interval
    return high >= figure.bound if figure.side == "at least" else low <= figure.bound
