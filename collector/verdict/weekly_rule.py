"""The weekly rule: what a week of bins and tests says by itself, and what a room is after it.

A room enters `restricted` when all of this holds (science.md 6.3, overridden by 6.5):

(a) the lower 99 % Wilson bound of its bad share exceeds 5 %, its effective sample corrected for autocorrelation;
(b) at least three days were bad: a tenth of the day's valid bins, and a quarter of an hour;
(c) the week is covered: seven hours of valid bins, on three days, and 60 % of the time that an agent was awake;
(d) of its bad bins at least 60 % are not put down to the machine that measures or to a remote service.

or when (c) holds and its throughput tests violate the FCC's 80/80 at 99 %, unless the machine is to blame. It leaves
after two covered weeks in a row with at most 5 % bad and one bad day each; where tests had a part in it, these weeks'
tests must have told something, too. A week that is not covered is `unknown`, neither ends `restricted` nor counts
towards its end, and is never `ok`.

Of a covered week that is not restricted, `at_risk` is one with more than 5 % bad or with two bad days, and `ok` any
other. Between this `at_risk` and the `ok` of 6.3, an upper bound below 5 %, lies a gap, and most healthy weeks lie in
it: trouble comes in bursts, and 420 bins seldom show at 99 % that bursts are rare. Of weeks with 2 % bad in bursts of
15 minutes 28 % have that bound, and 95 % are `ok` with the gap. Its price: a room with 10 % bad in bursts of 30 minutes
is `ok` in 13 % of its weeks, one with 15 % in bursts of 20 minutes in none. So the gap is `ok`, and the upper bound,
which is kept with each week, says how sure that is. (These figures are tests: test_operating_characteristics.py.)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from collector.verdict.causes import Cause
from collector.verdict.days import RoomDay, TestCount
from collector.verdict.marks import MARKS, VALID
from collector.verdict.statistics import Neighbours, autocorrelation, binomial_at_most, effective_n, wilson
from wire.report_words import Direction

RULE_VERSION = 1

ALLOWED_SHARE = 0.05
"""What may be bad: the FCC wants 95 % of latency samples in time."""

BAD_DAY_SHARE = 0.1
BAD_DAY_SECONDS = 15 * 60
"""The least that makes a day bad: a tenth of the 28 five-minute bins a day that the coverage of three days takes. Of a
day with five valid bins one is not enough."""

FEWEST_DAYS = 3
FEWEST_SECONDS = 84 * 300
AWAKE_SHARE = 0.6
WEEKS_TO_LEAVE = 2
PASSING_SHARE = 0.8
FEWEST_TESTS = 10
NETWORKS_SHARE = 0.6
"""Of the bad bins, the least that are not put down to `NOT_THE_NETWORKS`."""

NOT_THE_NETWORKS: frozenset[Cause] = frozenset({"device", "remote_service"})

Verdict = Literal["restricted", "at_risk", "ok", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of a week that the rule looks at: the marks of each day that had lessons, the tests, and how many bad bins
    were put down to what."""

    days: tuple[str, ...]
    bin_seconds: int
    tests: Mapping[Direction, TestCount] = field(default_factory=dict)
    causes: Mapping[Cause, int] = field(default_factory=dict)

    def bins(self, seconds: int) -> int:
        """How many bins `seconds` are, rounded up."""
        return ceil(seconds / self.bin_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a week says by itself, whatever was before. `bad_bins` and `bad_tests` say by what it is one to become
    restricted by; `told_tests` that there were tests enough in a direction."""

    covered: bool
    bad_bins: bool
    bad_tests: bool
    told_tests: bool
    bad_share: float | None
    bad_days: int
    measured_days: int
    effective_bins: float
    autocorrelation: float
    lower: float | None
    upper: float | None

    @property
    def violates(self) -> Literal["bins", "tests"] | None:
        """By what the room is restricted after this week, ``None`` by nothing."""
        return "bins" if self.bad_bins else "tests" if self.bad_tests else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a room is restricted, how many weeks in a row count towards its end, and whether tests had a part in it:
    then weeks without tests do not count."""

    restricted: bool = False
    weeks_clear: int = 0
    by_tests: bool = False


def _table(ones: Iterable[str]) -> dict[int, str]:
    return str.maketrans({mark: "1" if mark in ones else "0" for mark in MARKS})


_KNOWN = _table(VALID)


def evidence_of(days: Sequence[RoomDay]) -> Evidence:
    """What the rule looks at of `days`, ascending."""
    tests: dict[Direction, TestCount] = {}
    for one in days:
        for direction, count in one.tests.items():
            tests[direction] = tests.get(direction, TestCount(passed=0, told=0)) + count
    return Evidence(
        days=tuple(one.marks for one in days),
        bin_seconds=days[-1].bin_seconds if days else 300,
        tests=tests,
        causes=summed(one.causes for one in days),
    )


def look(evidence: Evidence, bad: str = "Bb") -> Found:
    """What `evidence` says when these marks are bad."""
    is_bad = _table(bad)
    days = [Neighbours.of(marks, _KNOWN, is_bad) for marks in evidence.days]
    valid = sum(one.n for one in days)
    awake = sum(len(marks) - marks.count(".") for marks in evidence.days)
    measured_days = sum(one.n > 0 for one in days)
    least = evidence.bins(BAD_DAY_SECONDS)
    bad_days = sum(one.yes >= max(least, BAD_DAY_SHARE * one.n) for one in days)
    share = sum(one.yes for one in days) / valid if valid else None
    r1 = autocorrelation(days)
    n = effective_n(valid, r1)
    lower, upper = wilson(share, n) if share is not None else (None, None)
    covered = valid >= evidence.bins(FEWEST_SECONDS) and measured_days >= FEWEST_DAYS and valid >= AWAKE_SHARE * awake
    return Found(
        covered=covered,
        bad_bins=covered
        and (lower or 0) > ALLOWED_SHARE
        and bad_days >= FEWEST_DAYS
        and not _blamed(evidence.causes, NOT_THE_NETWORKS),
        bad_tests=covered
        and any(violates_80_80(one) for one in evidence.tests.values())
        and not _blamed(evidence.causes, frozenset({"device"})),
        told_tests=any(one.told >= FEWEST_TESTS for one in evidence.tests.values()),
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


def stand(found: Found, before: Standing) -> Standing:
    """What a room is after a week that was `found`, when it was `before`."""
    if found.violates:
        return Standing(restricted=True, by_tests=found.bad_tests or (before.restricted and before.by_tests))
    if not before.restricted:
        return Standing()
    is_clear = (
        found.covered
        and (found.bad_share or 0) <= ALLOWED_SHARE
        and found.bad_days <= 1
        and (found.told_tests or not before.by_tests)
    )
    weeks_clear = before.weeks_clear + 1 if is_clear else 0
    if weeks_clear >= WEEKS_TO_LEAVE:
        return Standing()
    return Standing(restricted=True, weeks_clear=weeks_clear, by_tests=before.by_tests)


def verdict_of(found: Found, standing: Standing) -> Verdict:
    """The word for a week that was `found` and after which a room is `standing`."""
    if not found.covered:
        return "unknown"
    if standing.restricted:
        return "restricted"
    if (found.bad_share or 0) > ALLOWED_SHARE or found.bad_days > 1:
        return "at_risk"
    return "ok"


def summed(counts: Iterable[Mapping[Cause, int]]) -> dict[Cause, int]:
    """Counts by cause, added up."""
    total: dict[Cause, int] = {}
    for one in counts:
        for cause, count in one.items():
            total[cause] = total.get(cause, 0) + count
    return total


def _blamed(causes: Mapping[Cause, int], on: frozenset[Cause]) -> bool:
    """Whether so many bad bins are put down to `on` that the others are less than 60 %."""
    total = sum(causes.values())
    others = sum(count for cause, count in causes.items() if cause not in on)
    return total > 0 and others < NETWORKS_SHARE * total
