"""What an admin says of a room's week before a vendor or a board, and can defend: a sentence, and what it stands on.

Wording: below a profile, never "below the standard", because no standard gives these limits.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from collector.verdict.cause_words import CONFIDENCE_WORDS, because, comparison, on_wi_fi, pays, where
from collector.verdict.causes import Cause
from collector.verdict.profiles import Profiles
from collector.verdict.weeks import (
    ALLOWED_SHARE,
    AWAKE_SHARE,
    BAD_DAY_SHARE,
    FEWEST_BINS,
    FEWEST_DAYS,
    FEWEST_LOCATED,
    FEWEST_TESTS,
    MODAL_SHARE,
    PASSING_SHARE,
    WEEKS_TO_LEAVE,
    RoomWeek,
    Verdict,
)

VERDICT_WORDS: dict[Verdict, str] = {
    "restricted": "restricted",
    "at_risk": "at risk",
    "unknown": "unknown",
    "ok": "ok",
}
"""Worst first."""

VERDICT_MEANINGS: dict[Verdict, str] = {
    "restricted": "its network restricts lessons",
    "at_risk": "more trouble than allowed, or not enough measured to rule it out",
    "unknown": "too little measured to say",
    "ok": "less trouble than allowed, with 99 % confidence",
}
ONE_AGENT = (
    "What one agent measures is what one more device gets beside those that are in use. "
    "It is not what the whole room needs at a time."
)
MOST_LESSONS = 6
"""Lessons that a text names one by one."""

_DIMENSIONS = {"latency": "latency", "loss": "packet loss", "throughput": "throughput"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that a verdict stands on: what it is, and a text without line breaks."""

    name: str
    text: str


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
    share, lower, upper = (_percent(one or 0) for one in (week.bad_share, week.lower, week.upper))
    if week.verdict == "ok":
        return f"{room} is ok: bad on {share} of its measured lesson time, at most {upper} with 99 % confidence."
    why = f", {text}" if (text := because(week.cause, week.example)) else ""
    bad = f"{share} of its measured lesson time was bad{why}"
    if week.verdict == "at_risk":
        return f"{room} is at risk: {bad}{_not_proved(week, upper)}."
    if week.entered_by == "tests" or _by_tests_alone(week):
        return f"{room} is restricted by its throughput: {_tests(week)}."
    if _still(week):
        clear = f"{week.weeks_clear} of the {WEEKS_TO_LEAVE} clear weeks in a row that end it"
        return f"{room} is still restricted, from weeks before: {bad}; {clear}."
    comma = "," if why else ""
    return f"{room} is restricted{why}{comma} on {share} of lesson time, at least {lower} with 99 % confidence."


def facts(week: RoomWeek, profiles: Profiles, *, at: Callable[[RoomWeek], str] = lambda _: "") -> tuple[Fact, ...]:
    """What the verdict stands on, what matters most first. `at` says when the example was, as ``Tue 10:25``."""
    found = [
        ("Held against", _held_against(week, profiles)),
        ("Cause", cause_text(week)),
        ("Who pays", pays(week.budget_line)),
        ("Told from", _told_from(week, at(week) if week.example_at else "")),
        ("Bad days", _bad_days(week)),
        ("Lessons hit", lessons_text(week)),
        ("Instruction affected", minutes_text(week)),
        ("Throughput", _tests(week)),
        ("Measured", coverage_text(week)),
        ("Confidence", _statistics(week)),
        ("Near threshold", near_text(week)),
        ("What would change it", would_change(week)),
        ("What to do", what_to_do(week)),
    ]
    return tuple(Fact(name=name, text=text) for name, text in found if text)


def cause_text(week: RoomWeek) -> str:
    """``its Wi-Fi (medium confidence; 101 of 120 located bins)``; empty where nothing was bad."""
    if week.cause is None or week.confidence is None:
        return ""
    text = where(week.cause, week.example)
    looked_at = sum(week.causes.values())
    located = looked_at - week.causes.get("undetermined", 0)
    if week.cause == "undetermined":
        return f"{text}: {located} of {looked_at} bad bins told a cause, {FEWEST_LOCATED} are needed"
    if week.cause == "mixed":
        return f"{text}: {_causes(week)}; none holds for {_percent(MODAL_SHARE)} of them"
    return f"{text} ({CONFIDENCE_WORDS[week.confidence]}; {week.causes.get(week.cause, 0)} of {located} located bins)"


def lessons_text(week: RoomWeek) -> str:
    """``4 of 35 lessons: Tue 10:15-11:00, ...``: those that were bad for a third of their measured time."""
    if not week.lessons:
        return ""
    if not week.hit_lessons:
        return f"none of {week.lessons}" if week.valid_bins else ""
    named = ", ".join(week.hit_lessons[:MOST_LESSONS])
    more = len(week.hit_lessons) - MOST_LESSONS
    return f"{len(week.hit_lessons)} of {week.lessons}: {named}" + (f" and {more} more" if more > 0 else "")


def minutes_text(week: RoomWeek) -> str:
    """``6 h 20 min of the 35 h that were measured``; empty where nothing was."""
    if not week.valid_bins:
        return ""
    bad, valid = week.bad_minutes, week.valid_bins * week.bin_seconds / 60
    return f"{_span(bad)} of the {_span(valid)} that were measured"


def coverage_text(week: RoomWeek) -> str:
    """How much of the time in which an agent was awake was measured enough, and how much of lesson time that is."""
    if not week.in_session_bins:
        return "no lessons in this week"
    if not week.awake_bins:
        return "no agent was awake in any lesson"
    awake = _percent(week.valid_bins / week.awake_bins)
    whole = _percent(week.valid_bins / week.in_session_bins)
    return f"{awake} of the time in which an agent was awake, {whole} of lesson time, on {_days(week.measured_days)}"


def near_text(week: RoomWeek) -> str:
    """What the verdict were with other limits; empty where it were the same."""
    if not week.near_threshold:
        return ""
    others = [
        f"{VERDICT_WORDS[verdict]} with limits 10 % {how}"
        for verdict, how in ((week.if_stricter, "stricter"), (week.if_laxer, "laxer"))
        if verdict != week.verdict
    ]
    return f"it were {' and '.join(others)}"


def would_change(week: RoomWeek) -> str:
    """What would make the verdict another one."""
    if week.verdict == "restricted":
        clear = f" ({week.weeks_clear} so far)" if week.weeks_clear else ""
        return (
            f"{WEEKS_TO_LEAVE} weeks in a row with at most {_percent(ALLOWED_SHARE)} of the measured time bad and "
            f"at most one bad day each{clear}"
        )
    if week.verdict == "unknown":
        awake = f"{_percent(AWAKE_SHARE)} of the time in which an agent is awake"
        return f"{FEWEST_BINS} bins measured on {FEWEST_DAYS} days, and {awake}"
    enters = (
        f"restricted once more than {_percent(ALLOWED_SHARE)} is bad with 99 % confidence on at least "
        f"{FEWEST_DAYS} bad days"
    )
    if week.cause in {"device", "remote_service"}:
        enters += ", by a cause in the network: its machine or a service elsewhere makes no room restricted"
    return f"{enters}; at least {_percent(week.lower or 0)} and at most {_percent(week.upper or 0)} is bad now"


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
            f"only {week.valid_bins} of the {week.awake_bins} bins in which an agent was awake were measured enough; "
            f"{_percent(AWAKE_SHARE)} are needed"
        )
    if week.measured_days < FEWEST_DAYS:
        return f"it was measured on {_days(week.measured_days)}; {FEWEST_DAYS} are needed"
    return f"{week.valid_bins} bins were measured enough; {FEWEST_BINS} are needed"


def what_to_do(week: RoomWeek) -> str:
    """The next step of whoever keeps the network, in a sentence; empty where there is nothing to do."""
    if week.verdict == "unknown":
        return _to_know(week)
    if week.verdict == "ok" or week.cause is None:
        return ""
    if week.cause == "room_access":
        return _WI_FI_STEP if on_wi_fi(week.example) else _BY_CAUSE["room_access"]
    return _BY_CAUSE[week.cause]


_WI_FI_STEP = "Look at the access point that serves the room: its channel, its power, how many devices it carries."
_BY_CAUSE: dict[Cause, str] = {
    "room_access": "Look at the room's access point, its cable and the port of the switch.",
    "site_lan": "Look at the switches and cables between the room and the building's way out.",
    "site_uplink": "Look at how full the school's line is at these hours; show the provider of the line this page.",
    "isp_egress": "Look at how full the district's way out is; show the provider this page.",
    "remote_service": "Ask the service's vendor; the school's network is not the cause.",
    "rate_limit_or_client": "Look for a rate limit on the room's network or port, then at the machine's interface.",
    "device": "Look at the machine that measures: what keeps it busy, its clock, its link.",
    "mixed": "Begin with the most frequent of the causes, and look again after a week.",
    "undetermined": "Put a wired reference into the school: it tells the room from the building and its line.",
}


def _to_know(week: RoomWeek) -> str:
    if not week.in_session_bins:
        return ""
    if not week.awake_bins:
        return "See that the room's PC is on in lessons and has an agent; bandroom-agent status says what it sent last."
    if week.marks.count("x") > week.awake_bins * (1 - AWAKE_SHARE):
        return _BY_CAUSE["device"]
    return "Keep the room's PC awake in lessons; a second agent in the room fills what one of them misses."


def _within(room: str) -> str:
    """`room` in the midst of a sentence."""
    return f"room{room[4:]}" if room.startswith("Room ") else room


def _percent(share: float) -> str:
    """A share as whole percent, with a digit more below ten."""
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 9.95 or percent == round(percent) else f"{percent:.1f} %"


def _span(minutes: float) -> str:
    """``25 min``, ``6 h 20 min``, ``35 h``."""
    whole = round(minutes)
    if whole == 0 and minutes > 0:
        return "less than a minute"
    hours, rest = divmod(whole, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _not_proved(week: RoomWeek, upper: str) -> str:
    if week.cause in {"device", "remote_service"}:
        return ", which is not its network's doing"
    if (week.lower or 0) > ALLOWED_SHARE and week.bad_days < FEWEST_DAYS:
        return f", but on {_days(week.bad_days)} only"
    if (week.bad_share or 0) > ALLOWED_SHARE:
        return f"; that it is more than {_percent(ALLOWED_SHARE)} is not sure enough"
    return f"; up to {upper} cannot be ruled out"


def _still(week: RoomWeek) -> bool:
    """Whether it is restricted by weeks before alone."""
    return not week.entered and ((week.lower or 0) <= ALLOWED_SHARE or week.bad_days < FEWEST_DAYS)


def _by_tests_alone(week: RoomWeek) -> bool:
    return week.worst == "throughput" and (week.lower or 0) <= ALLOWED_SHARE and bool(week.tests)


def _held_against(week: RoomWeek, profiles: Profiles) -> str:
    if week.profile is None:
        return ""
    profile = profiles.by_name.get(week.profile)
    text = f"below profile {profile.title if profile else week.profile}"
    return f"{text}; worst was its {_DIMENSIONS[week.worst]}" if week.worst else text


def _told_from(week: RoomWeek, at: str) -> str:
    text = comparison(week.example) if week.example else ""
    return f"{at}: {text}" if text and at else text


def _bad_days(week: RoomWeek) -> str:
    if not week.measured_days:
        return ""
    return f"{week.bad_days} of {_days(week.measured_days)} had {_percent(BAD_DAY_SHARE)} or more of their time bad"


def _causes(week: RoomWeek) -> str:
    ordered = sorted(week.causes.items(), key=lambda one: -one[1])
    return ", ".join(f"{where(cause, week.example)} in {count}" for cause, count in ordered) + " bins"


def _tests(week: RoomWeek) -> str:
    """``down 21 of 35 hours passed, 80 % are wanted``; empty where nothing was told."""
    told = [f"{direction} {one.passed} of {one.told} hours passed" for direction, one in week.tests.items() if one.told]
    if not told:
        return ""
    few = all(one.told < FEWEST_TESTS for one in week.tests.values())
    judged = f"too few to judge by, {FEWEST_TESTS} are needed" if few else f"{_percent(PASSING_SHARE)} are wanted"
    return f"{', '.join(told)}; {judged}"


def _statistics(week: RoomWeek) -> str:
    if week.bad_share is None or week.lower is None or week.upper is None:
        return ""
    return (
        f"{week.bad_bins} of {week.valid_bins} bins were bad; as neighbours are alike they count as "
        f"{week.effective_bins:.0f} independent ones, so {_percent(week.lower)} to {_percent(week.upper)}, "
        "each bound with 99 % confidence"
    )
