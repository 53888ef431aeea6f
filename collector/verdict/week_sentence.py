"""A room's week in a sentence that an admin can defend before a vendor or a board.

Wording: below a profile, never "below the standard", because no standard gives these limits.
"""

import re

from collector.verdict.cause_words import because
from collector.verdict.weekly_rule import (
    ALLOWED_SHARE,
    AWAKE_SHARE,
    FEWEST_DAYS,
    FEWEST_SECONDS,
    FEWEST_TESTS,
    NOT_THE_NETWORKS,
    PASSING_SHARE,
    WEEKS_TO_LEAVE,
)
from collector.verdict.weeks import RoomWeek, Verdict

VERDICT_WORDS: dict[Verdict, str] = {
    "restricted": "restricted",
    "at_risk": "at risk",
    "unknown": "unknown",
    "ok": "ok",
}
"""Worst first."""

VERDICT_MEANINGS: dict[Verdict, str] = {
    "restricted": "the network restricts lessons",
    "at_risk": "more trouble than allowed, but not proved",
    "unknown": "too little measured to say",
    "ok": "no more trouble than allowed",
}


def called(name: str) -> str:
    """A room as a sentence begins with it: ``Room 204``, ``Computer lab 2``."""
    return f"Room {name}" if re.fullmatch(r"[^\W\d_]{0,2}[-. ]?\d+[^\W\d_]?", name) else name


def week_sentence(name: str, week: RoomWeek) -> str:
    """The verdict in a sentence; `name` is what the room is called.

    ``Room 204 is restricted, because of its Wi-Fi, on 38 % of lesson time, at least 31 % with 99 % confidence.``
    """
    room = called(name)
    if week.verdict == "unknown":
        stands = " It stays restricted until it is known to have left." if week.standing else ""
        return f"Whether {_within(room)} is restricted is not known: {why_unknown(week)}.{stands}"
    share, lower, upper = (percent(one or 0) for one in (week.bad_share, week.lower, week.upper))
    if week.verdict == "ok":
        return f"{room} is ok: bad on {share} of its measured lesson time, at most {upper} with 99 % confidence."
    why = f", {text}" if (text := because(week.cause, week.example)) else ""
    bad = f"{share} of its measured lesson time was bad{why}"
    if week.verdict == "at_risk":
        return f"{room} is at risk: {bad}{_not_proved(week)}."
    if week.entered_by == "tests" or _by_tests_alone(week):
        return f"{room} is restricted by its throughput: {tests_text(week)}."
    if _still(week):
        clear = f"{week.weeks_clear} of the {WEEKS_TO_LEAVE} clear weeks in a row that end it"
        return f"{room} is still restricted, from weeks before: {bad}; {clear}."
    comma = "," if why else ""
    return f"{room} is restricted{why}{comma} on {share} of lesson time, at least {lower} with 99 % confidence."


def why_unknown(week: RoomWeek) -> str:
    """Why too little is known, without a full stop and beginning small."""
    if not week.in_session_bins:
        return "it had no lessons in this week"
    if not week.awake_bins:
        return "no agent of the room was awake in any lesson"
    could_not = week.marks.count("x")
    if could_not > week.awake_bins * (1 - AWAKE_SHARE):
        return f"its machine could not measure in {could_not} of the {week.awake_bins} bins in which it was awake"
    if week.valid_bins < AWAKE_SHARE * week.awake_bins:
        return (
            f"only {percent(week.valid_bins / week.awake_bins)} of the time in which an agent was awake was measured "
            f"enough; {percent(AWAKE_SHARE)} are needed"
        )
    if week.measured_days < FEWEST_DAYS:
        return f"it was measured on {days(week.measured_days)}; {FEWEST_DAYS} are needed"
    measured = span(week.valid_bins * week.bin_seconds / 60)
    return f"{measured} were measured enough; {span(FEWEST_SECONDS / 60)} are needed"


def _within(room: str) -> str:
    """`room` in the midst of a sentence."""
    return f"room{room[4:]}" if room.startswith("Room ") else room


def percent(share: float) -> str:
    """A share as whole percent, with a digit more below ten."""
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 9.95 or percent == round(percent) else f"{percent:.1f} %"


def span(minutes: float) -> str:
    """``25 min``, ``6 h 20 min``, ``35 h``."""
    whole = round(minutes)
    if whole == 0 and minutes > 0:
        return "less than a minute"
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def days(count: int) -> str:
    """``1 day``, ``3 days``."""
    return "1 day" if count == 1 else f"{count} days"


def _not_proved(week: RoomWeek) -> str:
    """Why trouble is not proved to be the network's, or not to be more than is allowed."""
    if week.cause in NOT_THE_NETWORKS:
        return ", which is not its network's doing"
    if (week.lower or 0) > ALLOWED_SHARE and week.bad_days < FEWEST_DAYS:
        return f", but on {days(week.bad_days)} only"
    if (week.bad_share or 0) > ALLOWED_SHARE:
        return f"; that it is more than {percent(ALLOWED_SHARE)} is not sure enough"
    return f", a tenth or more of it on {days(week.bad_days)}"


def _still(week: RoomWeek) -> bool:
    """Whether it is restricted by weeks before alone."""
    return not week.entered and ((week.lower or 0) <= ALLOWED_SHARE or week.bad_days < FEWEST_DAYS)


def _by_tests_alone(week: RoomWeek) -> bool:
    return week.by_tests and (week.lower or 0) <= ALLOWED_SHARE and bool(week.tests)


def tests_text(week: RoomWeek) -> str:
    """``down 21 of 35 hours passed, 80 % are wanted``; empty where nothing was told."""
    told = [f"{direction} {one.passed} of {one.told} hours passed" for direction, one in week.tests.items() if one.told]
    if not told:
        return ""
    few = all(one.told < FEWEST_TESTS for one in week.tests.values())
    judged = f"too few to judge by, {FEWEST_TESTS} are needed" if few else f"{percent(PASSING_SHARE)} are wanted"
    return f"{', '.join(told)}; {judged}"
