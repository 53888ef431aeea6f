"""A room's week as JSON: the verdict and all that it stands on, as numbers."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from collector.api.answers import Answer
from collector.district.calendar import Calendar
from collector.iso_week import week_text
from collector.judged_weeks import lesson_days
from collector.verdict.cause_words import comparison, where
from collector.verdict.causes import BudgetLine, Cause, Compared, Confidence, Located, Rule, Sign
from collector.verdict.profiles import Profiles
from collector.verdict.qoo import Dimension
from collector.verdict.week_facts import facts
from collector.verdict.week_sentence import week_sentence
from collector.verdict.weeks import RoomWeek, Verdict
from wire.report_words import Direction
from wire.reports import Medium


class ComparedAnswer(Answer):
    """One target, held against what is usual for it: milliseconds, and the share lost. `usual_ms` is its baseline,
    ``null`` while too few bins are known."""

    target: str
    p95_ms: float | None
    usual_ms: float | None
    loss: float | None


class LocatedAnswer(Answer):
    """The cause of one bad bin and the comparison that names it, as numbers and in words.

    `room` are the targets of the agent that speaks for the room, near to far, `reference` the same of the site's wired
    reference. `bad_peers` of `peers` other rooms of the site that were measured were bad as well. `shared` is what the
    bad ones hang on and no good one does. `budget_line` is who pays for the mend.
    """

    cause: Cause
    confidence: Confidence
    rule: Rule
    budget_line: BudgetLine | None
    comparison: str
    room: list[ComparedAnswer]
    reference: list[ComparedAnswer]
    bad_peers: int
    peers: int
    shared: str | None
    signs: list[Sign]
    medium: Medium | None


class MarksAnswer(Answer):
    """The bins of one day of lessons, counted. `day` is ``null`` where the calendar no longer says which it was.

    `bad` are those that were bad, `barely_bad` of them those that limits 10 % laxer would let pass; `nearly_bad` were
    not bad, but would be with limits 10 % stricter. `spoiled` says nothing of the network, because its machine could
    not measure, `too_little` not enough; in `asleep` no agent was awake.
    """

    day: date | None
    bins: int
    bad: int
    barely_bad: int
    nearly_bad: int
    degraded: int
    good: int
    spoiled: int
    too_little: int
    asleep: int


class HoursAnswer(Answer):
    """Hours in which throughput was tested: how many told something, and how many of these passed."""

    passed: int
    told: int


class FactAnswer(Answer):
    """One thing that the verdict stands on, in words."""

    name: str
    text: str


class WeekAnswer(Answer):
    """One room in one week. Shares are 0..1 of the valid bins; `lower` and `upper` bound `bad_share` at 99 % each.

    `verdict` is the week's, `previous` that of the week before. `standing` says that the room has become restricted and
    has not left since, `entered_by` what made it so in this very week; `weeks_clear` count towards leaving. Bins:
    `in_session` of lesson time, `awake` with an agent that was awake, `valid` that say something of the network, `bad`
    of these. `if_stricter` and `if_laxer` are the verdicts with limits 10 % lower and higher; where one is another, the
    verdict is near its threshold. `cause_text` says where the cause sits, `causes` count bad bins; `example` is one of
    the cause's, of the time `example_at`.
    `marks` are the days of its lessons. `profiles_digest` is the hash of the thresholds, `rule_version` that of the
    rule. `evidence` says it in a sentence, `facts` what that stands on.
    """

    week: str
    site: str
    room: str
    verdict: Verdict
    previous: Verdict | None
    evidence: str
    facts: list[FactAnswer]
    standing: bool
    entered_by: Literal["bins", "tests"] | None
    weeks_clear: int
    bin_seconds: int
    in_session_bins: int
    awake_bins: int
    valid_bins: int
    bad_bins: int
    bad_share: float | None
    lower: float | None
    upper: float | None
    effective_bins: float
    autocorrelation: float
    bad_days: int
    measured_days: int
    bad_minutes: float
    lessons: int
    hit_lessons: list[str]
    near_threshold: bool
    if_stricter: Verdict
    if_laxer: Verdict
    tests: dict[Direction, HoursAnswer]
    worst: Dimension | None
    profile: str | None
    cause: Cause | None
    confidence: Confidence | None
    cause_text: str | None
    budget_line: BudgetLine | None
    causes: dict[Cause, int]
    example: LocatedAnswer | None
    example_at: datetime | None
    marks: list[MarksAnswer]
    profiles_digest: str
    rule_version: int


class NamedWeekAnswer(WeekAnswer):
    """One room in one week, with what it is called."""

    site_name: str
    room_name: str
    simulated: bool


class WeeksAnswer(Answer):
    """One week of every room, worst first. `week` is as ISO 8601 writes it, `first_day` its Monday; `newest` is the
    newest week that was judged. `verdicts` count its rooms. A room that had no lessons in that week, or was not there,
    is missing."""

    district: str
    time_zone: str
    week: str
    first_day: date
    newest: str
    verdicts: dict[Verdict, int]
    rooms: list[NamedWeekAnswer]


def located_answer(one: Located) -> LocatedAnswer:
    """A located bin as the API tells it."""
    return LocatedAnswer(
        cause=one.cause,
        confidence=one.confidence,
        rule=one.rule,
        budget_line=one.budget_line,
        comparison=comparison(one),
        room=[_compared(target) for target in one.room],
        reference=[_compared(target) for target in one.reference],
        bad_peers=one.bad_peers,
        peers=one.peers,
        shared=one.shared,
        signs=list(one.signs),
        medium=one.medium,
    )


def week_answer(one: RoomWeek, *, name: str, calendar: Calendar, profiles: Profiles) -> WeekAnswer:
    """A room's week as the API tells it; `name` is what the room is called, `calendar` its site's."""
    zone = calendar.time_zone
    return WeekAnswer(
        week=week_text(one.week),
        site=one.site,
        room=one.room,
        verdict=one.verdict,
        previous=one.previous,
        evidence=week_sentence(name, one),
        facts=[FactAnswer(name=fact.name, text=fact.text) for fact in facts(one, profiles, time_zone=zone)],
        standing=one.standing,
        entered_by=one.entered_by,
        weeks_clear=one.weeks_clear,
        bin_seconds=one.bin_seconds,
        in_session_bins=one.in_session_bins,
        awake_bins=one.awake_bins,
        valid_bins=one.valid_bins,
        bad_bins=one.bad_bins,
        bad_share=one.bad_share,
        lower=one.lower,
        upper=one.upper,
        effective_bins=one.effective_bins,
        autocorrelation=one.autocorrelation,
        bad_days=one.bad_days,
        measured_days=one.measured_days,
        bad_minutes=one.bad_minutes,
        lessons=one.lessons,
        hit_lessons=list(one.hit_lessons),
        near_threshold=one.near_threshold,
        if_stricter=one.if_stricter,
        if_laxer=one.if_laxer,
        tests={direction: HoursAnswer(passed=count.passed, told=count.told) for direction, count in one.tests.items()},
        worst=one.worst,
        profile=one.profile,
        cause=one.cause,
        confidence=one.confidence,
        cause_text=where(one.cause, one.example) if one.cause else None,
        budget_line=one.budget_line,
        causes=dict(one.causes),
        example=located_answer(one.example) if one.example else None,
        example_at=one.example_at,
        marks=[
            _marks(day, Counter(marks))
            for day, marks in zip(lesson_days(one, calendar), one.marks.split("|") if one.marks else (), strict=True)
        ],
        profiles_digest=one.profiles_digest,
        rule_version=one.rule_version,
    )


def _compared(one: Compared) -> ComparedAnswer:
    return ComparedAnswer(target=one.target, p95_ms=one.p95_ms, usual_ms=one.usual_ms, loss=one.loss)


def _marks(day: date | None, count: Mapping[str, int]) -> MarksAnswer:
    return MarksAnswer(
        day=day,
        bins=sum(count.values()),
        bad=count["B"] + count["b"],
        barely_bad=count["b"],
        nearly_bad=count["n"],
        degraded=count["d"],
        good=count["g"],
        spoiled=count["x"],
        too_little=count["?"],
        asleep=count["."],
    )
