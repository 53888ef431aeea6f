"""What would change a verdict: each answer is true when it is made so, and not with one less."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from collector.verdict.days import RoomDay
from collector.verdict.days import TestCount as Hours
from collector.verdict.flips import Flip, what_would_change
from collector.verdict.weeks import RoomWeek
from tests.collector.room_weeks import GOOD_DAY, a_week, bursts_of, judged, some_days

BAD_DAY = bursts_of(30)


def flips(days: Sequence[RoomDay], before: RoomWeek | None = None) -> dict[str, Flip]:
    return {one.kind: one for one in what_would_change(judged(days, before), days, before)}


def test_three_days_that_are_just_bad_are_one_bin_from_not() -> None:
    found = flips(some_days(*[bursts_of(9, length=1)] * 3, bursts_of(8, length=1), GOOD_DAY))

    assert found["fewer_bad_bins"] == Flip(kind="fewer_bad_bins", amount=1, verdict="at_risk")
    assert found["clear_weeks"] == Flip(kind="clear_weeks", amount=2, verdict="ok")
    assert "more_bad_bins" not in found


def test_a_bad_room_is_far_from_another_verdict() -> None:
    found = flips(some_days(*[BAD_DAY] * 5))

    assert found["fewer_bad_bins"].amount > 30


def test_a_good_room_is_as_far_from_at_risk_as_its_bins_are() -> None:
    found = flips(some_days(*[GOOD_DAY] * 5))

    # Two bad days are the shortest way.
    assert found == {"more_bad_bins": Flip(kind="more_bad_bins", amount=18, verdict="at_risk")}


def test_a_room_that_stands_restricted_needs_clear_weeks_and_no_bin_frees_it() -> None:
    entered = judged(some_days(*[BAD_DAY] * 5))
    first = flips(some_days(*[GOOD_DAY] * 5), entered)

    assert first == {"clear_weeks": Flip(kind="clear_weeks", amount=1, verdict="ok")}
    again = flips(some_days(*[BAD_DAY] * 5), entered)
    assert again == {"clear_weeks": Flip(kind="clear_weeks", amount=2, verdict="ok")}


def test_the_second_clear_week_is_a_few_bins_from_none() -> None:
    before = a_week(*[GOOD_DAY] * 5, before=a_week(*[BAD_DAY] * 5))

    found = flips(some_days(*[GOOD_DAY] * 5), before)

    assert found["more_bad_bins"] == Flip(kind="more_bad_bins", amount=18, verdict="restricted")


def test_an_unknown_week_says_how_much_it_lacks() -> None:
    few_days = flips(some_days("g" * 84, "g" * 84, "." * 84, "." * 84))
    assert few_days["more_measured_days"] == Flip(kind="more_measured_days", amount=1, verdict="ok")
    assert few_days["more_valid_bins"] == Flip(kind="more_valid_bins", amount=1, verdict="ok")

    half_asleep = flips(some_days(*["g" * 20 + "." * 64] * 3))
    assert half_asleep == {"more_valid_bins": Flip(kind="more_valid_bins", amount=24, verdict="ok")}

    awake_without_answers = flips(some_days(*["g" * 50 + "?" * 34] * 5))
    assert awake_without_answers["more_valid_bins"].amount == 2


def test_a_week_of_two_days_cannot_be_judged_however_much_is_measured() -> None:
    assert flips(some_days(GOOD_DAY, GOOD_DAY)) == {
        "more_lesson_days": Flip(kind="more_lesson_days", amount=1, verdict="ok")
    }
    assert flips([])["more_lesson_days"].amount == 3


def test_an_unknown_week_of_a_restricted_room_would_be_restricted() -> None:
    entered = judged(some_days(*[BAD_DAY] * 5))

    assert flips(some_days(*["." * 84] * 5), entered)["more_valid_bins"].verdict == "restricted"


def test_hours_of_tests_flip_it_too() -> None:
    days = some_days(*[GOOD_DAY] * 5)
    with_tests = [*days[:4], *some_days(GOOD_DAY, tests={"down": Hours(passed=20, told=35)})]

    short = flips(with_tests)
    assert short["more_passed_hours"] == Flip(kind="more_passed_hours", amount=2, verdict="ok", direction="down")
    enough = flips([*days[:4], *some_days(GOOD_DAY, tests={"up": Hours(passed=23, told=35)})])
    assert enough["fewer_passed_hours"] == Flip(
        kind="fewer_passed_hours", amount=2, verdict="restricted", direction="up"
    )


marks_of_days = st.lists(st.text(alphabet="Bbnggggggg?..", min_size=30, max_size=84), min_size=3, max_size=5)


@given(marks=marks_of_days, again=st.booleans())
def test_each_answer_names_another_verdict(marks: list[str], again: bool) -> None:
    before = a_week(*[BAD_DAY] * 5) if again else None
    days = some_days(*marks)
    week = judged(days, before)

    found = what_would_change(week, days, before)

    kinds = [one.kind for one in found]
    assert len(kinds) == len(set(kinds))
    for one in found:
        assert one.amount > 0
        assert one.verdict != week.verdict
    if week.verdict == "unknown":
        assert found, "some measuring more always tells"
