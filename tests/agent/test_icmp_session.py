"""Pings on real sockets of both kinds, answered as each test says."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

import pytest

from agent.clock import system_clock
from agent.icmp import IcmpPackets
from agent.place import Address, Place
from agent.sample import Sample
from agent.session import Session
from tests.agent.echoes import (
    LOOPBACK,
    Answers,
    allow_datagram_sockets,
    echoes,
    honest,
    reply_to,
    silence_the_kernel,
    with_checksum,
)
from tests.end_to_end.namespace import Namespace, namespace

pytestmark = pytest.mark.requires("netns")

T = TypeVar("T")
PATIENT_MS = 5_000
"""Where an answer is to come, however busy the machine is."""

SHORT_MS = 150
LATE_MS = 1_000
"""Long enough for the second of two to be in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One that pings itself, over one kind of socket and one version of IP."""

    namespace: Namespace
    family: socket.AddressFamily
    kind: socket.SocketKind

    def session(self, *, timeout_ms: int, packets: IcmpPackets | None = None) -> Session:
        place = Place(lambda: LOOPBACK[self.family], 0, socket.SOCK_DGRAM)
        return Session(packets or IcmpPackets(), place, timeout_ms=timeout_ms, clock=system_clock())

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        async def in_a_loop() -> T:
            return await work()

        return self.namespace.call(lambda: asyncio.run(in_a_loop()))

    def probe(self, answers: Answers, times: int = 1, *, timeout_ms: int = PATIENT_MS) -> list[Sample]:
        """Probes one after the other, answered so."""

        async def work() -> list[Sample]:
            session = self.session(timeout_ms=timeout_ms)
            samples = [await session.probe() for _ in range(times)]
            session.close()
            return samples

        with echoes(self.namespace, answers, family=self.family):
            return self.run(work)

    def probe_together(self, answers: Answers, times: int) -> list[Sample]:
        """Probes under way at the same time, between a first and a last one."""

        async def work() -> list[Sample]:
            session = self.session(timeout_ms=PATIENT_MS)
            first = await session.probe()
            rest = await asyncio.gather(*(session.probe() for _ in range(times - 2)))
            last = await session.probe()
            session.close()
            return [first, *rest, last]

        with echoes(self.namespace, answers, family=self.family):
            return self.run(work)


@pytest.fixture(scope="module")
def place() -> Iterator[Namespace]:
    with namespace("icmp") as one:
        silence_the_kernel(one)
        yield one


@pytest.fixture(
    params=[
        pytest.param((family, kind), id=f"{kind.name}-{family.name}")
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW)
        for family in LOOPBACK
    ]
)
def machine(place: Namespace, request: pytest.FixtureRequest) -> Machine:
    family, kind = request.param
    allow_datagram_sockets(place, allowed=kind == socket.SOCK_DGRAM)
    return Machine(namespace=place, family=family, kind=kind)


def test_a_reply_is_a_round_trip_that_the_kernel_timed(machine: Machine) -> None:
    (sample,) = machine.probe(honest)

    assert (sample.method, sample.answered, sample.timestamps) == ("icmp", True, "kernel")


def test_without_the_group_a_raw_socket_is_taken(machine: Machine) -> None:
    to = Address(machine.family, None)

    with machine.namespace.call(lambda: IcmpPackets().open(to)) as link:
        assert link.type == machine.kind


def test_silence_is_a_loss(machine: Machine) -> None:
    (sample,) = machine.probe(lambda request, count: [], timeout_ms=SHORT_MS)

    assert sample.failure == "no_answer"


def test_second_replies_are_duplicates_and_no_round_trips(machine: Machine) -> None:
    samples = machine.probe_together(lambda request, count: honest(request, count) * 3, 3)

    assert all(sample.answered for sample in samples)
    assert 3 <= sum(sample.duplicates for sample in samples) <= 6  # those of the last one may be under way


def test_a_reply_behind_a_later_one_is_reordered(machine: Machine) -> None:
    held: list[bytes] = []

    def swapping(request: bytes, count: int) -> list[bytes]:
        if count == 1:
            held.extend(honest(request, count))
            return []
        return honest(request, count) + (held if count == 2 else [])

    samples = machine.probe_together(swapping, 4)

    assert [sample.answered for sample in samples] == [True] * 4
    assert [sample.reordered for sample in samples] == [False, True, False, False]


def test_a_reply_past_the_timeout_stays_lost_and_is_no_duplicate(machine: Machine) -> None:
    held: list[bytes] = []

    def late(request: bytes, count: int) -> list[bytes]:
        if count == 0:
            held.extend(honest(request, count))
            return []
        return held + honest(request, count)

    first, second = machine.probe(late, 2, timeout_ms=LATE_MS)

    assert first.failure == "no_answer"
    assert (second.answered, second.duplicates, second.reordered) == (True, 0, False)


def test_what_is_no_reply_to_us_is_passed_over(machine: Machine) -> None:
    """Each of these comes before the reply, and none is taken for it or for its duplicate."""

    def noisy(request: bytes, count: int) -> list[bytes]:
        number, rest = request[8:12], request[28:]
        return [
            reply_to(request, payload=number + bytes(16) + rest),  # another token
            reply_to(request, payload=bytes.fromhex("00000063") + request[12:], low=0x63),  # a number never sent
            reply_to(request, payload=request[8:20]),  # cut off
            reply_to(request, payload=b"\xff" * 1400),  # somebody else's
            with_checksum(bytes((3, 1, 0, 0)) + bytes(4) + request),  # an error, after IPv4's fashion
            with_checksum(bytes((1, 0, 0, 0)) + bytes(4) + request),  # and after IPv6's
            *honest(request, count),
        ]

    samples = machine.probe(noisy, 3)

    assert [sample.answered for sample in samples] == [True] * 3
    assert sum(sample.duplicates for sample in samples) == 0


def test_two_programs_that_ping_at_once_do_not_take_each_others_replies(machine: Machine) -> None:
    async def work() -> list[Sample]:
        one, other = (machine.session(timeout_ms=PATIENT_MS) for _ in range(2))
        samples = await asyncio.gather(*(session.probe() for session in (one, other) for _ in range(20)))
        samples += [await one.probe(), await other.probe()]
        one.close()
        other.close()
        return samples

    with echoes(machine.namespace, family=machine.family):
        samples = machine.run(work)

    assert all(sample.answered for sample in samples)
    assert not any(sample.duplicates for sample in samples)


def test_a_router_that_says_no_is_a_reason(machine: Machine) -> None:
    rule = {
        socket.AF_INET: "icmp type echo-request reject with icmp admin-prohibited",
        socket.AF_INET6: "icmpv6 type echo-request reject with icmpv6 admin-prohibited",
    }[machine.family]
    table = f"""
    table inet no {{
        chain come {{
            type filter hook input priority 0
            {rule}
        }}
    }}
    """
    with ExitStack() as stack:
        machine.namespace.run("nft", "--file", "-", text=table)
        stack.callback(machine.namespace.run, "nft", "delete", "table", "inet", "no")
        (sample,) = machine.probe(honest)

    assert sample.failure == "unreachable"


def test_a_place_without_a_way_to_it_is_unreachable(machine: Machine) -> None:
    async def work() -> Sample:
        nowhere = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}[machine.family]
        place = Place(lambda: nowhere, 0, socket.SOCK_DGRAM)
        return await Session(IcmpPackets(), place, timeout_ms=PATIENT_MS, clock=system_clock()).probe()

    assert machine.run(work).failure == "unreachable"


def test_a_machine_that_lets_us_have_neither_socket_refuses_to_send(machine: Machine) -> None:
    class Forbidden(IcmpPackets):
        def open(self, to: Address) -> socket.socket:
            raise PermissionError

    async def work() -> Sample:
        return await machine.session(timeout_ms=PATIENT_MS, packets=Forbidden()).probe()

    assert machine.run(work).failure == "refused_to_send"
