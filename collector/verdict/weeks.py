"""A room's verdict over a week of lessons: restricted or not, how sure that is, and why.

A room enters `restricted` when the lower 99 % Wilson bound of its bad share exceeds 5 %, its effective sample corrected
for autocorrelation, with at least three bad days and enough of the awake time measured, and when its cause is neither
its device nor a remote service; or when its throughput tests violate the FCC's 80/80 at 99 %. It leaves after two
weeks in a row with at most 5 % bad and one bad day each (science.md 6.3, overridden by 6.5).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeVar

from collector.verdict.causes import BUDGET_LINES, BudgetLine, Cause, Confidence, Located
from collector.verdict.days import RoomDay, TestCount
from collector.verdict.marks import BAD, VALID
from collector.verdict.qoo import Dimension
from collector.verdict.statistics import autocorrelation, binomial_at_most, effective_n, wilson
from wire.report_words import Direction

RULE_VERSION = 1
ALLOWED_SHARE = 0.05
"""What may be bad: the FCC wants 95 % of latency samples in time."""
BAD_DAY_SHARE = 0.1
FEWEST_DAYS = 3
FEWEST_BINS = 84
AWAKE_SHARE = 0.6
WEEKS_TO_LEAVE = 2
PASSING_SHARE = 0.8
FEWEST_TESTS = 10
FEWEST_LOCATED = 12
MODAL_SHARE = 0.6
NOT_THE_NETWORKS = frozenset({"device", "remote_service"})

Verdict = Literal["restricted", "at_risk", "ok", "unknown"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomWeek:
    """One room in one week, which begins on the Monday `week`.

    `marks` are those of its days (`collector.verdict.marks.MARKS`), one day after the other with ``|`` between.
    `standing` says that it has entered `restricted` and not left; `weeks_clear` are the weeks in a row, up to this one,
    that count towards leaving. `entered_by` says what made it enter in this very week, ``None`` unless it did.

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
    def entered(self) -> bool:
        """Whether the room became restricted in this very week."""
        return self.entered_by is not None

    @property
    def budget_line(self) -> BudgetLine | None:
        """Who pays for the mend; ``None`` where the cause does not say."""
        return None if self.cause is None else BUDGET_LINES.get(self.cause)


def room_week(days: Sequence[RoomDay], *, site: str, room: str, week: date, before: RoomWeek | None) -> RoomWeek:
    """Judge one room's week by its `days`, ascending, all that had lessons; `before` is the week that came before it,
    ``None`` where there was none."""
    marks = "|".join(one.marks for one in days)
    tests = _tests(days)
    found = _found(days, tests, _cause(days)[0])
    standing, weeks_clear = _standing(found, before)
    entered = found.violates is not None and not (before is not None and before.standing)
    cause, confidence = _cause(days)
    causes = _summed(one.causes for one in days)
    example = max((one for one in days if one.example and one.example.cause == cause), key=_bad_of, default=None)
    return RoomWeek(
        site=site,
        room=room,
        week=week,
        verdict=_verdict(found, standing=standing),
        previous=before.verdict if before else None,
        standing=standing,
        weeks_clear=weeks_clear,
        entered_by=found.violates if entered else None,
        bin_seconds=days[-1].bin_seconds if days else 300,
        marks=marks,
        bad_days=found.bad_days,
        measured_days=found.measured_days,
        effective_bins=found.effective_bins,
        autocorrelation=found.autocorrelation,
        lower=found.lower,
        upper=found.upper,
        if_stricter=_verdict_if(days, tests, cause, before, bad="Bbn"),
        if_laxer=_verdict_if(days, tests, cause, before, bad="B"),
        tests=tests,
        cause=cause,
        confidence=confidence,
        causes=causes,
        example=example.example if example else None,
        example_at=example.example_at if example else None,
        worst=_most_bad(days, lambda one: one.worst),
        profile=_most_bad(days, lambda one: one.profile),
        lessons=sum(one.lessons for one in days),
        hit_lessons=tuple(f"{one.day:%a} {label}" for one in days for label in one.hit_lessons),
        profiles_digest=next((one.profiles_digest for one in reversed(days) if one.profiles_digest), ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the bins and the tests of a week say by themselves, whatever was before."""

    covered: bool
    violates: Literal["bins", "tests"] | None
    bad_share: float | None
    bad_days: int
    measured_days: int
    effective_bins: float
    autocorrelation: float
    lower: float | None
    upper: float | None


def _found(
    days: Sequence[RoomDay], tests: Mapping[Direction, TestCount], cause: Cause | None, bad: str = "Bb"
) -> _Found:
    per_day = [[mark in bad for mark in one.marks if mark in VALID] for one in days]
    valid = sum(map(len, per_day))
    awake = sum(mark != "." for one in days for mark in one.marks)
    measured_days = sum(map(bool, per_day))
    bad_days = sum(bool(one) and sum(one) >= BAD_DAY_SHARE * len(one) for one in per_day)
    share = sum(map(sum, per_day)) / valid if valid else None
    r1 = autocorrelation([[mark in bad for mark in run] for one in days for run in _runs(one.marks)])
    n = effective_n(valid, r1)
    lower, upper = wilson(share, n) if share is not None else (None, None)
    covered = valid >= FEWEST_BINS and measured_days >= FEWEST_DAYS and valid >= AWAKE_SHARE * awake
    by_bins = (lower or 0) > ALLOWED_SHARE and bad_days >= FEWEST_DAYS and cause not in NOT_THE_NETWORKS
    by_tests = any(violates_80_80(one) for one in tests.values())
    violates: Literal["bins", "tests"] | None = None
    if covered:
        violates = "bins" if by_bins else "tests" if by_tests else None
    return _Found(
        covered=covered,
        violates=violates,
        bad_share=share,
        bad_days=bad_days,
        measured_days=measured_days,
        effective_bins=n,
        autocorrelation=r1,
        lower=lower,
        upper=upper,
    )


def violates_80_80(tests: TestCount) -> bool:
    """Whether so few of these hours passed that a line on which 80 % pass shows it in less than 1 % of weeks."""
    return tests.told >= FEWEST_TESTS and binomial_at_most(tests.passed, tests.told, PASSING_SHARE) < 0.01


def _standing(found: _Found, before: RoomWeek | None) -> tuple[bool, int]:
    """Whether the room is restricted from now on, and how many weeks in a row were clear."""
    stood, clear = (before.standing, before.weeks_clear) if before else (False, 0)
    if found.violates:
        return True, 0
    if not stood:
        return False, 0
    if not found.covered:
        return True, clear  # a week that is not known neither ends it nor begins it again
    is_clear = (found.bad_share or 0) <= ALLOWED_SHARE and found.bad_days <= 1
    clear = clear + 1 if is_clear else 0
    return clear < WEEKS_TO_LEAVE, clear


def _verdict(found: _Found, *, standing: bool) -> Verdict:
    if not found.covered:
        return "unknown"
    if standing:
        return "restricted"
    if (found.bad_share or 0) > ALLOWED_SHARE or found.bad_days >= 2 or (found.upper or 0) >= ALLOWED_SHARE:
        return "at_risk"
    return "ok"


def _verdict_if(
    days: Sequence[RoomDay],
    tests: Mapping[Direction, TestCount],
    cause: Cause | None,
    before: RoomWeek | None,
    *,
    bad: str,
) -> Verdict:
    found = _found(days, tests, cause, bad)
    standing, _ = _standing(found, before)
    return _verdict(found, standing=standing)


def _runs(marks: str) -> list[str]:
    """The runs of neighbouring valid bins of a day."""
    return "".join(mark if mark in VALID else " " for mark in marks).split()


def _tests(days: Sequence[RoomDay]) -> dict[Direction, TestCount]:
    total: dict[Direction, TestCount] = {}
    for one in days:
        for direction, count in one.tests.items():
            total[direction] = total.get(direction, TestCount(passed=0, told=0)) + count
    return total


def _cause(days: Sequence[RoomDay]) -> tuple[Cause | None, Confidence | None]:
    """The modal cause of the bad bins that were located, if it holds for 60 % of them and for an hour; else mixed."""
    causes = _summed(one.causes for one in days)
    if not causes:
        return None, None
    located = {cause: count for cause, count in causes.items() if cause != "undetermined"}
    total = sum(located.values())
    if total < FEWEST_LOCATED:
        return "undetermined", "low"
    cause = max(located, key=lambda one: located[one])
    if located[cause] < MODAL_SHARE * total:
        return "mixed", "low"
    sure = _summed(one.sure for one in days).get(cause, 0)
    return cause, "high" if sure >= MODAL_SHARE * located[cause] else "medium"


def _summed(counts: Iterable[Mapping[Cause, int]]) -> dict[Cause, int]:
    total: Counter[Cause] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


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
