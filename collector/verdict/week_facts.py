"""What a room's week stands on, one thing after the other: for whoever has to defend it, or to mend something."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from collector.verdict.cause_words import CONFIDENCE_WORDS, comparison, on_wi_fi, pays, where
from collector.verdict.causes import Cause
from collector.verdict.flips import Flip
from collector.verdict.profiles import Profiles
from collector.verdict.qoo import DIMENSION_WORDS
from collector.verdict.week_sentence import VERDICT_WORDS, days, percent, span, tests_text
from collector.verdict.weekly_rule import (
    ALLOWED_SHARE,
    AWAKE_SHARE,
    BAD_DAY_SHARE,
    FEWEST_DAYS,
    FEWEST_SECONDS,
    NOT_THE_NETWORKS,
    WEEKS_TO_LEAVE,
)
from collector.verdict.weeks import FEWEST_LOCATED_SECONDS, MODAL_SHARE, RoomWeek

ONE_AGENT = (
    "What one agent measures is what one more device gets beside those that are in use. "
    "It is not what the whole room needs at a time."
)
MOST_LESSONS = 6
"""Lessons that a text names one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that a verdict stands on: what it is, and a text without line breaks."""

    name: str
    text: str


def facts(week: RoomWeek, profiles: Profiles, *, time_zone: ZoneInfo, flips: Sequence[Flip] = ()) -> tuple[Fact, ...]:
    """What the verdict stands on, what matters most first; times are local. `flips` are what would change it, where
    that has been worked out; without them the rule is said."""
    found = [
        ("Held against", _held_against(week, profiles)),
        ("Cause", cause_text(week)),
        ("Who pays", pays(week.budget_line)),
        ("Compared", _compared(week, time_zone)),
        ("Bad days", _bad_days(week)),
        ("Lessons hit", lessons_text(week)),
        ("Instruction affected", minutes_text(week)),
        ("Throughput", tests_text(week)),
        ("Measured", coverage_text(week)),
        ("Confidence", _statistics(week)),
        ("Near threshold", near_text(week)),
        ("What would change it", flips_text(flips) or would_change(week)),
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
        needed = FEWEST_LOCATED_SECONDS // week.bin_seconds
        return f"{text}: {located} of {looked_at} bad bins told a cause, {needed} are needed"
    if week.cause == "mixed":
        return f"{text}: {_causes(week)}; none holds for {percent(MODAL_SHARE)} of them"
    told = f"{week.causes.get(week.cause, 0)} of {located} located bins" if located else "by throughput tests alone"
    return f"{text} ({CONFIDENCE_WORDS[week.confidence]}; {told})"


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
    return f"{span(bad)} of the {span(valid)} that were measured"


def coverage_text(week: RoomWeek) -> str:
    """How much of the time in which an agent was awake was measured enough, and how much of lesson time that is."""
    if not week.in_session_bins:
        return "no lessons in this week"
    if not week.awake_bins:
        return "no agent was awake in any lesson"
    awake = percent(week.valid_bins / week.awake_bins)
    whole = percent(week.valid_bins / week.in_session_bins)
    return f"{awake} of the time in which an agent was awake, {whole} of lesson time, on {days(week.measured_days)}"


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


def flips_text(flips: Sequence[Flip]) -> str:
    """``ok after 2 weeks in a row without trouble; at risk, had 70 of its bad bins been good``; empty without any."""
    return "; ".join(_flip(one) for one in flips)


def _flip(one: Flip) -> str:
    verdict, count = VERDICT_WORDS[one.verdict], one.amount
    tests = f"the {one.direction} tests of {count} {'hour' if count == 1 else 'hours'}"
    bins = "bin" if count == 1 else "bins"
    match one.kind:
        case "fewer_bad_bins":
            return f"{verdict}, had {count} of its bad bins been good"
        case "more_bad_bins":
            return f"{verdict}, had {count} more {bins} been bad"
        case "more_valid_bins":
            return f"{verdict}, had {count} more {bins} been measured and been good"
        case "more_measured_days":
            return f"it has to be measured on {count} more {'day' if count == 1 else 'days'}"
        case "more_lesson_days":
            return (
                f"its lessons are too few for a verdict: {count} more {'day is' if count == 1 else 'days are'} needed"
            )
        case "more_passed_hours":
            return f"{verdict}, had {tests} more passed"
        case "fewer_passed_hours":
            return f"{verdict}, had {tests} that passed failed"
        case "clear_weeks":
            return f"{verdict} after {'one week' if count == 1 else f'{count} weeks in a row'} without trouble"


def would_change(week: RoomWeek) -> str:
    """What would make the verdict another one."""
    if week.verdict == "restricted":
        clear = f" ({week.weeks_clear} so far)" if week.weeks_clear else ""
        tests = ", and throughput tests that do not fail" if week.by_tests else ""
        return (
            f"{WEEKS_TO_LEAVE} weeks in a row with at most {percent(ALLOWED_SHARE)} of the measured time bad and "
            f"at most one bad day each{tests}{clear}"
        )
    if week.verdict == "unknown":
        awake = f"{percent(AWAKE_SHARE)} of the time in which an agent is awake"
        return f"{span(FEWEST_SECONDS / 60)} measured, on {FEWEST_DAYS} days, and {awake}"
    enters = (
        f"restricted once more than {percent(ALLOWED_SHARE)} is bad with 99 % confidence on at least "
        f"{FEWEST_DAYS} bad days"
    )
    if week.cause in NOT_THE_NETWORKS:
        enters += ", by a cause in the network: its machine or a service elsewhere makes no room restricted"
    return f"{enters}; at least {percent(week.lower or 0)} and at most {percent(week.upper or 0)} is bad now"


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


def _held_against(week: RoomWeek, profiles: Profiles) -> str:
    if week.profile is None:
        return ""
    profile = profiles.by_name.get(week.profile)
    text = f"below profile {profile.title if profile else week.profile}"
    return f"{text}; worst was its {DIMENSION_WORDS[week.worst]}" if week.worst else text


def _compared(week: RoomWeek, time_zone: ZoneInfo) -> str:
    text = comparison(week.example) if week.example else ""
    if text and week.example_at is not None:
        return f"on {week.example_at.astimezone(time_zone):%a at %H:%M} {text}"
    return text


def _bad_days(week: RoomWeek) -> str:
    if not week.measured_days:
        return ""
    return f"{week.bad_days} of {days(week.measured_days)} had {percent(BAD_DAY_SHARE)} or more of their time bad"


def _causes(week: RoomWeek) -> str:
    ordered = sorted(week.causes.items(), key=lambda one: -one[1])
    return ", ".join(f"{where(cause, week.example)} in {count}" for cause, count in ordered) + " bins"


def _statistics(week: RoomWeek) -> str:
    if week.bad_share is None or week.lower is None or week.upper is None:
        return ""
    return (
        f"{week.bad_bins} of {week.valid_bins} bins were bad; as neighbours are alike they count as "
        f"{week.effective_bins:.0f} independent ones, so {percent(week.lower)} to {percent(week.upper)}, "
        "each bound with 99 % confidence"
    )
