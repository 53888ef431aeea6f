"""What all uplinks tell: worked out once a week, again where a week changes."""

from datetime import timedelta

import pytest

from collector.district.district import District, Site
from collector.uplinks.outlooks import FRESH_SECONDS, Outlooks
from collector.uplinks.school_weeks import school_weeks
from collector.verdict.uplinks.load import DISTRICT
from collector.verdict.uplinks.outlook import Forecast, NoForecast
from tests.collector.board.districts import TIMETABLE
from tests.collector.uplink_weeks import OAK_HILL, KeptUplinks, a_week, monday, weeks_of

GROWING = [0.3 + 0.005 * index for index in range(30)]


def a_district(**given: int) -> District:
    sites = (
        Site(site="lakeside", name="Lakeside", uplink_mbps=given.get("lakeside")),
        Site(site="oak-hill", name="Oak Hill", uplink_mbps=given.get("oak_hill")),
    )
    return District(name="Test", calendar=TIMETABLE, sites=sites, rooms=(), egress_mbps=given.get("egress"))


def outlooks(store: KeptUplinks, district: District | None = None, elapsed: list[float] | None = None) -> Outlooks:
    seconds = elapsed if elapsed is not None else [0.0]
    return Outlooks(
        store,
        district or a_district(),
        today=lambda: monday(40),
        elapsed_s=lambda: seconds[0],
    )


def test_before_anything_was_counted_there_is_nothing() -> None:
    assert outlooks(KeptUplinks([])).newest() == (None, {})


def test_the_newest_week_is_told_of() -> None:
    through, found = outlooks(KeptUplinks(weeks_of(GROWING))).newest()

    assert through == monday(29)
    assert isinstance(found[OAK_HILL].forecast, Forecast)


def test_an_uplink_that_is_counted_no_longer_is_told_of_the_week_of_the_rooms() -> None:
    through, found = outlooks(KeptUplinks(weeks_of(GROWING), newest_week=lambda: monday(35))).newest()

    assert through == monday(35)
    refusal = found[OAK_HILL].forecast
    assert isinstance(refusal, NoForecast)
    assert refusal.reason == "not_counted"


def test_a_reader_asks_the_store_no_oftener_than_it_changes() -> None:
    store, elapsed = KeptUplinks(weeks_of(GROWING)), [0.0]
    asked = outlooks(store, elapsed=elapsed)

    first = asked.newest()
    again = asked.newest()
    elapsed[0] = FRESH_SECONDS + 1
    later = asked.newest()

    assert store.asked == 2
    assert first[1][OAK_HILL] is again[1][OAK_HILL] is later[1][OAK_HILL]


def test_what_was_written_is_told_at_once_where_that_is_said() -> None:
    store = KeptUplinks(weeks_of(GROWING))
    asked = outlooks(store)
    asked.newest()

    store.weeks.append(a_week(0.5, monday(30)))
    asked.forget()

    assert asked.newest()[0] == monday(30)


def test_a_week_that_changed_is_told_anew_and_no_other_uplink() -> None:
    other = [a_week(share, monday(index), uplink="site:lakeside") for index, share in enumerate(GROWING)]
    store, elapsed = KeptUplinks([*weeks_of(GROWING), *other]), [0.0]
    asked = outlooks(store, elapsed=elapsed)
    before = asked.newest()[1]

    store.weeks[5] = a_week(0.9, monday(5))
    elapsed[0] = FRESH_SECONDS + 1
    after = asked.newest()[1]

    assert after[OAK_HILL].weeks[5] == store.weeks[5]
    assert after["site:lakeside"] is before["site:lakeside"]


def test_an_earlier_week_is_told_as_it_was_then() -> None:
    asked = outlooks(KeptUplinks(weeks_of(GROWING)))

    then = asked.of_week(monday(10))[OAK_HILL]

    assert then.newest is not None
    assert then.newest.week == monday(10)
    assert isinstance(then.forecast, NoForecast)


def test_uplinks_are_in_the_order_of_the_district() -> None:
    weeks = [a_week(0.3, uplink=one) for one in ("site:oak-hill", DISTRICT, "site:gone", "site:lakeside")]

    assert list(outlooks(KeptUplinks(weeks)).newest()[1]) == [DISTRICT, "site:lakeside", "site:oak-hill", "site:gone"]


def test_an_uplink_with_a_capacity_that_nothing_counts_is_among_them() -> None:
    found = outlooks(KeptUplinks(weeks_of([0.3])), a_district(egress=1000)).newest()[1]

    assert list(found) == [DISTRICT, OAK_HILL]
    assert found[DISTRICT].level == "unknown"


@pytest.mark.parametrize("closed", [(1, 3), (10, 20)])
def test_weeks_without_lessons_are_no_weeks_of_lessons(closed: tuple[int, int]) -> None:
    days = {monday(week) + timedelta(days=day): () for week in range(*closed) for day in range(7)}
    calendar = TIMETABLE.__class__(
        time_zone=TIMETABLE.time_zone, lessons_by_weekday=TIMETABLE.lessons_by_weekday, lessons_by_date=days
    )

    found = school_weeks([calendar], monday(0), monday(30))

    assert found == [monday(week) for week in range(31) if not closed[0] <= week < closed[1]]


def test_a_school_year_to_come_is_taken_to_be_like_the_one_before() -> None:
    summer = {monday(week) + timedelta(days=day): () for week in range(40, 52) for day in range(7)}
    calendar = TIMETABLE.__class__(
        time_zone=TIMETABLE.time_zone,
        lessons_by_weekday=TIMETABLE.lessons_by_weekday,
        lessons_by_date=summer,
        first_day=monday(0),
        last_day=monday(40) - timedelta(days=1),
    )

    found = school_weeks([calendar], monday(0), monday(100))

    assert found == [monday(week) for week in range(101) if week % 52 < 40]


def test_a_week_in_which_one_of_several_calendars_has_lessons_is_one() -> None:
    early, late = (
        TIMETABLE.__class__(
            time_zone=TIMETABLE.time_zone,
            lessons_by_weekday=TIMETABLE.lessons_by_weekday,
            first_day=first,
            last_day=last,
        )
        for first, last in ((monday(0), monday(4)), (monday(2), monday(9)))
    )

    assert school_weeks([early, late], monday(0), monday(9)) == [monday(week) for week in range(10)]
