"""Octets laid over five-minute bins: nothing is lost, nothing is counted twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collector.verdict.uplinks.load import UplinkBin
from collector.verdict.uplinks.octets import Octets, bin_starts, bins_of, parts
from tests.collector.builders import MONDAY_10

OAK = "site:oak-hill"
MINUTE = timedelta(minutes=1)


def counted(after_s: float = 0, **other: Any) -> Octets:
    """A minute at 80 Mbit/s down and 8 up that began so long after ten."""
    values: dict[str, Any] = {
        "uplink": OAK,
        "agent": "a" * 16,
        "method": "interface",
        "started_at": MONDAY_10 + timedelta(seconds=after_s),
        "duration_ms": 60_000,
        "down_bytes": 600_000_000,
        "up_bytes": 60_000_000,
        "speed_mbps": 1000,
    }
    return Octets(**values | other)


def laid(*octets: Octets, **capacity: int) -> list[UplinkBin]:
    """All the bins that these reach into."""
    wanted = {(one.uplink, start) for one in octets for start in bin_starts(one.started_at, one.duration_ms)}
    return bins_of(
        octets, wanted=wanted, capacity_mbps={name.replace("_", ":"): mbps for name, mbps in capacity.items()}
    )


@given(
    st.lists(
        st.tuples(st.integers(0, 4_000_000), st.integers(1, 3_600_000), st.integers(0, 2**53), st.integers(0, 2**53)),
        min_size=1,
        max_size=12,
    )
)
def test_octets_of_any_periods_add_up_in_the_bins(periods: list[tuple[int, int, int, int]]) -> None:
    octets, at_ms = [], 0
    for gap_ms, duration_ms, down, up in periods:
        at_ms += gap_ms
        octets.append(counted(at_ms / 1000, duration_ms=duration_ms, down_bytes=down, up_bytes=up))
        at_ms += duration_ms

    bins = laid(*octets)

    assert sum(one.down_bytes for one in bins) == sum(one.down_bytes for one in octets)
    assert sum(one.up_bytes for one in bins) == sum(one.up_bytes for one in octets)
    assert round(sum(one.counted_seconds for one in bins) * 1000) == sum(one.duration_ms for one in octets)
    assert all(0 < one.counted_seconds <= 300 for one in bins)
    assert all(int(one.started_at.timestamp()) % 300 == 0 for one in bins)


@given(st.integers(0, 600_000), st.integers(1, 3_600_000), st.integers(0, 2**40))
def test_a_period_lies_evenly_over_the_bins_that_it_overlaps(start_ms: int, duration_ms: int, down: int) -> None:
    one = counted(start_ms / 1000, duration_ms=duration_ms, down_bytes=down)
    for part in parts(one):
        assert abs(part.down_bytes - down * part.counted_ms / duration_ms) < 1 + down * 1e-12


def test_a_minute_on_the_border_is_parted_in_proportion() -> None:
    before, after = laid(counted(285))
    assert (before.started_at, before.counted_seconds, before.down_bytes) == (MONDAY_10, 15.0, 150_000_000)
    assert (after.started_at, after.counted_seconds, after.up_bytes) == (MONDAY_10 + 5 * MINUTE, 45.0, 45_000_000)
    assert before.bps("down") == after.bps("down") == 80e6


def test_of_two_counters_a_routers_is_taken_and_never_their_sum() -> None:
    own = [counted(60 * minute) for minute in range(5)]
    router = [counted(60 * minute, method="snmp", agent="c" * 16, down_bytes=300_000_000) for minute in (1, 2, 4)]

    (one,) = laid(*own, *router)

    assert (one.method, one.counted_seconds, one.bps("down")) == ("snmp", 180.0, 40e6)


def test_a_router_that_hardly_answers_takes_no_bin_from_who_counted_it_all() -> None:
    own = [counted(60 * minute) for minute in range(5)]
    router = [counted(60 * minute, method="snmp", agent="c" * 16, down_bytes=300_000_000) for minute in (1, 2)]

    (one,) = laid(*own, *router)
    (left_alone,) = laid(*own[:1], *router)

    assert (one.method, one.counted_seconds, one.bps("down")) == ("interface", 300.0, 80e6)
    assert (left_alone.method, left_alone.counted_seconds) == ("snmp", 120.0)


def test_of_two_counters_alike_the_one_that_counted_for_longer_is_taken() -> None:
    other = [counted(60 * minute, agent="c" * 16, down_bytes=900_000_000) for minute in range(4)]
    (one,) = laid(*other, *(counted(60 * minute) for minute in range(5)))
    assert (one.counted_seconds, one.bps("down")) == (300.0, 80e6)


def test_which_of_two_is_taken_depends_on_no_order() -> None:
    two = (counted(), counted(agent="c" * 16, down_bytes=1))
    assert laid(*two) == laid(*reversed(two))


def test_the_file_says_what_an_uplink_carries_before_its_interface() -> None:
    newest = counted(60, speed_mbps=2000)
    assert [one.capacity_mbps for one in laid(counted(), newest)] == [2000]
    assert [one.capacity_mbps for one in laid(newest, counted(), site_lakeside=1)] == [2000]
    assert [one.capacity_mbps for one in bins_of([newest], wanted={(OAK, MONDAY_10)}, capacity_mbps={OAK: 500})] == [
        500
    ]
    assert [one.capacity_mbps for one in laid(counted(speed_mbps=0))] == [None]
    assert [one.capacity_mbps for one in laid(counted(speed_mbps=None))] == [None]


def test_periods_that_overlap_after_a_clock_was_set_keep_the_rate_and_fill_no_more_than_the_bin() -> None:
    (one,) = laid(*(counted(seconds) for seconds in range(0, 240, 30)))
    assert (one.counted_seconds, one.bps("down")) == (300.0, 80e6)


def test_a_bin_that_is_not_wanted_is_not_made() -> None:
    assert bins_of([counted(290)], wanted={(OAK, MONDAY_10), ("district", MONDAY_10)}, capacity_mbps={}) == [
        laid(counted(290))[0]
    ]


def test_a_period_overlaps_the_bins_from_its_start_to_its_end() -> None:
    assert list(bin_starts(MONDAY_10 + 4 * MINUTE, 60_000)) == [MONDAY_10]
    assert list(bin_starts(MONDAY_10 + 4 * MINUTE, 60_001)) == [MONDAY_10, MONDAY_10 + 5 * MINUTE]
    assert list(bin_starts(datetime(1970, 1, 1, tzinfo=UTC), 1)) == [datetime(1970, 1, 1, tzinfo=UTC)]
