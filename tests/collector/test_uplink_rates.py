"""What an uplink carried bears out the cause of a bad bin, since agents tell it in reports of its own."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from collector.judging.uplink_rates import machines_by_start, site_rates
from collector.store.protocol import Store
from collector.store.uplinks import StoredOctets
from tests.collector.builders import MONDAY_10, arrival, health, uplink

FIVE = timedelta(minutes=5)
HERE = ("oak-hill", "204")


def stored(
    at_seconds: int = 0, uplink_of: str = "site:oak-hill", agent: str = "e" * 16, **changes: object
) -> StoredOctets:
    started_at = MONDAY_10 + timedelta(seconds=at_seconds)
    return StoredOctets(
        uplink=uplink_of, agent=agent, started_at=started_at, stored_at=started_at, report=uplink(1, **changes)
    )


def test_an_edges_machine_has_the_rates_of_its_uplink(open_store: Callable[[], Store]) -> None:
    store = open_store()
    store.write_reports(
        [
            arrival(health(1)),
            arrival(uplink(2, duration_ms=60_000, down_bytes=600_000_000, up_bytes=60_000_000)),
        ]
    )
    store.write_reports([arrival(health(1), agent="d" * 16, boot="d" * 16)])

    (found,) = machines_by_start(store, MONDAY_10, MONDAY_10 + FIVE, bin_seconds=300).values()

    (rooms,) = found.values()
    rates = {one.agent: (one.uplink_in_bps, one.uplink_out_bps) for one in rooms}
    assert rates == {"a" * 16: (80e6, 8e6), "d" * 16: (None, None)}


def test_octets_are_laid_over_bins_in_proportion_of_time() -> None:
    counted = stored(240, duration_ms=120_000, down_bytes=120_000_000, up_bytes=12_000_000)
    rates = site_rates([counted], bin_seconds=300)

    assert rates.keys() == {(MONDAY_10, "e" * 16), (MONDAY_10 + FIVE, "e" * 16)}
    assert [one == pytest.approx((8e6, 8e5)) for one in rates.values()] == [True, True]


def test_of_two_counters_the_one_that_saw_more_is_taken_and_a_failure_says_nothing() -> None:
    counted = [
        stored(0, duration_ms=60_000, down_bytes=60_000_000, up_bytes=1, method="interface"),
        stored(0, duration_ms=60_000, down_bytes=600_000_000, up_bytes=0, method="snmp"),
        stored(60, duration_ms=60_000, down_bytes=None, up_bytes=None, failure="no_answer"),
        stored(0, uplink_of="district", agent="f" * 16, down_bytes=10**12, up_bytes=0),
    ]
    ((key, rates),) = site_rates(counted, bin_seconds=300).items()

    assert key == (MONDAY_10, "e" * 16)
    assert list(rates) == pytest.approx([80e6, 8 / 60])
