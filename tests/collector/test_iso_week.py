"""Weeks as ISO 8601 writes them, there and back."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.iso_week import monday_of, week_of_text, week_span, week_text


@pytest.mark.parametrize(
    ("monday", "text", "span"),
    [
        (date(2026, 11, 16), "2026-W47", "16 to 22 November 2026"),
        (date(2026, 11, 30), "2026-W49", "30 November to 6 December 2026"),
        (date(2026, 12, 28), "2026-W53", "28 December 2026 to 3 January 2027"),
        (date(2024, 12, 30), "2025-W01", "30 December 2024 to 5 January 2025"),
    ],
)
def test_a_week_has_a_text_and_a_span(monday: date, text: str, span: str) -> None:
    assert week_text(monday) == text
    assert week_of_text(text) == monday
    assert week_span(monday) == span


@given(st.dates(date(1970, 1, 5), date(2200, 1, 1)))
def test_every_day_is_of_a_week_that_is_found_again(day: date) -> None:
    monday = monday_of(day)

    assert monday.weekday() == 0
    assert timedelta(0) <= day - monday < timedelta(days=7)
    assert week_of_text(week_text(monday)) == monday


@pytest.mark.parametrize(
    "text",
    [
        *("", "47", "2026-47", "2026W47", "2026-w47", "2026-W00", "2026-W54", "2025-W53", "0000-W01", "2026-W47 "),
        *("newest", "2026-W\uff14\uff17", "x" * 4000),
    ],
)
def test_what_is_no_week_is_told_in_a_line_that_names_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="is no week; write it as 2026-W47") as told:
        week_of_text(text)
    assert len(str(told.value)) < 120
    assert "\n" not in str(told.value)


def test_a_year_has_four_digits_whichever_it_is() -> None:
    assert week_text(week_of_text("0001-W01")) == "0001-W01"
