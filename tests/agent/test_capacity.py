"""A whole capacity test: both directions against a real server, the round trips beside it by hand."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest

from agent.capacity import run_capacity_test
from agent.clock import NS_PER_S, system_clock
from agent.device import Device
from agent.effort import Exertion
from agent.http import Collector
from agent.lease import Granted, LeaseOffice
from agent.machine import Machine
from agent.ndt7_client import Ndt7Place
from agent.sample import SingleProbe
from tests.agent.fakes import TOKEN, tcp_server
from tests.agent.ndt7_served import served
from tests.agent.small_collector import AT_EASE, NO_ACCOUNT, OWN, answered, breaks_at_15
from tests.wire.ndt7_tested import RIGHT, Desk
from wire.lease import Lease
from wire.reports import ThroughputReport
from wire.version import WIRE_VERSION

DOWN_BYTES, UP_BYTES = 30_000_000, 20_000_000
IDLE_MS = 4


@dataclass
class Outcome:
    reports: dict[str, ThroughputReport]
    given_back: list[int]
    ended: dict[str, int] = field(default_factory=dict)


def lease(*, down_bytes: int = DOWN_BYTES, up_bytes: int = UP_BYTES, port: int, longest_ms: int) -> Lease:
    return Lease(
        version=WIRE_VERSION,
        lease="9b05688c2b3e6c1f",
        valid_ms=60_000,
        down_bps=10**9,
        up_bps=10**9,
        down_bytes=down_bytes,
        up_bytes=up_bytes,
        kind="capacity",
        bottlenecks=("site", "district"),
        asked_by="admin",
        port=port,
        token=RIGHT,
        longest_ms=longest_ms,
    )


def outcome(
    *,
    rtts_ms: Callable[[int], float | None] = lambda _count: IDLE_MS,
    lease_s: float = 60.0,
    longest_ms: int = 10_000,
    token: str = RIGHT,
    bytes_each: tuple[int, int] = (DOWN_BYTES, UP_BYTES),
    own: Device = OWN,
    looks: Sequence[Exertion] = (),
) -> Outcome:
    clock = system_clock()
    given_back: list[int] = []

    def collector(link: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += link.recv(1)
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        given_back.append(json.loads(link.recv(length))["used_bytes"])
        link.sendall(NO_ACCOUNT)

    @contextmanager
    def watches() -> Iterator[Sequence[SingleProbe]]:
        yield (answered(rtts_ms),)

    async def device() -> Device:
        return own

    exertions = iter(looks)

    def exerted() -> Exertion:
        return next(exertions, None) or Exertion(boot_ns=clock.boot_ns(), machine=AT_EASE, own_ns=0, held_back_us=0)

    async def at_once(_seconds: float) -> None:
        return

    down_bytes, up_bytes = bytes_each
    desk = Desk(down_bytes=down_bytes, up_bytes=up_bytes)
    with tcp_server(collector) as collector_port, served(desk) as server:
        granted = Granted(
            lease=lease(down_bytes=down_bytes, up_bytes=up_bytes, port=server.port, longest_ms=longest_ms),
            ends_ns=clock.boot_ns() + int(lease_s * NS_PER_S),
        )
        office = LeaseOffice(Collector(f"http://127.0.0.1:{collector_port}"), token=TOKEN, clock=clock, sleep=at_once)
        place = Ndt7Place(host="127.0.0.1", port=server.port, tls=False, token=token)
        drafts = asyncio.run(
            run_capacity_test(
                granted,
                office,
                place=place,
                watches=watches,
                device=device,
                exerted=exerted,
                clock=clock,
                sleep=at_once,
            )
        )
        reports = [draft(seq=number) for number, draft in enumerate(drafts, start=1)]
        return Outcome(
            {one.direction: one for one in reports if isinstance(one, ThroughputReport)}, given_back, server.ended
        )


def test_both_directions_are_tested_within_their_bytes_and_the_lease_is_given_back() -> None:
    found = outcome()
    down, up = found.reports["down"], found.reports["up"]

    for report, most in ((down, DOWN_BYTES), (up, UP_BYTES)):
        assert (report.method, report.ended_by, report.failure) == ("capacity", "bytes", None)
        assert (report.asked_by, report.bottleneck, report.sustained) == ("admin", "site", None)
        assert report.received_bps is not None
        assert report.received_bps > 10_000_000
        assert 0.9 * most < report.used_bytes <= most + 10_000
        assert report.idle_rtt_us == IDLE_MS * 1_000
        assert report.duration_ms >= 500, "the look at the idle line is part of it"
    assert found.given_back == [down.used_bytes + up.used_bytes]


def test_a_result_near_the_machines_own_ceiling_is_a_lower_bound() -> None:
    below = outcome(own=replace(OWN, ceiling_bps=10**12))
    near = outcome(own=replace(OWN, ceiling_bps=10_000_000, link_mbps=10, full_duplex=False))

    for report in below.reports.values():
        assert (report.at_ceiling, report.ceiling_bps, report.link_mbps) == (False, 10**12, 1000)
    for report in near.reports.values():
        assert (report.at_ceiling, report.ceiling_bps, report.full_duplex) == (True, 10_000_000, False)


def test_a_result_of_a_machine_with_nothing_more_to_give_is_a_lower_bound() -> None:
    def look(second: int, busy_s: float) -> Exertion:
        machine = Machine(busy_s=busy_s, idle_s=second - busy_s)
        return Exertion(boot_ns=second * NS_PER_S, machine=machine, own_ns=0, held_back_us=0)

    found = outcome(own=replace(OWN, ceiling_bps=None), looks=[look(0, 0), look(10, 9.5), look(20, 10), look(30, 11)])

    assert {one: (of.at_ceiling, of.cpu_permille) for one, of in found.reports.items()} == {
        "down": (True, 950),
        "up": (False, 100),
    }


def test_round_trips_are_watched_to_the_end_however_far_they_rise() -> None:
    found = outcome(
        rtts_ms=lambda count: IDLE_MS if count <= 10 else 150, longest_ms=1_500, bytes_each=(10**12, 10**12)
    )

    for report in found.reports.values():
        assert report.ended_by == "time"
        assert report.idle_rtt_us == IDLE_MS * 1_000
        assert report.working_received >= 10
        assert report.working_sent >= report.working_received


def test_a_lease_that_runs_out_ends_the_direction_and_the_next_is_not_begun() -> None:
    found = outcome(lease_s=2.6, bytes_each=(10**12, 10**12))

    assert list(found.reports) == ["down"]
    assert found.reports["down"].ended_by == "lease"
    assert found.reports["down"].duration_ms < 4_000


def test_a_test_against_another_machine_ends_when_nothing_is_heard_of_the_collector_any_more() -> None:
    def silent_beside_a_stream(count: int) -> float | None:
        return IDLE_MS if count < 10 else None

    found = outcome(rtts_ms=silent_beside_a_stream, bytes_each=(10**12, 10**12))

    down = found.reports["down"]
    assert (down.ended_by, down.failure) == ("lease", None)
    assert down.received_bps is not None, "what was measured until then"
    assert down.duration_ms < 10_000


def test_who_cannot_see_the_line_does_not_test() -> None:
    found = outcome(rtts_ms=lambda _count: None)

    for report in found.reports.values():
        assert (report.failure, report.ended_by, report.received_bps) == ("no_answer", None, None)
    assert found.ended == {}


def test_a_server_that_refuses_is_a_result() -> None:
    found = outcome(token="0" * 16)

    for report in found.reports.values():
        assert (report.failure, report.ended_by, report.received_bps) == ("no_answer", None, None)
    assert found.given_back == [sum(one.used_bytes for one in found.reports.values())]


def test_a_watch_that_breaks_ends_the_test_at_once() -> None:
    with pytest.raises(ExceptionGroup):
        outcome(rtts_ms=breaks_at_15, bytes_each=(10**12, 10**12))
