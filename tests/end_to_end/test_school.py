"""The school that other tests stand in is what it says: each room behind a queue of its own."""

import math
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.end_to_end.bystander import Bystander, percentile_ms
from tests.end_to_end.pupils import pupils
from tests.end_to_end.school import Link, Room, School, Shape, school
from tests.end_to_end.waiting import eventually

pytestmark = pytest.mark.requires("netns")

FULL = Shape(bps=2_000_000, queue_ms=300)
FILLING_S = 2.0
"""Far more than downloads need to fill the queue."""

LOOKING_S = 4.0


@pytest.fixture(scope="module")
def two_rooms() -> Iterator[School]:
    with school({"full": Link(down=FULL), "empty": Link()}) as one:
        yield one


@pytest.fixture
def empty_room(two_rooms: School) -> Room:
    return two_rooms.rooms["empty"]


def received_bytes(room: Room) -> int:
    return int(room.namespace.run("cat", "/sys/class/net/uplink/statistics/rx_bytes"))


def send_udp(room: Room, towards: tuple[str, int], count: int) -> None:
    with room.namespace.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(b"x", towards)


def pause(bystander: Bystander, seconds: float) -> float:
    """Wait until pings were sent for so long, and return when that was over."""
    since = time.time()
    eventually("time passes", lambda: bystander.pings(since=since + seconds))
    return since + seconds


@pytest.mark.slow
def test_a_full_queue_is_felt_by_a_bystander_in_its_room_and_by_nobody_next_door(
    two_rooms: School, tmp_path: Path
) -> None:
    full, empty = two_rooms.rooms["full"], two_rooms.rooms["empty"]
    with ExitStack() as stack:
        here, next_door = (stack.enter_context(Bystander(one, two_rooms.address)) for one in (full, empty))
        began = time.time()
        quiet_until = pause(here, 1.0)
        with pupils(two_rooms, full, tmp_path):
            since = pause(here, FILLING_S)
            bytes_before, counted_from = received_bytes(full), time.monotonic()
            until = pause(here, LOOKING_S)
            bps = (received_bytes(full) - bytes_before) * 8 / (time.monotonic() - counted_from)
    felt_here, felt_next_door = here.pings(since, until), next_door.pings(since, until)
    assert FULL.queue_ms / 2 < percentile_ms(felt_here, 50) <= percentile_ms(felt_here, 95) < FULL.queue_ms * 1.2
    assert percentile_ms(felt_next_door, 95) < percentile_ms(felt_here, 50) / 5
    assert percentile_ms(here.pings(began, quiet_until), 95) < percentile_ms(felt_here, 50) / 5
    assert bps == pytest.approx(FULL.bps, rel=0.1)


def test_of_what_a_room_sends_the_share_that_is_asked_for_is_lost_and_counted(
    two_rooms: School, empty_room: Room
) -> None:
    empty_room.lose(250)
    send_udp(empty_room, (two_rooms.address, 9), 1_000)
    eventually("all came to the district's end", lambda: empty_room.udp_count().seen == 1_000)
    five_deviations = 5 * math.sqrt(1_000 * 0.25 * 0.75)
    assert empty_room.udp_count().dropped == pytest.approx(250, abs=five_deviations)
    empty_room.pass_all()


def test_where_udp_is_blocked_nothing_else_is(two_rooms: School, empty_room: Room) -> None:
    with two_rooms.district.open_socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind((two_rooms.address, 0))
        receiver.setblocking(False)
        towards = receiver.getsockname()
        empty_room.block_udp()
        send_udp(empty_room, towards, 10)
        eventually("all was dropped", lambda: empty_room.udp_count().dropped == 10)
        with pytest.raises(BlockingIOError):
            receiver.recv(1)
        with Bystander(empty_room, two_rooms.address) as bystander:
            eventually("a ping is answered", lambda: [one for one in bystander.pings() if one.rtt_ms is not None])
        empty_room.pass_all()
        receiver.settimeout(60)
        send_udp(empty_room, towards, 1)
        assert receiver.recv(1) == b"x"


def test_a_school_is_gone_when_its_test_is_over_even_if_it_failed() -> None:
    names: list[str] = []

    def fail() -> None:
        with school({"doomed": Link()}) as one:
            names.extend(place.name for place in (one.district, one.rooms["doomed"].namespace))
            assert set(names) <= namespaces()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(names) == 2
    assert namespaces().isdisjoint(names)


def namespaces() -> set[str]:
    listed = subprocess.run(["ip", "netns", "list"], check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in listed.splitlines() if line}
