"""A machine that cannot measure makes no room bad; and the cause of a test that found too little shows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from collector.verdict.bins import RoomBin
from collector.verdict.causes import Located
from collector.verdict.room_state import room_state
from collector.verdict.throughput import shortfall
from tests.collector.ended_tests import PROFILES
from tests.collector.test_room_day import a_bin, a_test

BY_MACHINE = Located(cause="device", confidence="high", rule="L0", signs=("busy_machine",))


def bins(marks: str) -> list[RoomBin]:
    """Bins in a row: good, bad, spoiled by the machine (x), measured too little (?)."""
    made = {
        "g": a_bin(0),
        "B": a_bin(0, rtt_ms=500),
        "x": a_bin(0, rtt_ms=500, located=BY_MACHINE),
        "?": a_bin(0, sent=100),
    }
    return [
        replace(made[mark], started_at=made[mark].started_at + timedelta(minutes=5 * place))
        for place, mark in enumerate(marks)
    ]


@pytest.mark.parametrize(
    ("marks", "state", "cause"),
    [
        ("xxx", "unknown", "device"),
        ("gxx", "unknown", "device"),
        ("xgx", "unknown", "device"),
        ("BBxx", "unknown", "device"),
        ("ggx", "ok", "undetermined"),
        ("BBx", "bad", "undetermined"),
        ("xxgg", "ok", "undetermined"),
        ("gx", "unknown", "undetermined"),
        ("gx?x", "unknown", "device"),
    ],
)
def test_two_of_the_last_three_bins_that_a_machine_spoiled_are_not_known(marks: str, state: str, cause: str) -> None:
    found = bins(marks)

    now = room_state(found, closed_until=found[-1].started_at + timedelta(minutes=5), in_session=True)

    assert (now.state, now.cause) == (state, cause)


def test_the_cause_of_a_test_that_found_too_little_shows() -> None:
    found = bins("ggg")
    end = found[-1].started_at + timedelta(minutes=5)
    short = shortfall([a_test(10, 100_000)], PROFILES, end)
    assert short is not None
    limit = Located(cause="rate_limit_or_client", confidence="low", rule="L7")

    now = room_state(found, short=short, short_located=limit, closed_until=end, in_session=True)

    assert (now.state, now.cause) == ("bad", "rate_limit_or_client")
