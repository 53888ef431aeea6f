"""What is asked of Windows and read from it, as its headers have it; nothing here has run on Windows."""

import asyncio
import ctypes
import socket
import struct

import pytest

from agent.icmp import PAYLOAD_BYTES
from agent.icmp_windows import (
    REPLY_BYTES,
    STALE_AFTER,
    SUCCESS,
    Ask,
    WindowsEcho,
    address_number,
    failure_of,
    socket_address_6,
    status_in,
)
from agent.place import Address, Place
from agent.sample import Sample
from tests.agent.fakes import MovedClock

TIMED_OUT = 11010
IO_STATUS_BYTES = 16
ICMP_ERROR_BYTES = 8


class IpOptions(ctypes.Structure):
    """IP_OPTION_INFORMATION"""

    _fields_ = (
        ("ttl", ctypes.c_uint8),
        ("tos", ctypes.c_uint8),
        ("flags", ctypes.c_uint8),
        ("options_size", ctypes.c_uint8),
        ("options", ctypes.c_void_p),
    )


class Reply4(ctypes.Structure):
    """ICMP_ECHO_REPLY"""

    _fields_ = (
        ("address", ctypes.c_uint32),
        ("status", ctypes.c_uint32),
        ("rtt_ms", ctypes.c_uint32),
        ("data_size", ctypes.c_uint16),
        ("reserved", ctypes.c_uint16),
        ("data", ctypes.c_void_p),
        ("options", IpOptions),
    )


class Address6(ctypes.Structure):
    """IPV6_ADDRESS_EX, which its header packs."""

    _pack_ = 1
    _fields_ = (
        ("port", ctypes.c_uint16),
        ("flow", ctypes.c_uint32),
        ("address", ctypes.c_uint8 * 16),
        ("scope", ctypes.c_uint32),
    )


class Reply6(ctypes.Structure):
    """ICMPV6_ECHO_REPLY"""

    _fields_ = (("address", Address6), ("status", ctypes.c_uint32), ("rtt_ms", ctypes.c_uint32))


@pytest.mark.parametrize(("family", "shape"), [(socket.AF_INET, Reply4), (socket.AF_INET6, Reply6)], ids=["v4", "v6"])
@pytest.mark.parametrize("status", [SUCCESS, TIMED_OUT, 2**32 - 1])
def test_the_status_is_read_where_the_structure_has_it(
    family: int, shape: type[Reply4] | type[Reply6], status: int
) -> None:
    reply = shape(status=status, rtt_ms=0xABCD)

    assert status_in(bytes(reply).ljust(REPLY_BYTES, b"\xee"), family) == status


def test_the_buffer_has_room_for_the_larger_reply() -> None:
    assert ctypes.sizeof(Reply4) + PAYLOAD_BYTES + ICMP_ERROR_BYTES + IO_STATUS_BYTES <= REPLY_BYTES


def test_an_address_is_a_number_whose_octets_lie_in_the_order_of_the_network() -> None:
    assert struct.pack("<I", address_number("192.0.2.1")) == bytes((192, 0, 2, 1))


def test_a_link_local_address_goes_with_its_interface() -> None:
    address = socket_address_6("fe80::1%12", 12)

    assert address == bytes.fromhex("1700 0000 00000000 fe80000000000000 0000000000000001 0c000000")


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (TIMED_OUT, "no_answer"),
        (5, "refused_to_send"),
        (11006, "refused_to_send"),
        (11002, "unreachable"),
        (11003, "unreachable"),
        (11013, "unreachable"),
        (11050, "unreachable"),
        (1231, "unreachable"),
    ],
)
def test_a_status_names_its_reason(status: int, failure: str) -> None:
    assert failure_of(status) == failure


def probe(moved: MovedClock, ask: Ask, times: int = 1, *, looked_up: list[str] | None = None) -> list[Sample]:
    """Probes one after the other, on a clock that `ask` moves."""
    found = [] if looked_up is None else looked_up

    def find() -> str:
        found.append("192.0.2.1")
        return found[-1]

    async def work() -> list[Sample]:
        place = Place(find, 0, socket.SOCK_DGRAM)
        echo = WindowsEcho(place, timeout_ms=1_000, clock=moved.clock(), ask=ask)
        return [await echo.probe() for _ in range(times)]

    return asyncio.run(work())


def test_the_time_is_that_of_the_call() -> None:
    asked: list[tuple[Address, int]] = []
    moved = MovedClock(frozen=True)

    def answer(to: Address, timeout_ms: int) -> int:
        asked.append((to, timeout_ms))
        moved.boot_ns += 7_300_000
        return SUCCESS

    (sample,) = probe(moved, answer)

    assert (sample.method, sample.rtt_ns, sample.timestamps) == ("icmp", 7_300_000, "user")
    assert asked == [(Address(socket.AF_INET, ("192.0.2.1", 0)), 1_000)]


def test_a_reply_that_took_longer_than_the_timeout_is_lost() -> None:
    moved = MovedClock(frozen=True)

    def late(_to: Address, _timeout_ms: int) -> int:
        moved.boot_ns += 1_000_000_001
        return SUCCESS

    (sample,) = probe(moved, late)

    assert sample.failure == "no_answer"


def test_silence_is_a_loss_and_after_a_while_the_name_is_looked_up_again() -> None:
    looked_up: list[str] = []

    samples = probe(MovedClock(), lambda _to, _timeout_ms: TIMED_OUT, STALE_AFTER + 1, looked_up=looked_up)

    assert {sample.failure for sample in samples} == {"no_answer"}
    assert len(looked_up) == 2
