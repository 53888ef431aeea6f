"""A week of an uplink: its busy hour, its peak, and when it says nothing."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.verdict.uplinks.load import UplinkBin, UplinkWeek
from collector.verdict.uplinks.week import Slot, percentile, uplink_week

MONDAY = date(2026, 11, 16)
FIVE = timedelta(minutes=5)
HOURS = (8, 9, 10)
BINS_AN_HOUR = 12


def at(day: int, hour: int, number: int = 0) -> datetime:
    """The bin of that number in an hour of a day."""
    return datetime(2026, 11, 16 + day, hour, tzinfo=UTC) + number * FIVE


SLOTS = {
    at(day, hour, number): Slot(MONDAY + timedelta(days=day), hour)
    for day in range(5)
    for hour in HOURS
    for number in range(BINS_AN_HOUR)
}


def a_bin(started_at: datetime, mbps: float = 100, **other: Any) -> UplinkBin:
    """Five minutes at that rate down, a tenth of it up."""
    values: dict[str, Any] = {
        "uplink": "site:oak-hill",
        "started_at": started_at,
        "method": "interface",
        "counted_seconds": 300.0,
        "down_bytes": round(mbps * 1e6 * 300 / 8),
        "up_bytes": round(mbps * 1e5 * 300 / 8),
        "capacity_mbps": 500,
    }
    return UplinkBin(**values | other)


def a_week(bins: list[UplinkBin], **other: Any) -> UplinkWeek:
    return uplink_week("site:oak-hill", MONDAY, slots=SLOTS, bins=bins, **other)


@given(st.lists(st.floats(0, 1e11), min_size=1, max_size=200))
def test_the_95th_percentile_is_numpys_by_nearest_rank(rates: list[float]) -> None:
    assert percentile(rates) == np.percentile(rates, 95, method="inverted_cdf")


def test_the_busy_hour_is_where_the_95th_percentile_is_highest_and_not_where_the_peak_is() -> None:
    rates = {8: 100.0, 9: 300.0, 10: 200.0}
    bins = [a_bin(start, rates[slot.hour]) for start, slot in SLOTS.items()]
    peak = at(3, 8, 4)
    bins = [a_bin(one.started_at, 450) if one.started_at == peak else one for one in bins]

    down = a_week(bins).loads["down"]

    assert (down.busy_hour, down.busy_bps) == (9, 300e6)
    assert (down.peak_bps, down.peak_at) == (450e6, peak)


def test_each_direction_has_an_hour_of_its_own() -> None:
    bins = [a_bin(start, 300 if slot.hour == 9 else 100) for start, slot in SLOTS.items()]
    sent = [a_bin(one.started_at, 10 * one.started_at.hour) for one in bins]
    both = [
        UplinkBin(
            uplink=one.uplink,
            started_at=one.started_at,
            method=one.method,
            counted_seconds=one.counted_seconds,
            down_bytes=one.down_bytes,
            up_bytes=other.down_bytes,
            capacity_mbps=one.capacity_mbps,
        )
        for one, other in zip(bins, sent, strict=True)
    ]
    week = a_week(both)
    assert {way: load.busy_hour for way, load in week.loads.items()} == {"down": 9, "up": 10}
    assert (week.fuller, week.busy_share("down")) == ("down", 0.6)


def test_the_busy_hours_rate_is_that_of_its_fourth_highest_of_sixty() -> None:
    bins = [a_bin(start, 100 + slot.hour + day) for day, (start, slot) in enumerate(SLOTS.items())]
    of_ten = sorted((one.bps("down") or 0 for one in bins if one.started_at.hour == 10), reverse=True)
    assert a_week(bins).loads["down"].busy_bps == of_ten[3]


def test_an_hour_of_which_hardly_a_bin_is_in_lessons_is_not_the_busy_one() -> None:
    few = dict.fromkeys((at(day, 11, number) for day in range(5) for number in range(3)), None)
    slots = SLOTS | {start: Slot(MONDAY + timedelta(days=start.day - 16), 11) for start in few}
    bins = [a_bin(start, 400 if slot.hour == 11 else 100) for start, slot in slots.items()]

    week = uplink_week("site:oak-hill", MONDAY, slots=slots, bins=bins)

    assert (week.loads["down"].busy_hour, week.loads["down"].peak_bps) == (8, 400e6)
    alone = {start: slot for start, slot in slots.items() if slot.hour == 11}
    only = uplink_week("site:oak-hill", MONDAY, slots=alone, bins=bins)
    assert (only.loads["down"].busy_hour, only.loads["down"].busy_bps) == (11, 400e6)


def test_what_is_out_of_lessons_is_no_load() -> None:
    bins = [a_bin(start) for start in SLOTS]
    night = [a_bin(at(day, 20, number), 490) for day in range(5) for number in range(12)]
    assert a_week(bins + night) == a_week(bins)


@pytest.mark.parametrize(
    ("days", "bins_a_day", "counted_days", "missing"),
    [
        (5, 36, 5, False),
        (3, 36, 3, False),  # 60 % of the time
        (2, 36, 2, True),
        (5, 22, 5, False),
        (5, 21, 0, True),  # of no day 60 %
        (4, 26, 4, True),  # 104 of 180 bins
        (4, 27, 4, False),
        (0, 0, 0, True),
    ],
)
def test_a_week_of_which_too_little_was_counted_is_missing(
    days: int, bins_a_day: int, counted_days: int, missing: bool
) -> None:
    bins = [
        a_bin(start)
        for day in range(days)
        for start in [one for one, slot in SLOTS.items() if slot.day == MONDAY + timedelta(days=day)][:bins_a_day]
    ]
    week = a_week(bins, capacity_mbps=300)

    assert (week.missing, week.lesson_days, week.counted_days) == (missing, 5, counted_days)
    assert week.counted_share == pytest.approx(len(bins) / len(SLOTS))
    assert week.method == ("interface" if days else None)
    assert week.capacity_mbps == (500 if days else 300)


def test_a_bin_of_which_less_than_half_was_counted_is_none() -> None:
    whole, less = [a_bin(start) for start in SLOTS], 149.0
    spoilt = [a_bin(one.started_at, 480, counted_seconds=less) if one.started_at.day == 17 else one for one in whole]

    week = a_week(spoilt)

    assert (week.counted_days, week.counted_share, week.loads["down"].peak_bps) == (4, 0.8, 100e6)


def test_the_capacity_is_that_of_the_last_bin_and_the_method_the_most_frequent() -> None:
    bins = [
        a_bin(
            start, capacity_mbps=1000 if slot.day > MONDAY else 500, method="snmp" if slot.day > MONDAY else "interface"
        )
        for start, slot in SLOTS.items()
    ]
    week = a_week(bins)
    assert (week.capacity_mbps, week.method) == (1000, "snmp")
    assert week.busy_share("down") == 0.1
