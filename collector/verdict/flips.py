"""What would change a week's verdict: found by judging it again with a little more or less, never by a formula."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from collector.verdict.days import RoomDay, TestCount
from collector.verdict.marks import BAD, VALID
from collector.verdict.weekly_rule import (
    FEWEST_DAYS,
    WEEKS_TO_LEAVE,
    Evidence,
    Standing,
    Verdict,
    evidence_of,
    look,
    stand,
    verdict_of,
)
from collector.verdict.weeks import RoomWeek, standing_of
from wire.report_words import Direction

FlipKind = Literal[
    "fewer_bad_bins",  # had so many of the bad bins been good
    "more_bad_bins",  # had so many of the good bins been bad
    "more_valid_bins",  # had so many more bins been measured, and been good
    "more_measured_days",  # bins on so many more of its days are needed at the least
    "more_lesson_days",  # its lessons are too few for a verdict, however much is measured: so many days are missing
    "more_passed_hours",  # had the tests of so many more hours passed
    "fewer_passed_hours",  # had the tests of so many of the hours that passed failed
    "clear_weeks",  # so many weeks in a row without trouble from now on
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """With `amount` (> 0) of a change of one kind, and with less of it not, the week is judged `verdict`. The bins that
    change are those with which it takes the fewest that were found; in long bursts it takes more bad ones.
    `direction` is that of the tests, where the change is one of tests."""

    kind: FlipKind
    amount: int
    verdict: Verdict
    direction: Direction | None = None


Place = tuple[int, int]
"""(day, bin)"""

APART = 7
"""Every seventh bin of a day before any between them: bad bins far apart are not one burst."""


def what_would_change(week: RoomWeek, days: Sequence[RoomDay], before: RoomWeek | None) -> tuple[Flip, ...]:
    """What another verdict than that of `week` takes, which was judged from `days` and the week `before`; at most one
    of each kind, in the order of `FlipKind`, none where no such change would do."""
    evidence, was = evidence_of(days), standing_of(before)
    if week.verdict == "unknown":
        return tuple(_to_be_known(evidence, was))
    found = [
        *_bins(evidence, was, "fewer_bad_bins"),
        *_bins(evidence, was, "more_bad_bins"),
        *_tests(evidence, was, "more_passed_hours"),
        *_tests(evidence, was, "fewer_passed_hours"),
    ]
    if week.verdict == "restricted":
        found += _weeks(evidence, was)
    return tuple(found)


def _judge(evidence: Evidence, was: Standing) -> Verdict:
    found = look(evidence)
    return verdict_of(found, stand(found, was))


def _bins(evidence: Evidence, was: Standing, kind: Literal["fewer_bad_bins", "more_bad_bins"]) -> Iterable[Flip]:
    """The fewest bins that, bad or good no more, change the verdict, by the order in which it takes the fewest."""
    if kind == "fewer_bad_bins":
        to, by_day = "g", _barely_bad_first(evidence)
        orders = [_flat(by_day), _in_turn(by_day)]
    else:
        to, by_day = "B", _worst_first(evidence)
        orders = [_in_turn(by_day[:count]) + _in_turn(by_day[count:]) for count in range(1, len(by_day) + 1)]
    made = [least for places in orders if (least := _least(len(places), _changing(evidence, was, places, to)))]
    if made:
        amount, verdict = min(made)
        yield Flip(kind=kind, amount=amount, verdict=verdict)


def _changing(evidence: Evidence, was: Standing, places: Sequence[Place], mark: str) -> Callable[[int], Verdict]:
    """The verdict once so many of `places` have `mark`."""
    return lambda count: _judge(_with(evidence, places[:count], mark), was)


def _least(most: int, judged: Callable[[int], Verdict]) -> tuple[int, Verdict] | None:
    """Between nothing and `most` an amount that changes the verdict while one less does not, and the verdict then."""
    as_it_is, low, high = judged(0), 0, most
    if judged(high) == as_it_is:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if judged(middle) == as_it_is:
            low = middle
        else:
            high = middle
    return high, judged(high)


def _with(evidence: Evidence, places: Iterable[Place], mark: str) -> Evidence:
    days = [list(one) for one in evidence.days]
    for day, place in places:
        days[day][place] = mark
    return replace(evidence, days=tuple(map("".join, days)))


def _places(evidence: Evidence, marks: frozenset[str]) -> list[list[Place]]:
    """By day, the places of `marks`: those near a limit first, and neighbours far apart in the order."""
    found = []
    for day, of_day in enumerate(evidence.days):
        places = [(day, place) for place, mark in enumerate(of_day) if mark in marks]
        scattered = [places[index] for step in range(APART) for index in range(step * 3 % APART, len(places), APART)]
        found.append(sorted(scattered, key=lambda one: evidence.days[one[0]][one[1]] not in "bn"))
    return found


def _in_turn(by_day: Sequence[Sequence[Place]]) -> list[Place]:
    """One of each day in turn."""
    return [one for of_days in zip_longest(*by_day) for one in of_days if one]


def _flat(by_day: Iterable[Sequence[Place]]) -> list[Place]:
    return [one for of_day in by_day for one in of_day]


def _worst_first(evidence: Evidence) -> list[list[Place]]:
    return sorted(_places(evidence, VALID - BAD), key=lambda of: -_of_day(evidence, of, BAD))


def _barely_bad_first(evidence: Evidence) -> list[list[Place]]:
    """Bad days before others, those with the fewest bad bins first."""

    def key(places: Sequence[Place]) -> tuple[bool, int]:
        alone = replace(evidence, days=(evidence.days[places[0][0]],)) if places else evidence
        return look(alone).bad_days == 0, _of_day(evidence, places, BAD)

    return sorted(_places(evidence, BAD), key=key)


def _of_day(evidence: Evidence, places: Sequence[Place], marks: frozenset[str]) -> int:
    """How many of `marks` the day of `places` has."""
    return sum(mark in marks for mark in evidence.days[places[0][0]]) if places else 0


def _tests(
    evidence: Evidence, was: Standing, kind: Literal["more_passed_hours", "fewer_passed_hours"]
) -> Iterable[Flip]:
    flips = []
    for direction, tests in evidence.tests.items():
        most = tests.told - tests.passed if kind == "more_passed_hours" else tests.passed
        made = _least(most, _passing(evidence, was, direction, 1 if kind == "more_passed_hours" else -1))
        if made:
            flips.append(Flip(kind=kind, amount=made[0], verdict=made[1], direction=direction))
    if flips:
        yield min(flips, key=lambda one: one.amount)


def _passing(evidence: Evidence, was: Standing, direction: Direction, by: int) -> Callable[[int], Verdict]:
    """The verdict once so many hours passed more, or with a `by` of -1 fewer."""
    tests = evidence.tests[direction]
    return lambda count: _judge(
        _with_tests(evidence, {direction: TestCount(passed=tests.passed + by * count, told=tests.told)}), was
    )


def _with_tests(evidence: Evidence, tests: Mapping[Direction, TestCount]) -> Evidence:
    return replace(evidence, tests={**evidence.tests, **tests})


def _weeks(evidence: Evidence, was: Standing) -> Iterable[Flip]:
    """How many weeks it takes until the room has left, when all in them is well and is measured."""
    good = Evidence(
        days=tuple("g" * len(one) for one in evidence.days),
        bin_seconds=evidence.bin_seconds,
        tests={direction: TestCount(passed=one.told, told=one.told) for direction, one in evidence.tests.items()},
    )
    standing = stand(look(evidence), was)
    for amount in range(1, WEEKS_TO_LEAVE + 1):
        standing = stand(look(good), standing)
        verdict = verdict_of(look(good), standing)
        if verdict != "restricted":
            yield Flip(kind="clear_weeks", amount=amount, verdict=verdict)
            return


def _to_be_known(evidence: Evidence, was: Standing) -> Iterable[Flip]:
    unmeasured = [
        *_fewest_measured_first(evidence, frozenset("?x")),
        *_fewest_measured_first(evidence, frozenset(".")),
    ]
    made = _least(len(unmeasured), _changing(evidence, was, unmeasured, "g"))
    if made:
        yield Flip(kind="more_valid_bins", amount=made[0], verdict=made[1])
        missing = FEWEST_DAYS - look(evidence).measured_days
        if missing > 0:
            yield Flip(kind="more_measured_days", amount=missing, verdict=made[1])
        return
    longest = max(map(len, evidence.days), default=0) or 84
    whole = _with(evidence, unmeasured, "g")
    more = _least(
        FEWEST_DAYS * 2, lambda count: _judge(replace(whole, days=(*whole.days, *(["g" * longest] * count))), was)
    )
    if more:
        yield Flip(kind="more_lesson_days", amount=more[0], verdict=more[1])


def _fewest_measured_first(evidence: Evidence, marks: frozenset[str]) -> list[Place]:
    """Places of `marks`, one of each day in turn, days with the least that was measured first."""
    return _in_turn(sorted(_places(evidence, marks), key=lambda of: _of_day(evidence, of, VALID)))
