"""A room's week of lessons: restricted or not, how sure that is, and why; judged by `collector.verdict.weekly_rule`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeVar

from collector.verdict.causes import BUDGET_LINES, BudgetLine, Cause, Confidence, Located
from collector.verdict.days import RoomDay, TestCount
from collector.verdict.marks import BAD, VALID
from collector.verdict.qoo import Dimension
from collector.verdict.weekly_rule import (
    ALLOWED_SHARE,
    RULE_VERSION,
    Standing,
    Verdict,
    evidence_of,
    look,
    stand,
    summed,
    verdict_of,
)
from wire.report_words import Direction

__all__ = ["RULE_VERSION", "RoomWeek", "Verdict", "room_week", "standing_of"]

FEWEST_LOCATED_SECONDS = 60 * 60
MODAL_SHARE = 0.6
"""The cause of a week is the one that most of the located bad bins had, if it holds for 60 % of them and an hour."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWeek:
    """One room in one week, which begins on the Monday `week`.

    `marks` are those of its days (`collector.verdict.marks.MARKS`), one day after the other with ``|`` between.
    `standing` says that it has entered `restricted` and not left; `weeks_clear` are the weeks in a row, up to this one,
    that count towards leaving; `by_tests`, that throughput tests had a part in it. `entered_by` says what made it enter
    in this very week, ``None`` unless it did.

    `lower` and `upper` bound the bad share at 99 % each, ``None`` without valid bins. `if_stricter` and `if_laxer` are
    what the verdict were with limits 10 % lower and higher. `causes` count bad bins; `cause`, `confidence` and
    `example` are ``None`` where nothing was bad. `hit_lessons` are dated labels, as ``Tue 10:15-11:00``.
    """

    site: str
    room: str
    week: date
    verdict: Verdict
    previous: Verdict | None
    standing: bool
    weeks_clear: int
    entered_by: Literal["bins", "tests"] | None
    bin_seconds: int
    marks: str
    bad_days: int
    measured_days: int
    effective_bins: float
    autocorrelation: float
    lower: float | None
    upper: float | None
    if_stricter: Verdict
    if_laxer: Verdict
    tests: Mapping[Direction, TestCount] = field(default_factory=dict)
    cause: Cause | None = None
    confidence: Confidence | None = None
    causes: Mapping[Cause, int] = field(default_factory=dict)
    example: Located | None = None
    example_at: datetime | None = None
    worst: Dimension | None = None
    profile: str | None = None
    lessons: int = 0
    hit_lessons: tuple[str, ...] = ()
    profiles_digest: str = ""
    rule_version: int = RULE_VERSION
    by_tests: bool = False

    @property
    def in_session_bins(self) -> int:
        """Bins of lesson time, measured or not."""
        return sum(mark != "|" for mark in self.marks)

    @property
    def awake_bins(self) -> int:
        """Those in which an agent of the room was awake."""
        return sum(mark not in "|." for mark in self.marks)

    @property
    def valid_bins(self) -> int:
        """Those that say something of the network."""
        return sum(mark in VALID for mark in self.marks)

    @property
    def bad_bins(self) -> int:
        """Those of the valid ones that were bad."""
        return sum(mark in BAD for mark in self.marks)

    @property
    def bad_share(self) -> float | None:
        """The bad share of the valid bins, 0..1; ``None`` without any."""
        valid = self.valid_bins
        return self.bad_bins / valid if valid else None

    @property
    def bad_minutes(self) -> float:
        """Minutes of instruction that were bad, of those that were measured."""
        return self.bad_bins * self.bin_seconds / 60

    @property
    def near_threshold(self) -> bool:
        """Whether limits 10 % lower or higher would change the verdict."""
        return not self.if_stricter == self.verdict == self.if_laxer

    @property
    def shown(self) -> bool:
        """Whether the bounds of this week alone leave no doubt at 99 %: all of them above 5 %, or all below."""
        return (self.lower or 0) > ALLOWED_SHARE or (self.upper is not None and self.upper < ALLOWED_SHARE)

    @property
    def entered(self) -> bool:
        """Whether the room became restricted in this very week."""
        return self.entered_by is not None

    @property
    def budget_line(self) -> BudgetLine | None:
        """Who pays for the mend; ``None`` where the cause does not say."""
        return None if self.cause is None else BUDGET_LINES.get(self.cause)


def room_week(days: Sequence[RoomDay], *, site: str, room: str, week: date, before: RoomWeek | None) -> RoomWeek:
    """Judge one room's week by its `days`, ascending, all that had lessons; `before` is the room's last week that had
    any, ``None`` where there was none. A week without lessons is no week: it is not judged."""
    evidence = evidence_of(days)
    found = look(evidence)
    was = standing_of(before)
    standing = stand(found, was)
    cause, confidence = _cause(days, evidence.bins(FEWEST_LOCATED_SECONDS))
    if found.violates == "tests" and cause in {None, "undetermined"}:
        cause, confidence = "rate_limit_or_client", "low"
    example = max((one for one in days if one.example and one.example.cause == cause), key=_bad_of, default=None)
    stricter, laxer = look(evidence, "Bbn"), look(evidence, "B")
    return RoomWeek(
        site=site,
        room=room,
        week=week,
        verdict=verdict_of(found, standing),
        previous=before.verdict if before else None,
        standing=standing.restricted,
        weeks_clear=standing.weeks_clear,
        by_tests=standing.by_tests,
        entered_by=None if was.restricted else found.violates,
        bin_seconds=evidence.bin_seconds,
        marks="|".join(evidence.days),
        bad_days=found.bad_days,
        measured_days=found.measured_days,
        effective_bins=found.effective_bins,
        autocorrelation=found.autocorrelation,
        lower=found.lower,
        upper=found.upper,
        if_stricter=verdict_of(stricter, stand(stricter, was)),
        if_laxer=verdict_of(laxer, stand(laxer, was)),
        tests=evidence.tests,
        cause=cause,
        confidence=confidence,
        causes=evidence.causes,
        example=example.example if example else None,
        example_at=example.example_at if example else None,
        worst=_most_bad(days, lambda one: one.worst) or ("throughput" if found.violates == "tests" else None),
        profile=_most_bad(days, lambda one: one.profile),
        lessons=sum(one.lessons for one in days),
        hit_lessons=tuple(f"{one.day:%a} {label}" for one in days for label in one.hit_lessons),
        profiles_digest=next((one.profiles_digest for one in reversed(days) if one.profiles_digest), ""),
    )


def standing_of(week: RoomWeek | None) -> Standing:
    """What a room was after `week`; without one it is not restricted."""
    if week is None:
        return Standing()
    return Standing(restricted=week.standing, weeks_clear=week.weeks_clear, by_tests=week.by_tests)


def _cause(days: Sequence[RoomDay], fewest: int) -> tuple[Cause | None, Confidence | None]:
    """The cause of a week and how sure it is; ``None`` where nothing was bad.

    It is named when it holds for 60 % of the bad bins that were located and for at least `fewest`; ``mixed`` when so
    many were located without one that does, else ``undetermined``. High confidence takes as many bins that are sure of
    it, and 60 % of all bad ones; what was located in less than half of the bad bins is low.
    """
    causes = summed(one.causes for one in days)
    if not causes:
        return None, None
    total = sum(causes.values())
    located = {cause: count for cause, count in causes.items() if cause not in {"undetermined", "mixed"}}
    if sum(located.values()) < fewest:
        return "undetermined", "low"
    cause = max(located, key=lambda one: located[one])
    if located[cause] < fewest or located[cause] < MODAL_SHARE * sum(located.values()):
        return "mixed", "low"
    sure = summed(one.sure for one in days).get(cause, 0)
    if sure >= max(fewest, MODAL_SHARE * total):
        return cause, "high"
    return cause, "medium" if located[cause] >= total / 2 else "low"


def _bad_of(day: RoomDay) -> int:
    return sum(mark in BAD for mark in day.marks)


def _most_bad(days: Sequence[RoomDay], of: Callable[[RoomDay], T | None]) -> T | None:
    """What most bad bins were bad by."""
    counted: Counter[T] = Counter()
    for one in days:
        value = of(one)
        if value is not None:
            counted[value] += _bad_of(one)
    return max(counted, key=lambda one: counted[one], default=None)
