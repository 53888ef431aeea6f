"""A `Brief` as words, in their order on the page: what the mail, the plain text and the PDF all show.

Nothing is counted or judged here; a number is only written down.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from collector.board.phrases import counted
from collector.brief.brief import Brief, BriefRoom, Changed, Correction, Doing, Standing, StripDay
from collector.brief.brief_room import paid_by
from collector.brief.shown import shown
from collector.brief.uplink_card import UplinkCard, most_urgent, uplink_card
from collector.iso_week import week_span, week_text
from collector.verdict.cause_words import CONFIDENCE_WORDS
from collector.verdict.week_sentence import VERDICT_MEANINGS, VERDICT_WORDS, called, span
from collector.verdict.weeks import Verdict

MOST_NAMES = 8
MOST_LINES = 6
MOST_UPLINKS = 4
MOST_LATER = 2
"""What the page names of each kind; the rest is counted, and stands in the CSV."""

Mark = Literal["×", "!", "?", "✓"]
MARKS: dict[Verdict, Mark] = {"restricted": "×", "at_risk": "!", "unknown": "?", "ok": "✓"}
"""A verdict is known by its sign before it is known by its colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rooms have a verdict."""

    verdict: Verdict
    mark: Mark
    word: str
    number: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do. `pays` names the budget or says that it is not known; `sure` how surely the cause is."""

    title: str
    why: str
    pays: str
    sure: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCard:
    """One restricted room; `facts` are pairs of a name and what it is."""

    name: str
    site_name: str
    lost: str
    what: str
    facts: tuple[tuple[str, str], ...]
    strip: tuple[StripDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The page. `place` is whose it is, `scope` what of it, `simulated` says what is made up; a list of lines may end
    with how many more there are."""

    title: str
    place: str
    scope: str
    week: str
    span: str
    made: str
    simulated: str
    headline: str
    lead: str
    counts: tuple[Count, ...]
    to_do: tuple[Step, ...]
    later: str
    rooms: tuple[RoomCard, ...]
    more_rooms: str
    lost: str
    at_risk: str
    changes: tuple[str, ...]
    corrections: tuple[str, ...]
    uplinks: tuple[UplinkCard, ...]
    more_uplinks: str
    standings: tuple[str, ...]
    unknowns: tuple[str, ...]
    method: tuple[str, ...]


def sheet_of(brief: Brief) -> Sheet:
    """The words of `brief`, safe to be shown beside one another (`collector.brief.shown`)."""
    scope = brief.site_name or brief.site or ""
    uplinks = most_urgent(brief.uplinks)
    made_at = brief.made_at.astimezone(ZoneInfo(brief.time_zone))
    return shown(
        Sheet(
            title=f"{scope or brief.district_name}: {brief.headline}",
            place=brief.district_name,
            scope=scope,
            week=week_text(brief.week),
            span=week_span(brief.week),
            made=f"{made_at.day} {made_at:%B %Y, %H:%M}",
            simulated=_simulated(brief),
            headline=brief.headline,
            lead=brief.lead,
            counts=tuple(
                Count(
                    verdict=verdict,
                    mark=MARKS[verdict],
                    word=word,
                    number=f"{brief.counts.get(verdict, 0):,}",
                    meaning=VERDICT_MEANINGS[verdict],
                )
                for verdict, word in VERDICT_WORDS.items()
            ),
            to_do=_steps(brief.to_do),
            later=_later(brief.later),
            rooms=tuple(map(_room, brief.rooms)),
            more_rooms=_more(brief.more_rooms, "more restricted room"),
            lost=_lost(brief),
            at_risk=_names(brief.at_risk),
            changes=_lines([_change(one) for one in brief.changes], "more change"),
            corrections=_lines([_correction(one) for one in brief.corrections], "more correction"),
            uplinks=tuple(uplink_card(one) for one in uplinks[:MOST_UPLINKS]),
            more_uplinks=_more(len(uplinks[MOST_UPLINKS:]), "more uplink"),
            standings=_lines([_standing(one) for one in brief.standings]),
            unknowns=_lines(brief.unknowns),
            method=brief.method,
        )
    )


def long_date(day: date) -> str:
    """``2 March 2026``."""
    return f"{day.day} {day:%B %Y}"


def _simulated(brief: Brief) -> str:
    """What is made up, in a sentence; empty where nothing is."""
    count = sum(one.simulated for one in brief.judged)
    if not count:
        return ""
    if count == len(brief.judged):
        return "Every room of this page is made up: nothing on it was measured in a school."
    return f"{count:,} of {counted(len(brief.judged), 'room')} on this page are made up."


def _steps(found: Sequence[Doing]) -> tuple[Step, ...]:
    """Ways that were told already are not told again: the page is read in a minute."""
    told: dict[tuple[str, ...], int] = {}
    steps = []
    for number, one in enumerate(found, 1):
        first = told.setdefault(one.options, number)
        steps.append(_step(one if first == number else replace(one, options=(f"as under {first}",))))
    return tuple(steps)


def _step(one: Doing) -> Step:
    return Step(
        title=one.title,
        why=one.why,
        pays=paid_by(one.cause, one.budget_line),
        sure=f"{CONFIDENCE_WORDS[one.confidence].capitalize()} in the cause."
        if one.confidence and one.budget_line
        else "",
        options=one.options,
    )


def _later(found: Sequence[Doing]) -> str:
    """``Then: Have the Wi-Fi of room 304 at Summit checked (12 h 40 min, C2).``"""
    told = []
    for one in found[:MOST_LATER]:
        minutes = [span(one.bad_minutes)] if one.bad_minutes else []
        facts = [*minutes, *([one.budget_line] if one.budget_line else ())]
        told.append(f"{one.title} ({', '.join(facts)})" if facts else one.title)
    more = [f"and {counted(len(found) - MOST_LATER, 'more thing')}"] if len(found) > MOST_LATER else []
    return f"Then: {'; '.join([*told, *more])}." if told else ""


def _poor_on(one: BriefRoom) -> str:
    """Days that were poor, and how much was measured; empty where tests alone restrict the room."""
    week = one.week
    if not week.bad_days:
        return ""
    return f"{week.bad_days} of {counted(week.measured_days, 'day')}{one.measured and f', {one.measured}'}"


def _room(one: BriefRoom) -> RoomCard:
    week = one.week
    facts = [
        ("Cause", _cause(one)),
        ("Who pays", one.pays),
        ("Poor on", _poor_on(one)),
        ("Restricted since", f"the week of {long_date(one.since)}" if one.since else ""),
        ("Near the limit", "a limit a tenth stricter or laxer would change the verdict" if week.near_threshold else ""),
    ]
    return RoomCard(
        name=called(one.room_name),
        site_name=one.site_name,
        lost=f"{span(one.bad_minutes)} too poor" if one.bad_minutes else "",
        what=one.what,
        facts=tuple((name, text) for name, text in facts if text),
        strip=one.strip,
    )


def _cause(one: BriefRoom) -> str:
    sure = one.week.confidence
    return f"{one.cause} ({CONFIDENCE_WORDS[sure]})" if one.cause and sure else one.cause


def _lost(brief: Brief) -> str:
    if not brief.measured_minutes:
        return ""
    lost, measured = (span(one) for one in (brief.bad_minutes, brief.measured_minutes))
    return f"{lost} of lessons were too poor to teach online, of {measured} measured in all rooms."


def _change(one: Changed) -> str:
    before = VERDICT_WORDS[one.before] if one.before else "new"
    return f"{called(one.room_name)}, {one.site_name}: {before} → {VERDICT_WORDS[one.after]}"


def _correction(one: Correction) -> str:
    return (
        f"{week_span(one.week)}: {called(one.room_name)}, {one.site_name}, was mailed as {VERDICT_WORDS[one.mailed]} "
        f"and is {VERDICT_WORDS[one.now]}, by measurements that came late"
    )


def _standing(one: Standing) -> str:
    users = counted(one.users, "user")
    return (
        f"{one.name}: {one.capacity_mbps:,} Mbit/s for {users}, {one.mbps_per_user:.2g} Mbit/s each; "
        f"{one.source} asks for {one.target_mbps_per_user:g} each, {one.target_mbps:,.0f} Mbit/s in all: "
        f"{'met' if one.meets else 'not met'}"
    )


def _names(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _lines(lines: Sequence[str], noun: str | None = None) -> tuple[str, ...]:
    rest = len(lines) - MOST_LINES
    if rest <= 1:
        return tuple(lines)
    return (*lines[:MOST_LINES], _more(rest, noun))


def _more(count: int, noun: str | None) -> str:
    if count <= 0:
        return ""
    rest = f"{count:,} more" if noun is None else counted(count, noun)
    return f"and {rest}, all in the CSV"
