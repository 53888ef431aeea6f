"""How the page came about, for whoever has to defend it: rule, limits, lessons, and how long what is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from collector.brief.room_names import counted
from collector.district.district import District
from collector.judged_weeks import NamedWeek
from collector.verdict.week_facts import ONE_AGENT
from collector.verdict.week_sentence import percent, span
from collector.verdict.weekly_rule import (
    ALLOWED_SHARE,
    AWAKE_SHARE,
    FEWEST_DAYS,
    FEWEST_SECONDS,
    WEEKS_TO_LEAVE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """For how many days what is kept: reports, their five minutes, and sums of school days and weeks."""

    reports_days: int
    bins_days: int
    days_days: int


def method(
    rooms: Sequence[NamedWeek], district: District, *, week: date, site: str | None, kept: Kept
) -> tuple[str, ...]:
    """The footer, line by line."""
    digests = sorted({one.week.profiles_digest for one in rooms if one.week.profiles_digest})
    rules = sorted({one.week.rule_version for one in rooms})
    profiles = ", ".join(one.title for one in district.profiles.in_force())
    limits = f"limits {', '.join(digests)}" if digests else "no limits, as nothing was measured"
    return (
        (
            f"Restricted: more than {percent(ALLOWED_SHARE)} of the measured lesson time was too poor, with 99 % "
            f"confidence, on at least {FEWEST_DAYS} bad days, by the network; or throughput tests failed. It ends "
            f"after {WEEKS_TO_LEAVE} good weeks in a row. Unknown: less than {span(FEWEST_SECONDS / 60)} or "
            f"{FEWEST_DAYS} days measured, or less than {percent(AWAKE_SHARE)} of the time a machine was awake."
        ),
        f"Rule {', '.join(map(str, rules))}; {limits}; profiles {profiles}.",
        ONE_AGENT,
        _calendar(district, week, site),
        (
            f"Kept: reports {counted(kept.reports_days, 'day')}, judged lesson time {counted(kept.bins_days, 'day')}, "
            f"sums of school days and weeks {counted(kept.days_days, 'day')}."
        ),
    )


def _calendar(district: District, week: date, site: str | None) -> str:
    sites = [one.site for one in district.sites if site in {None, one.site}]
    days = [
        sum(bool(district.calendar_of(one).lessons_on(week + timedelta(days=number))) for number in range(7))
        for one in sites
    ]
    few, most = min(days, default=0), max(days, default=0)
    counted_days = counted(most, "day") if few == most else f"{few} to {most} days, by site,"
    calendar = district.calendar
    year = ""
    if calendar.first_day and calendar.last_day:
        year = f"; school year {calendar.first_day.isoformat()} to {calendar.last_day.isoformat()}"
    times = f"times are {district.time_zone}"
    return f"Lessons by the district's calendar, {counted_days} with any in this week{year}; {times}."
