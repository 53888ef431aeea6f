"""A restricted room in plain words: what it was like for a lesson, where that sits, whose budget would fix it."""

from collections.abc import Mapping
from datetime import date

from collector.brief.brief import BriefRoom
from collector.brief.strip_days import strip_days
from collector.district.calendar import Calendar
from collector.judged_weeks import NamedWeek
from collector.verdict.cause_words import pays, where
from collector.verdict.causes import BudgetLine, Cause
from collector.verdict.qoo import Dimension
from collector.verdict.week_sentence import percent, span
from collector.verdict.weekly_rule import ALLOWED_SHARE, FEWEST_DAYS, WEEKS_TO_LEAVE
from collector.verdict.weeks import RoomWeek
from wire.report_words import Direction

MOSTLY = 0.9
"""Of a room of which so much was measured the page does not say how much."""

_PAID_BY_NO_LINE: Mapping[Cause, str] = {
    "rate_limit_or_client": "perhaps nobody: first look for a limit that somebody set",
    "device": "whoever keeps the school's PCs; the network is not at fault",
    "mixed": "not known yet: its causes differ",
    "undetermined": "not known yet: the cause comes first",
}
_WORST: Mapping[Dimension, str] = {
    "latency": "the network answered too late",
    "loss": "too much data got lost on the way",
    "throughput": "too little came through",
}
_DIRECTIONS: Mapping[Direction, str] = {"down": "receiving", "up": "sending"}


def brief_room(one: NamedWeek, *, calendar: Calendar, since: date | None) -> BriefRoom:
    """The room as the page tells it; `calendar` is its site's."""
    week = one.week
    return BriefRoom(
        site_name=one.site_name,
        room_name=one.room_name,
        simulated=one.simulated,
        measured=_measured(week),
        week=week,
        what=what(week),
        cause=where(week.cause, week.example) if week.cause else "",
        pays=paid_by(week.cause, week.budget_line),
        bad_minutes=week.bad_minutes,
        since=since,
        strip=strip_days(week, calendar),
    )


def what(week: RoomWeek) -> str:
    """What a week with the verdict ``restricted`` was like, in a sentence."""
    share, lower = percent(week.bad_share or 0), percent(week.lower or 0)
    failed = failed_hours(week)
    if failed and (week.entered_by == "tests" or (week.lower or 0) <= ALLOWED_SHARE):
        direction, hours, told = failed
        return (
            f"In {hours} of the {told} hours in which its speed was tested, {_DIRECTIONS[direction]} was too slow "
            "for lessons."
        )
    if not week.entered and ((week.lower or 0) <= ALLOWED_SHARE or week.bad_days < FEWEST_DAYS):
        return (
            f"Restricted since an earlier week. In this one {share} of its measured lesson time was too poor for "
            f"lessons; {week.weeks_clear} of the {WEEKS_TO_LEAVE} good weeks in a row that end it."
        )
    hit = f", and {len(week.hit_lessons)} of {week.lessons} lessons were hit" if week.lessons else ""
    why = f", mostly because {_WORST[week.worst]}" if week.worst else ""
    return (
        f"{share} of its measured lesson time, at least {lower} with 99 % confidence, was too poor for lessons{why}. "
        f"That is {span(week.bad_minutes)}{hit}."
    )


def _measured(week: RoomWeek) -> str:
    share = week.valid_bins / week.in_session_bins if week.in_session_bins else 0.0
    return "" if share >= MOSTLY else f"{percent(share)} measured"


def failed_hours(week: RoomWeek) -> tuple[Direction, int, int] | None:
    """Where throughput tests made the room restricted: the direction in which most hours failed, how many did, and of
    how many. ``None`` where tests had no part in it."""
    if not week.by_tests or not week.tests:
        return None
    direction = max(week.tests, key=lambda one: week.tests[one].told - week.tests[one].passed)
    count = week.tests[direction]
    return (direction, count.told - count.passed, count.told) if count.told > count.passed else None


def paid_by(cause: Cause | None, line: BudgetLine | None) -> str:
    """Who pays for the mend, or why that is not known; empty where there is nothing to mend."""
    return pays(line) or (_PAID_BY_NO_LINE.get(cause, "") if cause else "")
