"""What networks of rooms ignore, block and lose: gateways deaf to pings, UDP, packets at random.

What is measured all the same is measured, no room suffers from what is ignored, and what is said to be lost is.
"""

import math
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.measured_school import MeasuredSchool, measured_school
from tests.end_to_end.school import Link
from tests.end_to_end.waiting import eventually

pytestmark = [pytest.mark.requires("netns"), pytest.mark.slow]

IGNORED = {"polite": (), "deaf-to-pings": ("icmp",), "deaf-to-all": ("icmp", "tcp")}
METHODS = {"polite": "icmp", "deaf-to-pings": "tcp_connect", "deaf-to-all": "arp"}
LOSSY = "lossy"
LOST_PERMILLE = 100
ENOUGH_PINGS = 400
WALLED = "walled"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MeasuredSchool]:
    rooms = dict.fromkeys((*IGNORED, LOSSY, WALLED), Link())
    with measured_school(rooms, tmp_path_factory.mktemp("gateways"), bin_seconds=5) as one:
        for name, protocols in IGNORED.items():
            if protocols:
                one.school.rooms[name].ignore_at_the_gateway(*protocols)
        one.school.rooms[LOSSY].lose(LOST_PERMILLE)
        one.school.rooms[WALLED].block_udp()
        one.start()
        yield one
        for agent in one.agents.values():
            agent.stop()


def gateway_of(measured: MeasuredSchool, room: str) -> dict[str, Any] | None:
    """The newest reading of the room's gateway."""
    readings = measured.room(room)["readings"]
    return next((one for one in readings if one["target"] == "gateway"), None)


@pytest.mark.parametrize("room", IGNORED)
def test_a_gateway_is_measured_by_what_it_answers(measured: MeasuredSchool, room: str) -> None:
    def reading() -> dict[str, Any] | None:
        found = gateway_of(measured, room)
        return found if found and found["method"] == METHODS[room] else None

    found = eventually(f"it is measured by {METHODS[room]}", reading)

    assert (found["failure"], found["loss"]) == (None, 0)


@pytest.mark.parametrize("room", IGNORED)
def test_a_gateway_that_ignores_some_of_it_is_no_fault_of_the_room(measured: MeasuredSchool, room: str) -> None:
    measured.wait_for(**{room: "ok"})

    found = measured.room(room)
    assert found["state"] == "ok", found["evidence"]
    assert {one["gateway_loss"] for one in found["bins"] if one["valid"]} <= {0, None}
    assert any(one["gateway_loss"] == 0 for one in found["bins"])


@pytest.mark.parametrize(
    ("kind", "measure"),
    [("ping", "gateway_loss"), ("udp", "loss")],
    ids=["pings to the gateway", "UDP to the district"],
)
def test_the_loss_is_what_the_network_lost(measured: MeasuredSchool, kind: str, measure: str) -> None:
    room = measured.school.rooms[LOSSY]
    count = room.ping_count if kind == "ping" else room.udp_count
    eventually("enough was sent", lambda: count().seen > ENOUGH_PINGS)

    network = count()
    bins = [one for one in measured.room(LOSSY)["bins"] if one["valid"]]
    lost = sum(one[measure] for one in bins) / len(bins)

    # 999 of 1000 samples of so many are this close.
    assert lost == pytest.approx(network.share, abs=3.3 * math.sqrt(0.1 * 0.9 / (50 * len(bins))))
    assert gateway_of(measured, LOSSY)["method"] == "icmp"  # type: ignore[index]


def test_where_udp_is_blocked_the_room_is_still_measured_and_says_how(measured: MeasuredSchool) -> None:
    measured.wait_for(**{WALLED: "ok"})

    udp = measured.school.rooms[WALLED].udp_count()
    assert udp.seen == udp.dropped > 0
    walled = measured.room(WALLED)
    assert walled["state"] == "ok", walled["evidence"]
    assert {one["method"] for one in walled["bins"] if one["valid"]} == {"tcp_connect"}
    assert "1 in 20 connections took longer than" in walled["evidence"]
    (reading,) = (one for one in walled["readings"] if one["target"] == "district")
    assert (reading["method"], reading["failure"], reading["loss"]) == ("tcp_connect", None, 0)
