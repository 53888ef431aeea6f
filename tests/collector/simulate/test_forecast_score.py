"""How often forecasts hold, with seeds of their own, and that the page says what is printed."""

import itertools
import re
from pathlib import Path

import pytest

from collector.simulate.forecast_score import COVERED, ForecastScore, forecast_score, forecast_text
from collector.simulate.made_up_uplinks import JUMPS_A_YEAR, made_up_uplinks, school_weeks
from collector.simulate.published import PUBLISHED, seeds_text
from collector.simulate.seeds import CHECKED

PAGE = (Path(__file__).parents[3] / "docs" / "accuracy.md").read_text("utf-8")


@pytest.fixture(scope="module")
def scored() -> ForecastScore:
    return forecast_score(CHECKED[:2], 500, map)


def test_intervals_hold_the_truth_as_often_as_promised(scored: ForecastScore) -> None:
    figure = scored.figures[0]

    assert figure.interval
    assert figure.interval[0] < COVERED[1]
    assert figure.interval[1] > COVERED[0]


def test_every_uplink_is_told_or_refused(scored: ForecastScore) -> None:
    assert scored.figures[0].n + sum(scored.refusals.values()) == scored.uplinks == 500


def test_every_figure_counts_something(scored: ForecastScore) -> None:
    assert [one.name for one in scored.figures if not one.n] == []


def test_every_reason_but_an_unknown_capacity_is_among_them(scored: ForecastScore) -> None:
    never = {reason for reason, count in scored.refusals.items() if not count}

    assert never <= {"no_capacity", "too_wide"}


def test_without_a_trend_a_forecast_is_rare(scored: ForecastScore) -> None:
    without = next(one for one in scored.figures if one.name == "a forecast although there is no trend")

    assert without.interval
    assert without.interval[0] < 0.15


def test_made_up_uplinks_are_the_same_for_the_same_seed() -> None:
    ((one,), (again,)) = (list(made_up_uplinks(CHECKED[0], 1)) for _ in range(2))

    assert one.weeks == again.weeks
    assert one.demand.tolist() == again.demand.tolist()


def test_a_third_of_the_uplinks_has_each_rate_of_jumps() -> None:
    assert [one.jumps_a_year for one in made_up_uplinks(CHECKED[0], 6)] == [*JUMPS_A_YEAR, *JUMPS_A_YEAR]


def test_a_made_up_school_year_has_its_vacations() -> None:
    weeks = school_weeks()

    assert len({(one.toordinal() - weeks[0].toordinal()) // 7 // 52 for one in weeks}) >= 4
    assert max((later - one).days for one, later in itertools.pairwise(weeks)) == 11 * 7


def test_the_page_has_the_rows_that_are_printed(scored: ForecastScore) -> None:
    section = PAGE.partition("### Forecasts of uplinks")[2].partition("<!-- scored: end -->")[0]

    assert _first_cells(section) == _first_cells(forecast_text(scored))
    assert f"{PUBLISHED.uplinks:,} uplinks were told" in section
    assert seeds_text(PUBLISHED) in PAGE


def test_what_the_page_counts_adds_up_and_holds() -> None:
    section = PAGE.partition("### Forecasts of uplinks")[2]
    hits, n = (int(one.replace(",", "")) for one in re.findall(r"held the truth .* ([\d,]+) of ([\d,]+) ", section)[0])
    told = int(re.findall(r"\| told \| ([\d,]+) ", section)[0].replace(",", ""))

    assert told == n
    assert COVERED[0] <= hits / n <= COVERED[1]
    assert "NO |" not in section


def _first_cells(text: str) -> list[str]:
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
