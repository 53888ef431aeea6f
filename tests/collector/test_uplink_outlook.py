"""What an uplink's weeks tell: level, headroom, forecast or the first reason against one, scenarios."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.verdict.uplinks.load import UplinkWeek
from collector.verdict.uplinks.look_ahead import outlook
from collector.verdict.uplinks.outlook import Forecast, Level, NoForecast, Outlook, Refusal
from collector.verdict.uplinks.words import ahead, says
from tests.collector.uplink_weeks import FIRST, OAK_HILL, a_week, looked_at, monday, weeks_of


def growing(count: int, *, start: float = 0.3, slope: float = 0.005, noise: float = 0.015) -> list[float | None]:
    chance = np.random.default_rng(count)
    return [float(one) for one in start + slope * np.arange(count) + chance.normal(0, noise, count)]


def forecast_of(found: Outlook) -> Forecast:
    assert isinstance(found.forecast, Forecast)
    return found.forecast


def refusal_of(found: Outlook) -> NoForecast:
    assert isinstance(found.forecast, NoForecast)
    return found.forecast


@pytest.mark.parametrize(
    ("newest", "level"),
    [
        ([0.59, 0.59, 0.59, 0.59], "fine"),
        ([0.6, 0.6, 0.1, 0.6], "watch"),
        ([0.6, 0.1, 0.1, 0.9], "fine"),
        ([0.71, 0.9, 0.9, 0.2], "plan"),
        ([0.8, 0.8, 0.2, 0.8], "act"),
        ([0.8, 0.8, None, 0.8], "act"),
        ([0.9, None, None, 0.9], "unknown"),
        ([0.9, 0.9], "unknown"),
    ],
)
def test_a_level_is_reached_in_three_of_the_last_four_weeks(newest: list[float | None], level: Level) -> None:
    assert looked_at(weeks_of(newest)).level == level


def test_a_level_counts_from_the_change_of_the_capacity() -> None:
    full = weeks_of([0.9] * 10)
    wider = [a_week(0.2, monday(10 + index), capacity=4000) for index in range(3)]

    assert looked_at([*full, *wider[:2]]).level == "unknown"
    assert looked_at([*full, *wider]).level == "fine"


def test_headroom_is_up_to_80_percent_in_the_fuller_direction() -> None:
    found = looked_at([a_week(0.3, up=0.5)])

    assert found.direction == "up"
    assert found.headroom_bps == pytest.approx(300e6)


def test_headroom_is_negative_beyond() -> None:
    assert looked_at([a_week(0.9)]).headroom_bps == pytest.approx(-100e6)


def test_one_odd_week_does_not_turn_the_direction() -> None:
    weeks = weeks_of([0.5, 0.5, 0.5])
    odd = a_week(0.5, monday(3), up=0.6)

    assert looked_at([*weeks, odd]).direction == "down"


@pytest.mark.parametrize(("count", "horizon"), [(13, 4), (23, 4), (24, 12), (51, 12), (52, 26), (110, 26)])
def test_the_horizon_is_at_most_half_of_the_history(count: int, horizon: int) -> None:
    found = forecast_of(looked_at(weeks_of(growing(count, slope=0.004, start=0.1))))

    assert found.horizon_weeks == horizon
    assert found.at_week == monday(count - 1 + horizon)
    assert len(found.path) == horizon
    assert found.path[-1].week == found.at_week


def test_a_steady_growth_is_told_with_its_crossing() -> None:
    found = forecast_of(looked_at(weeks_of(growing(40, start=0.55))))

    assert found.slope == pytest.approx(0.005, rel=0.2)
    assert found.slope_low < found.slope < found.slope_high
    assert found.low < 0.55 + 0.005 * 51 < found.high
    assert found.crosses_from is not None
    assert found.crosses_from == next(one.week for one in found.path if one.high >= 0.8)
    assert found.crosses_until == next((one.week for one in found.path if one.low >= 0.8), None)
    assert found.path[0].high - found.path[0].low <= found.high - found.low


def test_nothing_beyond_the_line_itself_is_foretold() -> None:
    found = forecast_of(looked_at(weeks_of(growing(40, start=0.62, slope=0.007))))

    assert found.high == 1


@pytest.mark.parametrize("vacation_weeks", [1, 10])
def test_a_vacation_is_no_step(vacation_weeks: int) -> None:
    shares = growing(30)
    plain = forecast_of(looked_at(weeks_of(shares)))
    after = monday(15 + vacation_weeks)
    split = [*weeks_of(shares[:15]), *weeks_of(shares[15:], first=after)]
    taught = [one.week for one in split]
    ahead = [taught[-1] + timedelta(weeks=1 + index) for index in range(30)]

    found = forecast_of(outlook(OAK_HILL, split, school_weeks=[*taught, *ahead], through=taught[-1]))

    assert (found.slope, found.low, found.high) == (plain.slope, plain.low, plain.high)


def test_a_missing_week_is_a_step_without_a_value() -> None:
    whole = growing(40, noise=0)
    holed: list[float | None] = [None if index in {7, 20, 21} else one for index, one in enumerate(whole)]

    found = forecast_of(looked_at(weeks_of(holed)))

    assert found.slope == pytest.approx(0.005)
    assert found.expected == pytest.approx(0.3 + 0.005 * 51)


def test_a_week_that_was_never_kept_is_missing_too() -> None:
    weeks = [one for index, one in enumerate(weeks_of(growing(40, noise=0))) if index not in {7, 20}]

    assert forecast_of(looked_at(weeks)).expected == pytest.approx(0.3 + 0.005 * 51)


def test_a_forecast_after_missing_weeks_reaches_as_far_and_is_as_wide_as_that_needs() -> None:
    shares = growing(40, noise=0.02)
    upto = forecast_of(looked_at(weeks_of(shares[:38])))
    later = forecast_of(looked_at(weeks_of(shares[:38]), through=monday(39)))

    assert later.at_week == upto.at_week + timedelta(weeks=2)
    assert later.expected == pytest.approx(upto.expected + 2 * upto.slope)


def test_the_weeks_ahead_are_those_of_the_calendar() -> None:
    weeks = weeks_of(growing(40))
    closed = {monday(42), monday(43)}
    taught = [monday(index) for index in range(80) if monday(index) not in closed]

    found = forecast_of(outlook(OAK_HILL, weeks, school_weeks=taught, through=monday(39)))

    assert found.at_week == monday(39 + 12 + 2)
    assert not closed & {one.week for one in found.path}


def test_where_the_calendar_ends_weeks_follow_one_another() -> None:
    weeks = weeks_of(growing(40))

    found = outlook(OAK_HILL, weeks, school_weeks=[one.week for one in weeks], through=monday(39))

    assert forecast_of(found).at_week == monday(51)


def test_weeks_after_the_one_that_is_told_of_are_not_looked_at() -> None:
    weeks = weeks_of([*growing(30), *[0.9] * 10])

    assert looked_at(weeks, through=monday(29)) == looked_at(weeks[:30])


FLAT = [0.4, 0.42, 0.41, 0.39, 0.4, 0.43, 0.38] * 5
WILD = [0.1, 0.75, 0.2, 0.7, 0.15, 0.72] * 5


def after_a_change(count: int) -> list[UplinkWeek]:
    return [*weeks_of(growing(30)), *(a_week(0.2, monday(30 + index), capacity=2000) for index in range(count))]


@pytest.mark.parametrize(
    ("weeks", "reason", "known"),
    [
        ([], "not_counted", 0),
        (weeks_of([None] * 20), "not_counted", 0),
        (weeks_of([*growing(20), None, None, None, None]), "not_counted", 20),
        (weeks_of(growing(20), capacity=None), "no_capacity", 20),
        (weeks_of(growing(12)), "too_few_weeks", 12),
        (after_a_change(12), "capacity_changed", 12),
        (weeks_of([*growing(30, slope=0), *growing(8, start=0.7, slope=0)]), "level_shifted", 8),
        (weeks_of([one if index % 3 else None for index, one in enumerate(growing(60))]), "missing_weeks", 40),
        (weeks_of([*growing(30, slope=0.02), *[0.95] * 4]), "saturated", 34),
        (weeks_of(FLAT), "no_trend", 35),
        (weeks_of([one + 0.012 * index for index, one in enumerate(WILD)]), "too_wide", 30),
    ],
)
def test_a_forecast_is_refused_with_its_reason(weeks: Sequence[UplinkWeek], reason: Refusal, known: int) -> None:
    found = refusal_of(looked_at(weeks, through=None if weeks else FIRST) if weeks else nothing())

    assert (found.reason, found.known_weeks) == (reason, known)


def nothing() -> Outlook:
    return outlook(OAK_HILL, [], school_weeks=[FIRST], through=FIRST)


@pytest.mark.parametrize(
    ("weeks", "since", "possible_from"),
    [
        (weeks_of(growing(9)), monday(0), monday(12)),
        (after_a_change(5), monday(30), monday(30 + 12)),
    ],
)
def test_a_refusal_for_few_weeks_says_when_there_are_enough(
    weeks: Sequence[UplinkWeek], since: date, possible_from: date
) -> None:
    found = refusal_of(looked_at(weeks))

    assert (found.needed_weeks, found.since, found.possible_from) == (13, since, possible_from)


def test_the_first_reason_in_the_stated_order_is_told() -> None:
    few_and_full_without_capacity = weeks_of([0.95] * 5, capacity=None)
    few_and_full = weeks_of([0.95] * 5)

    assert refusal_of(looked_at(few_and_full_without_capacity)).reason == "no_capacity"
    assert refusal_of(looked_at(few_and_full)).reason == "too_few_weeks"


def test_enough_weeks_after_a_change_are_foretold_from_alone() -> None:
    after = [a_week(one, monday(30 + index), capacity=2000) for index, one in enumerate(growing(20))]

    found = forecast_of(looked_at([*weeks_of([0.9] * 30), *after]))

    assert found.since == monday(30)
    assert found == replace(forecast_of(looked_at(after)), since=monday(30))


def test_a_capacity_that_was_not_written_down_at_first_is_no_change() -> None:
    unknown = weeks_of(growing(30), capacity=None)
    weeks = [*unknown[:15], *weeks_of(growing(30))[15:]]

    assert looked_at(weeks).forecast == looked_at(weeks_of(growing(30))).forecast


def test_scenarios_are_dated_from_the_load_now() -> None:
    found = looked_at(weeks_of([0.4] * 4))

    grown = {one.growth_a_year: one.reaches_at for one in found.scenarios}
    last = monday(3)
    assert grown[0.0] is None
    assert grown[0.2] == last + timedelta(days=round(365.25 * np.log(2) / np.log(1.2)))
    assert grown[0.5] == last + timedelta(days=round(365.25 * np.log(2) / np.log(1.5)))


def test_a_scenario_beyond_five_years_has_no_date_and_what_is_full_has_none() -> None:
    assert [one.reaches_at for one in looked_at(weeks_of([0.05] * 4)).scenarios] == [None, None, None]
    assert looked_at(weeks_of([0.85] * 4)).scenarios == ()


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.floats(0, 1.2)),
            st.sampled_from([1000, 1000, 1000, 500, 0, None]),
            st.integers(0, 9),
        ),
        max_size=60,
    ),
    st.integers(0, 70),
)
def test_whatever_the_weeks_are_there_is_an_outlook(
    rows: list[tuple[float | None, int | None, int]], through: int
) -> None:
    weeks = [
        a_week(share, monday(index), capacity=capacity)
        for index, (share, capacity, kept) in enumerate(rows)
        if kept  # some are not kept at all
    ]
    taught = [monday(index) for index in range(100) if index % 7]

    found = outlook(OAK_HILL, weeks[::-1], school_weeks=taught, through=monday(through))

    assert says(found)
    assert ahead(found)
    if isinstance(found.forecast, Forecast):
        assert all(0 <= one.low <= one.expected <= one.high <= 1 for one in found.forecast.path)
        assert [one.week for one in found.forecast.path] == sorted({one.week for one in found.forecast.path})


def test_scenarios_need_no_forecast_and_change_none() -> None:
    found = looked_at(weeks_of([0.4] * 4))

    assert isinstance(found.forecast, NoForecast)
    assert len(found.scenarios) == 3
