"""The weekly rule: what makes a room restricted, what keeps it so, and what is not known."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collector.verdict.causes import Cause
from collector.verdict.days import RoomDay
from collector.verdict.days import TestCount as Hours
from collector.verdict.weekly_rule import violates_80_80
from collector.verdict.weeks import RoomWeek
from tests.collector.room_weeks import GOOD_DAY, a_week, bad_at, bursts_of, judged, some_days

BAD_DAY = bursts_of(30)
CLEAR = [GOOD_DAY] * 5
"""Days of a week without trouble."""
SHORT = {"down": Hours(passed=15, told=35)}
ENOUGH = {"down": Hours(passed=35, told=35)}


def restricted() -> RoomWeek:
    """A week in which a room became it."""
    week = a_week(*[BAD_DAY] * 5, causes={"room_access": 30})
    assert (week.verdict, week.entered_by) == ("restricted", "bins")
    return week


def test_a_room_with_a_third_of_each_day_bad_is_restricted_and_the_bound_says_so() -> None:
    week = restricted()

    assert week.lower is not None
    assert 0.05 < week.lower < (week.bad_share or 0) == pytest.approx(30 / 84)
    assert week.bad_days == 5
    assert week.bad_minutes == 750


def test_two_bad_days_are_at_risk_however_bad() -> None:
    week = a_week("B" * 84, "B" * 84, *[GOOD_DAY] * 3)

    assert (week.lower or 0) > 0.05
    assert week.verdict == "at_risk"


def test_a_share_below_a_tenth_of_every_day_makes_no_bad_days() -> None:
    week = a_week(*[bursts_of(8, length=1)] * 5)

    assert (week.lower or 0) > 0.05
    assert (week.bad_days, week.verdict) == (0, "at_risk")
    assert a_week(*[bursts_of(9, length=1)] * 5).bad_days == 5


@pytest.mark.parametrize(("marks", "bad_days"), [("Bgggg", 0), ("BBggg", 0), ("BBBgg", 1), (bad_at(0, 1, bins=20), 0)])
def test_a_day_with_few_bins_is_not_bad_by_one_or_two(marks: str, bad_days: int) -> None:
    assert a_week(marks, GOOD_DAY, GOOD_DAY).bad_days == bad_days


def test_in_long_bursts_the_same_share_says_less() -> None:
    scattered = a_week(*[bursts_of(12, length=1)] * 5)
    in_bursts = a_week(*[bursts_of(12, length=12)] * 5)

    assert scattered.bad_share == in_bursts.bad_share
    assert in_bursts.effective_bins < scattered.effective_bins
    assert (scattered.verdict, in_bursts.verdict) == ("restricted", "at_risk")


def test_an_always_bad_room_is_a_number() -> None:
    week = a_week(*["B" * 84] * 5)

    assert (week.autocorrelation, week.effective_bins) == (0, 420)
    assert week.verdict == "restricted"


def test_neighbours_are_of_one_day_and_were_both_measured() -> None:
    assert a_week("BBgg").autocorrelation == pytest.approx(1 / 3)
    assert a_week("BB", "gg").autocorrelation == 0.95, "midnight lies between"
    assert a_week("BB?gg").autocorrelation == 0.95
    assert a_week("B.B", "g.g").autocorrelation == 0


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param([GOOD_DAY] * 2, id="two days"),
        pytest.param(["g" * 27 + "." * 57] * 3, id="81 bins"),
        pytest.param(["g" * 50 + "?" * 34] * 5, id="less than 60 % of the awake time"),
        pytest.param(["g" * 50 + "x" * 34] * 5, id="a machine that could not"),
        pytest.param(["." * 84] * 5, id="asleep"),
        pytest.param(["B" * 84] * 2, id="two days, bad"),
        pytest.param([], id="nothing"),
    ],
)
def test_without_coverage_nothing_is_known(marks: list[str]) -> None:
    assert a_week(*marks).verdict == "unknown"


def test_sleep_is_no_lack_of_coverage() -> None:
    assert a_week(*["g" * 28 + "." * 56] * 3).verdict == "ok"


def test_longer_bins_need_the_same_time() -> None:
    assert a_week(*["g" * 10] * 3, bin_seconds=900).verdict == "ok"
    assert a_week(*["g" * 9] * 3, bin_seconds=900).verdict == "unknown"
    assert a_week("Bggg", *["g" * 10] * 3, bin_seconds=900).bad_days == 1


def test_what_is_hardly_ever_bad_is_ok_and_its_bound_shows_it() -> None:
    assert a_week(*CLEAR).shown
    gap = a_week(bursts_of(8), *[bad_at(40, 41, 42)] * 2, *CLEAR[:2])

    assert gap.verdict == "ok"
    assert (gap.upper or 0) > 0.05
    assert not gap.shown


@pytest.mark.parametrize(
    ("causes", "verdict"),
    [
        ({"room_access": 30}, "restricted"),
        ({"undetermined": 30}, "restricted"),
        ({}, "restricted"),
        ({"remote_service": 12, "room_access": 18}, "restricted"),
        ({"remote_service": 13, "room_access": 17}, "at_risk"),
        ({"device": 7, "remote_service": 6, "undetermined": 17}, "at_risk"),
    ],
)
def test_what_the_machine_or_a_service_does_makes_no_room_restricted(causes: dict[Cause, int], verdict: str) -> None:
    assert a_week(*[BAD_DAY] * 5, causes=causes).verdict == verdict


def test_a_week_is_left_after_two_clear_ones() -> None:
    first = a_week(*CLEAR, before=restricted())
    second = a_week(*CLEAR, before=first)
    third = a_week(*CLEAR, before=second)

    assert [one.verdict for one in (first, second, third)] == ["restricted", "ok", "ok"]
    assert [one.weeks_clear for one in (first, second)] == [1, 0]
    assert not any(one.entered for one in (first, second, third))
    assert second.previous == "restricted"


@pytest.mark.parametrize(
    "between",
    [
        pytest.param([bursts_of(9), bursts_of(9), *CLEAR[:3]], id="two bad days"),
        pytest.param([bursts_of(22, length=11), *CLEAR[:4]], id="more than 5 %"),
        pytest.param(["." * 84] * 5, id="nobody was awake"),
        pytest.param([GOOD_DAY] * 2, id="too few days"),
    ],
)
def test_what_is_not_a_clear_week_begins_the_count_anew(between: list[str]) -> None:
    week = a_week(*CLEAR, before=a_week(*between, before=a_week(*CLEAR, before=restricted())))

    assert week.verdict == "restricted"
    assert a_week(*CLEAR, before=week).verdict == "ok"


def test_one_bad_day_is_clear_all_the_same() -> None:
    days = [bursts_of(9), *CLEAR[:4]]

    assert a_week(*days, before=a_week(*days, before=restricted())).verdict == "ok"


def test_a_room_stays_restricted_through_weeks_that_are_not_known() -> None:
    week = a_week(before=a_week(*["." * 84] * 5, before=restricted()))

    assert (week.verdict, week.standing) == ("unknown", True)
    assert a_week(*CLEAR, before=week).verdict == "restricted"


def test_a_room_that_is_restricted_again_has_not_entered_again() -> None:
    again = a_week(*[BAD_DAY] * 5, before=restricted())

    assert (again.verdict, again.entered) == ("restricted", False)


@pytest.mark.parametrize(("told", "most"), [(35, 21), (20, 11), (60, 39)])
def test_so_few_hours_that_pass_violate_80_80(told: int, most: int) -> None:
    assert violates_80_80(Hours(passed=most, told=told))
    assert not violates_80_80(Hours(passed=most + 1, told=told))
    assert stats.binom.cdf(most, told, 0.8) < 0.01 <= stats.binom.cdf(most + 1, told, 0.8)


def test_a_handful_of_tests_says_nothing() -> None:
    assert not violates_80_80(Hours(passed=0, told=9))
    assert violates_80_80(Hours(passed=0, told=10))


def test_tests_alone_make_a_room_restricted_and_its_cause_is_a_limit_or_the_client() -> None:
    week = judged(of_tests(CLEAR, SHORT))

    assert (week.verdict, week.entered_by, week.bad_bins) == ("restricted", "tests", 0)
    assert (week.cause, week.confidence, week.worst) == ("rate_limit_or_client", "low", "throughput")


def test_tests_say_nothing_of_a_week_that_is_not_covered_or_of_a_machine_that_is_to_blame() -> None:
    assert judged(of_tests(CLEAR[:2], SHORT)).verdict == "unknown"
    by_machine = some_days(*["g" * 60 + "x" * 24] * 5, causes={"device": 24})
    assert judged([*by_machine[:4], *of_tests([by_machine[4].marks], SHORT, causes={"device": 24})]).verdict == "ok"


def test_what_tests_began_tests_must_end() -> None:
    week = judged(of_tests(CLEAR, SHORT))
    untested = a_week(*CLEAR, before=a_week(*CLEAR, before=week))
    tested = judged(of_tests(CLEAR, ENOUGH), untested)

    assert [one.verdict for one in (untested, tested)] == ["restricted", "restricted"]
    assert judged(of_tests(CLEAR, ENOUGH), tested).verdict == "ok"


def of_tests(marks: Sequence[str], tests: dict[str, Hours], **of_each: object) -> list[RoomDay]:
    """Days of which the last has the tests of all."""
    days = some_days(*marks, **of_each)
    return [*days[:-1], *some_days(days[-1].marks, tests=tests, **of_each)]


@pytest.mark.parametrize(
    ("causes", "sure", "cause", "confidence"),
    [
        ({}, {}, None, None),
        ({"room_access": 11}, {"room_access": 11}, "undetermined", "low"),
        ({"room_access": 12}, {"room_access": 12}, "room_access", "high"),
        ({"room_access": 20}, {"room_access": 11}, "room_access", "medium"),
        ({"room_access": 20}, {"room_access": 12}, "room_access", "high"),
        ({"room_access": 12, "site_lan": 8}, {"room_access": 12}, "room_access", "high"),
        ({"room_access": 12, "site_lan": 9}, {"room_access": 12}, "mixed", "low"),
        ({"room_access": 11, "site_lan": 5}, {"room_access": 11}, "mixed", "low"),
        ({"room_access": 20, "undetermined": 15}, {"room_access": 20}, "room_access", "medium"),
        ({"room_access": 14, "undetermined": 15}, {"room_access": 14}, "room_access", "low"),
        ({"undetermined": 90}, {}, "undetermined", "low"),
        ({"device": 12}, {"device": 12}, "device", "high"),
    ],
)
def test_the_cause_of_a_week(
    causes: dict[Cause, int], sure: dict[Cause, int], cause: str | None, confidence: str | None
) -> None:
    days = some_days(*CLEAR)
    week = judged([*some_days(GOOD_DAY, causes=causes, sure=sure), *days[1:]])

    assert (week.cause, week.confidence) == (cause, confidence)


def test_a_verdict_that_turns_on_a_tenth_of_the_limits_says_so() -> None:
    week = a_week(*[bursts_of(30, mark="b")] * 5)
    assert (week.verdict, week.if_laxer, week.near_threshold) == ("restricted", "ok", True)

    week = a_week(*[bursts_of(30, mark="n")] * 5)
    assert (week.verdict, week.if_stricter, week.near_threshold) == ("ok", "restricted", True)

    assert not restricted().near_threshold
    assert not a_week(*CLEAR).near_threshold


marks_of_days = st.lists(st.text(alphabet="BBBbnddggggggggx??....", min_size=20, max_size=84), min_size=1, max_size=5)
histories = st.sampled_from(["never", "restricted", "clear"])


def before(history: str) -> RoomWeek | None:
    return {"never": None, "restricted": restricted(), "clear": a_week(*CLEAR, before=restricted())}[history]


@given(marks=marks_of_days, history=histories, data=st.data())
def test_bins_that_were_not_measured_never_make_known_what_was_not(
    marks: list[str], history: str, data: st.DataObject
) -> None:
    was = a_week(*marks, before=before(history))
    fewer = [
        "".join(data.draw(st.sampled_from([mark, mark, ".", "?"])) if mark in "Bbndg" else mark for mark in one)
        for one in marks
    ]

    now = a_week(*fewer, before=before(history))

    if was.verdict == "unknown":
        assert now.verdict == "unknown"
    assert now.weeks_clear <= was.weeks_clear or was.verdict == "restricted"


@given(marks=marks_of_days, history=histories, more=st.integers(1, 84))
def test_sleep_beside_what_was_measured_changes_nothing(marks: list[str], history: str, more: int) -> None:
    was = a_week(*marks, before=before(history))
    now = a_week(*[one + "." * more for one in marks], "." * 84, before=before(history))

    assert (now.verdict, now.lower, now.upper) == (was.verdict, was.lower, was.upper)
    assert (now.standing, now.weeks_clear) == (was.standing, was.weeks_clear)


@given(history=histories, days=st.integers(0, 5), silence=st.sampled_from(".?x"))
def test_a_silent_agent_never_turns_a_room_green(history: str, days: int, silence: str) -> None:
    week = before(history)
    for _ in range(4):
        week = a_week(*[silence * 84] * days, before=week)
        assert week.verdict == "unknown"
        assert week.standing == (history != "never")


@given(marks=marks_of_days, history=histories)
def test_a_known_week_is_covered_and_a_restricted_one_has_its_reasons(marks: list[str], history: str) -> None:
    week = a_week(*marks, before=before(history))

    if week.verdict != "unknown":
        assert week.valid_bins >= 84
        assert week.measured_days >= 3
        assert week.valid_bins >= 0.6 * week.awake_bins
    if week.entered_by == "bins":
        assert (week.lower or 0) > 0.05
        assert week.bad_days >= 3
    if week.verdict == "ok":
        assert (week.bad_share or 0) <= 0.05
        assert week.bad_days <= 1
