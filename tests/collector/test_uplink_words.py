"""What is said of an uplink, word by word."""

from datetime import date

import pytest

from collector.verdict.uplinks.load import DISTRICT
from collector.verdict.uplinks.outlook import Forecast, NoForecast, Refusal, Scenario
from collector.verdict.uplinks.words import ahead, says, scenario, uplink_name, why_none
from tests.collector.uplink_weeks import a_week, looked_at, monday, weeks_of


def test_an_uplink_is_called_after_its_site() -> None:
    assert uplink_name("site:oak-hill", {"oak-hill": "Oak Hill"}) == "Oak Hill"
    assert uplink_name("site:gone", {}) == "gone"
    assert uplink_name(DISTRICT, {}) == "The district's way out"


def test_load_headroom_and_level_are_one_sentence_each() -> None:
    assert says(looked_at(weeks_of([0.64] * 4))) == (
        "In its busiest hour (10:00-11:00) it was 64 % full: 640 Mbit/s down of 1,000 Mbit/s. "
        "160 Mbit/s are left up to 80 %: watch."
    )


def test_what_is_beyond_is_above() -> None:
    assert says(looked_at(weeks_of([0.85] * 4))).endswith(" That is 50 Mbit/s above 80 %: act now.")


def test_a_load_without_a_capacity_is_told_as_a_rate() -> None:
    assert says(looked_at([a_week(0.3, capacity=None)])) == (
        "In its busiest hour (10:00-11:00) it carried 300 Mbit/s down in the week of 1 September 2025; what share of "
        "its capacity that is, nobody knows."
    )


def test_a_load_of_long_ago_is_told_with_its_week() -> None:
    assert says(looked_at(weeks_of([0.3, None, None, None, None]))) == (
        "In its busiest hour (10:00-11:00) it carried 300 Mbit/s down in the week of 1 September 2025; nothing newer "
        "was counted."
    )


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("not_counted", "nothing has counted it in the last four weeks of lessons"),
        ("no_capacity", "what it can carry is not known; write it into the district's file"),
        (
            "too_few_weeks",
            "9 of 13 weeks of lessons are known; the first is possible after the week of 5 October 2026",
        ),
        (
            "capacity_changed",
            (
                "its capacity changed in the week of 31 August 2026, and 9 of 13 weeks of lessons since are known; the "
                "first is possible after the week of 5 October 2026"
            ),
        ),
        (
            "level_shifted",
            (
                "its load jumped in the week of 31 August 2026, and 9 of 13 weeks of lessons since are known; the "
                "first is possible after the week of 5 October 2026"
            ),
        ),
        ("missing_weeks", "more than a quarter of its weeks of lessons were not counted"),
        ("saturated", "it is full, so how much more would be used cannot be seen"),
        ("no_trend", "over 9 weeks of lessons it neither grows nor shrinks for sure"),
        ("too_wide", "its weeks differ so much that nothing useful can be told"),
    ],
)
def test_every_refusal_has_its_reason_in_words(reason: Refusal, words: str) -> None:
    refusal = NoForecast(
        reason=reason, known_weeks=9, needed_weeks=13, since=date(2026, 8, 31), possible_from=date(2026, 10, 5)
    )

    assert why_none(refusal) == words


def test_an_uplink_that_nothing_ever_counted_says_so() -> None:
    found = looked_at([a_week(None)])

    assert says(found) == "Nobody knows how full it is: nothing counts what it carries."
    assert ahead(found) == "No forecast: nothing counts what it carries."


@pytest.mark.parametrize(
    ("crosses", "words"),
    [
        ((None, None), "It stays below 80 % until the week of 11 January 2027."),
        (
            (date(2026, 11, 30), None),
            (
                "80 % may be reached from the week of 30 November 2026 on; it may also stay below until the week of 11 "
                "January 2027."
            ),
        ),
        (
            (date(2026, 11, 30), date(2027, 1, 4)),
            "80 % is reached between the weeks of 30 November 2026 and 4 January 2027.",
        ),
    ],
)
def test_a_forecast_says_when_it_is_full_and_how_sure_that_is(
    crosses: tuple[date | None, date | None], words: str
) -> None:
    told = Forecast(
        horizon_weeks=12,
        at_week=date(2027, 1, 11),
        expected=0.78,
        low=0.714,
        high=0.84,
        slope=0.01,
        slope_low=0.005,
        slope_high=0.015,
        crosses_from=crosses[0],
        crosses_until=crosses[1],
    )
    found = looked_at(weeks_of([0.64] * 4))
    object.__setattr__(found, "forecast", told)

    assert ahead(found) == (
        f"{words} In the week of 11 January 2027 it is 71 to 84 % full; 8 of 10 such forecasts hold."
    )


def test_a_scenario_is_an_if() -> None:
    assert scenario(Scenario(growth_a_year=0.2, reaches_at=monday(80))) == (
        "If it grew by 20 % a year: 80 % in March 2027."
    )
    assert scenario(Scenario(growth_a_year=0, reaches_at=None)) == "If it stayed as it is: 80 % not within five years."
