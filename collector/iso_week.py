"""A week as ISO 8601 writes it: ``2026-W47`` begins on Monday 16 November 2026."""

import re
from datetime import date, timedelta

NEWEST = "newest"
"""Names the newest week that was judged."""

_EXAMPLE = "2026-W47"


def week_text(monday: date) -> str:
    """``2026-W47`` for the week that begins on `monday`."""
    year, week, _ = monday.isocalendar()
    return f"{year:04d}-W{week:02d}"


def week_of_text(text: str) -> date:
    """The Monday of the week that `text` names. Raises `ValueError` with a sentence that names the form."""
    found = re.fullmatch(r"(\d{4})-W(\d{2})", text, re.ASCII)
    try:
        if found is None:
            raise ValueError
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise ValueError(f'"{text[:20]}" is no week; write it as {_EXAMPLE}, weeks from W01 to W52 or W53') from None


def monday_of(day: date) -> date:
    """The Monday of the week that `day` lies in."""
    return day - timedelta(days=day.weekday())


def week_span(monday: date) -> str:
    """``16 to 22 November 2026``, ``30 November to 6 December 2026``, with both years where they differ."""
    sunday = monday + timedelta(days=6)
    first = f"{monday.day}"
    if monday.month != sunday.month:
        first += f" {monday:%B}"
    if monday.year != sunday.year:
        first += f" {monday.year}"
    return f"{first} to {sunday.day} {sunday:%B} {sunday.year}"
