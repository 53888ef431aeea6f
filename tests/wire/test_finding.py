"""Was the rate there? Each end of a test, as a table of claims."""

import pytest

from wire.finding import Finding, find
from wire.reports import EndedBy
from wire.sufficiency import LONGEST_MS, Arrivals

R = 1_000_000
"""The rate to be shown."""


def flow(*stretches: tuple[int, float]) -> Arrivals:
    """Arrivals every 10 ms: up to each millisecond at so many times `R`."""
    found, at_ms, due = Arrivals(), 0, 0.0
    for until_ms, rate in stretches:
        while at_ms < until_ms:
            at_ms += 10
            due += rate * R * 10 / 8_000
            found.add(at_ms, int(due) - found.total_bytes)
    return found


def found(
    arrivals: Arrivals,
    ended_by: EndedBy,
    *,
    lasted_ms: int = LONGEST_MS,
    standing_from_ms: int | None = None,
    stalled_ms: int = 0,
    idle_ms: float = 12.0,
    was_busy: bool = False,
    ceiling_bps: int | None = None,
    was_full: bool = False,
) -> Finding:
    return find(
        R,
        arrivals,
        ended_by=ended_by,
        lasted_ms=lasted_ms,
        standing_from_ms=standing_from_ms,
        stalled_ms=stalled_ms,
        idle_ms=idle_ms,
        was_busy=was_busy,
        ceiling_bps=ceiling_bps,
        was_full=was_full,
    )


FULL = flow((5_000, 1.25))
JUST = flow((5_000, 1.0))
LITTLE = flow((5_000, 0.6))


@pytest.mark.parametrize(
    ("arrivals", "ended_by", "lasted_ms", "sustained"),
    [
        (FULL, "decided", 4_210, True),
        (FULL, "time", 5_000, True),
        (JUST, "time", 5_000, True),
        (JUST, "time", 5_003, True),
        (flow((4_200, 1.25)), "bytes", 4_200, True),
        (LITTLE, "time", 5_000, False),
        (flow((3_700, 0.6)), "decided", 3_700, False),
        (flow((5_000, 0.0)), "time", 5_000, False),
        (flow((1_000, 1.25), (5_000, 0.9)), "time", 5_000, False),
        (flow((1_000, 0.1), (5_000, 1.1)), "time", 5_000, True),
    ],
)
def test_the_rate_was_there_if_it_arrived_after_the_first_second(
    arrivals: Arrivals, ended_by: EndedBy, lasted_ms: int, sustained: bool
) -> None:
    said = found(arrivals, ended_by, lasted_ms=lasted_ms)

    assert said.sustained is sustained
    assert said.received_bps is not None
    assert (said.received_bps >= R) is sustained


@pytest.mark.parametrize("ended_by", ["lease", "peer"])
@pytest.mark.parametrize("arrivals", [FULL, LITTLE, Arrivals()])
def test_a_test_that_was_ended_by_others_could_not_tell(arrivals: Arrivals, ended_by: EndedBy) -> None:
    assert found(arrivals, ended_by, lasted_ms=3_000) == Finding(received_bps=None, sustained=None)


@pytest.mark.parametrize("ended_by", ["decided", "bytes"])
def test_an_end_at_which_nothing_was_decided_could_not_tell(ended_by: EndedBy) -> None:
    """A limit below what the rate takes, or something between that answered in the collector's place."""
    for arrivals in (Arrivals(), flow((1_500, 1.25)), flow((1_500, 0.9))):
        assert found(arrivals, ended_by, lasted_ms=1_500).sustained is None


def test_time_that_was_up_a_moment_early_was_up() -> None:
    assert found(JUST, "time", lasted_ms=4_999).sustained is True
    assert found(flow((5_000, 0.99)), "time", lasted_ms=4_999).sustained is False


def test_what_came_through_a_standing_queue_is_what_the_line_carries() -> None:
    crowded = flow((400, 1.25), (900, 0.7))

    said = found(crowded, "rtt", lasted_ms=900, standing_from_ms=450)

    assert said.received_bps == pytest.approx(0.7 * R, rel=0.02)
    assert said.sustained is False


def test_a_rate_that_held_for_a_second_is_there_though_the_queue_grew() -> None:
    held = flow((1_000, 1.25), (2_500, 1.1))

    said = found(held, "rtt", lasted_ms=2_500, standing_from_ms=2_000)

    assert said.received_bps == pytest.approx(1.1 * R, rel=0.02)
    assert said.sustained is True


def test_a_rate_that_held_for_less_than_a_second_could_not_be_told() -> None:
    held = flow((1_000, 1.25), (1_800, 1.1))

    said = found(held, "rtt", lasted_ms=1_800, standing_from_ms=1_200)

    assert said.sustained is None
    assert said.received_bps == pytest.approx(1.1 * R, rel=0.02)


def test_a_queue_of_others_that_came_late_hides_no_missed_second() -> None:
    dip = flow((1_000, 1.25), (2_000, 0.5), (2_500, 1.2))

    assert found(dip, "rtt", lasted_ms=2_500, standing_from_ms=2_100).sustained is None


def test_a_queue_too_steep_to_measure_is_judged_by_all_that_came() -> None:
    steep = flow((230, 0.3))

    said = found(steep, "rtt", lasted_ms=230, standing_from_ms=215)
    assert said.received_bps == pytest.approx(0.3 * R, rel=0.05)
    assert said.sustained is False
    assert found(flow((230, 1.2)), "rtt", lasted_ms=230, standing_from_ms=215).sustained is None


def test_round_trips_that_rose_without_a_standing_queue_tell_nothing() -> None:
    assert found(LITTLE, "rtt", lasted_ms=1_500) == Finding(received_bps=None, sustained=None)


def test_round_trips_that_rose_before_anything_arrived_tell_nothing() -> None:
    assert found(Arrivals(), "rtt", lasted_ms=300, standing_from_ms=100) == Finding(received_bps=None, sustained=None)


@pytest.mark.parametrize(
    ("stalled_ms", "sustained"),
    [(0, False), (799, False), (801, None), (5_000, None)],
)
def test_a_sender_that_stalled_has_not_shown_that_the_line_is_slow(stalled_ms: int, sustained: bool | None) -> None:
    said = found(LITTLE, "time", stalled_ms=stalled_ms)

    assert said.sustained is sustained
    assert said.received_bps == pytest.approx(0.6 * R, rel=0.02)


def test_a_sender_that_stalled_has_shown_a_rate_that_was_there_all_the_same() -> None:
    assert found(JUST, "time", stalled_ms=2_000).sustained is True


def test_a_line_that_was_busy_before_the_test_is_not_condemned_by_its_share() -> None:
    assert found(LITTLE, "time").sustained is False
    assert found(LITTLE, "time", was_busy=True).sustained is None
    assert found(FULL, "decided", lasted_ms=4_210, was_busy=True).sustained is True


def test_on_a_long_way_without_a_queue_tcps_own_limit_is_not_the_lines() -> None:
    assert found(LITTLE, "time", idle_ms=150.0).sustained is None
    assert found(LITTLE, "time", idle_ms=80.0).sustained is False, "its first window carries the offer"
    assert found(LITTLE, "time", idle_ms=150.0, standing_from_ms=3_000).sustained is False
    assert found(FULL, "decided", lasted_ms=4_210, idle_ms=150.0).sustained is True


def test_a_steep_rise_on_a_long_way_may_be_slow_start() -> None:
    windows = Arrivals()
    for at_ms in (10, 20, 310, 320, 330):
        windows.add(at_ms, 7_000)
    for idle_ms, sustained in ((12.0, False), (300.0, None)):
        one = found(windows, "rtt", lasted_ms=420, standing_from_ms=325, idle_ms=idle_ms)
        assert one.sustained is sustained, idle_ms


@pytest.mark.parametrize("ceiling", [0.6, 0.7, 0.75])
def test_a_result_near_its_machines_ceiling_says_at_least_and_fails_nothing(ceiling: float) -> None:
    near = found(LITTLE, "time", ceiling_bps=round(ceiling * R))

    assert (near.sustained, near.at_ceiling) == (None, True)
    assert near.received_bps == found(LITTLE, "time").received_bps


@pytest.mark.parametrize("ceiling_bps", [None, R, 1_000 * R])
def test_a_result_far_below_its_machines_ceiling_is_the_lines(ceiling_bps: int | None) -> None:
    far = found(LITTLE, "time", ceiling_bps=ceiling_bps)

    assert (far.sustained, far.at_ceiling) == (False, False)


def test_a_rate_that_was_held_is_held_at_the_ceiling_too() -> None:
    assert found(FULL, "decided", ceiling_bps=R) == Finding(received_bps=1_250_000, sustained=True, at_ceiling=True)


def test_a_queue_that_rose_at_the_ceiling_is_the_machines() -> None:
    rising = flow((1_000, 1.25), (3_000, 0.6))
    of_line = found(rising, "rtt", lasted_ms=3_000, standing_from_ms=1_000)
    of_machine = found(rising, "rtt", lasted_ms=3_000, standing_from_ms=1_000, ceiling_bps=round(0.7 * R))

    assert (of_line.sustained, of_machine.sustained) == (False, None)


@pytest.mark.parametrize(
    ("was_full", "stalled_ms", "sustained", "at_ceiling"),
    [(True, 1_000, None, True), (False, 1_000, None, False), (True, 500, False, False), (True, 0, False, False)],
)
def test_a_full_machine_was_the_limit_where_it_was_late_as_well(
    was_full: bool, stalled_ms: int, sustained: bool | None, at_ceiling: bool
) -> None:
    late = found(LITTLE, "time", was_full=was_full, stalled_ms=stalled_ms)

    assert (late.sustained, late.at_ceiling) == (sustained, at_ceiling)


def test_nothing_received_is_no_lower_bound() -> None:
    assert found(Arrivals(), "peer", was_full=True, stalled_ms=5_000, ceiling_bps=1) == Finding(
        received_bps=None, sustained=None
    )
