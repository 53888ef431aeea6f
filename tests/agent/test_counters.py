"""How much counters grew: every way in which they may not have."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import NS_PER_S
from agent.counters import Counters, NotCounted, octets_between

MINUTE_NS = 60 * NS_PER_S
BEFORE = Counters(epoch=(7,), in_octets=1000, out_octets=500, bits=64, speed_mbps=1000, uptime_cs=100_000)
AFTER = replace(BEFORE, in_octets=61_000, out_octets=4500, uptime_cs=106_000)


def failure_of(before: Counters, after: Counters, elapsed_ns: int = MINUTE_NS) -> str:
    with pytest.raises(NotCounted) as refused:
        octets_between(before, after, elapsed_ns)
    return refused.value.failure


def test_what_grew_is_told_in_apart_from_out() -> None:
    assert octets_between(BEFORE, AFTER, MINUTE_NS) == (60_000, 4000)


@given(
    st.sampled_from([32, 64]),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(0, 500_000_000),
    st.integers(0, 500_000_000),
)
def test_wherever_a_counter_stood_what_it_grew_by_is_told(
    bits: int, received: int, sent: int, more_in: int, more_out: int
) -> None:
    end = 1 << bits
    before = replace(BEFORE, bits=bits, in_octets=received % end, out_octets=sent % end, speed_mbps=100)
    after = replace(AFTER, bits=bits, speed_mbps=100)
    after = replace(
        after, in_octets=(before.in_octets + more_in) % end, out_octets=(before.out_octets + more_out) % end
    )

    assert octets_between(before, after, MINUTE_NS) == (more_in, more_out)


def test_a_counter_that_never_goes_round_began_anew_where_it_stands_lower() -> None:
    own = {"bits": None, "uptime_cs": None}
    lower = replace(AFTER, in_octets=999, **own)  # type: ignore[arg-type]
    assert failure_of(replace(BEFORE, **own), lower) == "restarted"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("uptime_cs", "failure"),
    [
        (100, "restarted"),
        (99_999, "restarted"),
        (100_000, "restarted"),  # it stood still for a minute
        (104_900, None),  # its clock is slow, or it answered late
        (107_000, None),
        (120_000, "restarted"),
    ],
)
def test_an_uptime_moves_as_the_time_does(uptime_cs: int, failure: str | None) -> None:
    after = replace(AFTER, uptime_cs=uptime_cs)
    if failure is None:
        assert octets_between(BEFORE, after, MINUTE_NS) == (60_000, 4000)
    else:
        assert failure_of(BEFORE, after) == failure


def test_who_has_been_up_for_less_than_the_time_between_began_in_it() -> None:
    assert failure_of(replace(BEFORE, uptime_cs=20), replace(AFTER, uptime_cs=5000)) == "restarted"


def test_an_uptime_goes_round_after_497_days() -> None:
    before = replace(BEFORE, uptime_cs=2**32 - 3000)
    assert octets_between(before, replace(AFTER, uptime_cs=3000), MINUTE_NS) == (60_000, 4000)


def test_an_uptime_that_is_not_told_says_nothing() -> None:
    assert octets_between(replace(BEFORE, uptime_cs=None), AFTER, MINUTE_NS) == (60_000, 4000)


@pytest.mark.parametrize("changed", [{"epoch": (8,)}, {"bits": 32}])
def test_counters_of_something_else_began_anew(changed: dict[str, object]) -> None:
    assert failure_of(BEFORE, replace(AFTER, **changed)) == "restarted"  # type: ignore[arg-type]


def test_a_full_line_is_plausible_and_twice_as_much_is_not() -> None:
    full = 1000 * 125_000 * 60
    assert octets_between(BEFORE, replace(AFTER, in_octets=1000 + full), MINUTE_NS)[0] == full
    assert failure_of(BEFORE, replace(AFTER, out_octets=500 + 2 * full)) == "implausible"
    assert failure_of(BEFORE, replace(AFTER, in_octets=999)) == "implausible", "2^64 - 1 octets in a minute"


def test_a_link_that_became_faster_carried_what_the_faster_one_can() -> None:
    full = 10_000 * 125_000 * 60
    faster = replace(AFTER, in_octets=1000 + full, speed_mbps=10_000)
    assert octets_between(BEFORE, faster, MINUTE_NS)[0] == full


def test_32_bits_of_a_fast_link_may_have_gone_round_twice() -> None:
    before, after = replace(BEFORE, bits=32), replace(AFTER, bits=32)
    assert failure_of(before, after) == "refused"
    slower = replace(before, speed_mbps=100), replace(after, speed_mbps=100)
    assert octets_between(*slower, MINUTE_NS) == (60_000, 4000)
