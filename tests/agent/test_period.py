from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.clock import NS_PER_S
from agent.period import Period, Periods
from agent.sample import Sample

MINUTE = 60 * NS_PER_S
ASLEEP = 6 * NS_PER_S


def at(seconds: float) -> int:
    return int(seconds * NS_PER_S)


def sample(seconds: float) -> Sample:
    return Sample(sent_ns=at(seconds), method="stamp", rtt_ns=1)


def periods_from(seconds: float) -> Periods:
    return Periods(period_ns=MINUTE, asleep_ns=ASLEEP, now_ns=at(seconds))


def probe(periods: Periods, began: float, ended: float) -> None:
    periods.notice(at(began))
    run = periods.began(at(began))
    periods.notice(at(ended))
    periods.ended(run, [sample(began)], at(ended))


def shown(complete: list[Period]) -> list[tuple[float, float, int]]:
    return [(one.start_ns / NS_PER_S, one.end_ns / NS_PER_S, len(one.samples)) for one in complete]


def test_periods_lie_on_the_grid_of_the_boot_clock() -> None:
    periods = periods_from(30)
    for second in range(30, 185):
        probe(periods, second, second + 0.1)

    assert shown(periods.take_complete()) == [(30, 60, 30), (60, 120, 60), (120, 180, 60)]
    assert periods.take_complete() == []


def test_a_sample_belongs_to_the_period_it_was_sent_in() -> None:
    periods = periods_from(0)
    for second in range(0, 59, 5):
        probe(periods, second, second)
    run = periods.began(at(59))
    periods.notice(at(60.5))
    assert periods.take_complete() == []  # it is over, but not everything is known

    periods.ended(run, [sample(59)], at(61))

    assert shown(periods.take_complete()) == [(0, 60, 13)]


def test_a_second_request_of_a_probe_goes_where_it_was_sent() -> None:
    periods = periods_from(0)
    for second in range(0, 59, 5):
        probe(periods, second, second)
    periods.notice(at(59))
    run = periods.began(at(59))
    periods.notice(at(62))
    periods.ended(run, [sample(59), sample(61)], at(62))
    for second in range(64, 126, 5):
        probe(periods, second, second)

    assert shown(periods.take_complete()) == [(0, 60, 13), (60, 120, 13)]


def test_a_sleep_ends_the_period_where_the_machine_was_last_awake() -> None:
    periods = periods_from(0)
    for second in range(20):
        probe(periods, second, second + 0.1)

    periods.notice(at(3600))

    assert shown(periods.take_complete()) == [(0, 19.1, 20)]
    assert periods.woke_ns == at(3600)
    assert periods.take_skipped() == 0
    for second in range(3600, 3662):
        probe(periods, second, second + 0.1)
    assert shown(periods.take_complete()) == [(3600, 3660, 60)]


def test_what_was_under_way_during_sleep_is_neither_received_nor_lost() -> None:
    periods = periods_from(0)
    for second in range(10):
        probe(periods, second, second + 0.1)
    old = periods.began(at(10))
    probe(periods, 11, 11.1)

    periods.notice(at(5000))
    periods.ended(old, [sample(10)], at(5000))

    # the answered request of second 11 goes, too: had it been lost, nobody would know yet
    assert shown(periods.take_complete()) == [(0, 10, 10)]
    assert periods.take_skipped() == 1


def test_a_cut_period_ends_before_the_oldest_open_request() -> None:
    periods = periods_from(0)
    probe(periods, 0, 0.1)
    periods.began(at(1))
    probe(periods, 2, 2.1)

    periods.cut(at(2.5))

    assert shown(periods.take_complete()) == [(0, 1, 1)]


@given(
    st.lists(
        st.tuples(st.floats(0.01, 5), st.floats(0, 4.9), st.booleans()),
        min_size=1,
        max_size=200,
    )
)
def test_awake_every_sample_is_in_exactly_one_period_and_periods_do_not_overlap(
    steps: list[tuple[float, float, bool]],
) -> None:
    events: list[tuple[int, int, bool]] = []
    now = 0.0
    for number, (pause, duration, _) in enumerate(steps):
        now += pause
        events += [(at(now), number, True), (at(now + duration), number, False)]
    events.sort(key=lambda event: (event[0], not event[2]))
    periods = periods_from(0)
    runs: dict[int, tuple[int, int]] = {}
    for moment, number, begins in events:
        periods.notice(moment)
        if begins:
            runs[number] = (periods.began(moment), moment)
        else:
            run, began = runs[number]
            periods.ended(run, [Sample(sent_ns=began, method="stamp", rtt_ns=1)], moment)
    periods.cut(events[-1][0] + 1)
    complete = periods.take_complete()

    assert sum(len(one.samples) for one in complete) == len(steps)
    for one in complete:
        assert one.start_ns < one.end_ns
        assert one.start_ns // MINUTE == (one.end_ns - 1) // MINUTE
        assert all(one.start_ns <= each.sent_ns < one.end_ns for each in one.samples)
    for earlier, later in pairwise(complete):
        assert earlier.end_ns <= later.start_ns
