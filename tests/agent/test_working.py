from agent.clock import NS_PER_S
from agent.working import AFTER_NS, WorkingTimes


def at(seconds: float) -> int:
    return int(seconds * NS_PER_S)


def test_a_test_covers_what_is_sent_from_its_beginning_until_some_seconds_after_its_end() -> None:
    times = WorkingTimes()

    times.begin(at(100))
    times.end(at(110))

    assert [times.cover(at(second)) for second in (99.9, 100, 105, 110, 112.9)] == [False, True, True, True, True]
    assert not times.cover(at(110) + AFTER_NS)


def test_a_test_under_way_covers_all_since_its_beginning() -> None:
    times = WorkingTimes()

    times.begin(at(100))

    assert times.cover(at(100))
    assert times.cover(at(10_000))
    assert not times.cover(at(99))


def test_nothing_is_covered_without_a_test() -> None:
    assert not WorkingTimes().cover(at(100))


def test_each_of_several_tests_covers_its_own_time() -> None:
    times = WorkingTimes()
    for began in (100, 200, 300):
        times.begin(at(began))
        times.end(at(began + 10))

    assert [times.cover(at(second)) for second in (105, 150, 205, 250, 305)] == [True, False, True, False, True]


def test_the_tests_of_the_longest_period_are_all_remembered() -> None:
    times = WorkingTimes()
    for number in range(360):  # one every ten seconds, for an hour
        times.begin(at(10 * number))
        times.end(at(10 * number + 1))

    assert times.cover(at(0.5))


def test_of_two_tests_that_overlap_none_is_under_way_for_ever() -> None:
    times = WorkingTimes()
    times.begin(at(100))
    times.begin(at(105))  # the lease of the first is given back, but it still asks what its machine is like
    times.end(at(106))
    assert times.cover(at(107))
    times.end(at(120))

    assert times.cover(at(100))
    assert times.cover(at(119))
    assert not times.cover(at(120) + AFTER_NS)
