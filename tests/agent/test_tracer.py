"""The tracing child on real routers."""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest

from agent.trace import TRACER, Trace, read
from agent.trace_words import TraceRequest
from agent.tracer import only_port
from tests.end_to_end.routers import CABLES, TARGETS, Routers, routers
from wire.codec import encode
from wire.path_report import TraceMethod

pytestmark = pytest.mark.requires("netns")
METHODS: tuple[TraceMethod, ...] = ("icmp", "udp", "tcp")
REQUEST = TraceRequest(
    target="service:lms",
    host=None,
    port=33_434,
    method="icmp",
    site_networks=("10.12.0.0/16", "2001:db8:12::/48"),
    district_networks=("10.99.0.0/16", "2001:db8:99::/48"),
)
ALL = ["gateway", "site", "district", "service"]


@pytest.fixture(scope="module")
def row() -> Iterator[Routers]:
    with routers() as made:
        yield made


@pytest.fixture
def clean(row: Routers) -> Iterator[Routers]:
    yield row
    for place in (row.gateway, row.core, row.border, row.target):
        row.forgive(place)


def traced(row: Routers, method: TraceMethod = "icmp", version: int = 4, **changes: object) -> Trace:
    asked = replace(REQUEST, **({"host": TARGETS[version], "method": method} | changes))  # type: ignore[arg-type]
    command = [*row.room.command(), *TRACER]
    done = subprocess.run(command, input=encode(asked), capture_output=True, check=True, timeout=60)
    assert not any(v4.encode() in done.stdout or v6.encode() in done.stdout for v4, v6 in CABLES)
    return read(done.stdout)


def roles(found: Trace) -> list[str | None]:
    return [hop.role for hop in found.hops]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("method", METHODS)
def test_each_step_is_told_by_its_role(clean: Routers, method: TraceMethod, version: int) -> None:
    found = traced(clean, method, version)
    assert roles(found) == ALL
    assert found.end.reached
    assert all(hop.sent == 3 and hop.received > 0 for hop in found.hops)


@pytest.mark.parametrize("version", [4, 6])
def test_an_open_port_answers_by_tcp(clean: Routers, version: int) -> None:
    with clean.target.open_socket(socket.AF_INET6, socket.SOCK_STREAM) as server:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        server.bind(("::", 33_434))
        server.listen()
        found = traced(clean, "tcp", version)
    assert roles(found) == ALL
    assert found.hops[-1].received == 3


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("method", METHODS)
def test_a_router_that_does_not_answer_hides_nothing_behind_it(
    clean: Routers, method: TraceMethod, version: int
) -> None:
    clean.silence(clean.core)
    found = traced(clean, method, version)
    assert roles(found) == ["gateway", None, "district", "service"]
    assert (found.hops[1].received, found.end.reached) == (0, True)


@pytest.mark.parametrize("method", METHODS)
def test_a_target_that_drops_everything_was_not_reached(clean: Routers, method: TraceMethod) -> None:
    clean.drop_all(clean.target)
    found = traced(clean, method)
    assert roles(found) == ["gateway", "site", "district", None]
    assert not found.end.reached


@pytest.mark.parametrize("version", [4, 6])
def test_a_router_that_bars_the_way_is_the_last_step(clean: Routers, version: int) -> None:
    clean.bar(clean.border)
    found = traced(clean, "udp", version)
    # it answers as the third step, and again for whatever it should have passed on
    assert roles(found) == ["gateway", "site", "district", "district"]
    assert not found.end.reached


def test_the_gateway_needs_no_address(clean: Routers) -> None:
    clean.room.run("ip", "route", "add", "default", "via", f"{CABLES[0][0]}.2")
    found = traced(clean, target="gateway", host=None)
    assert (roles(found), found.end.reached) == (["gateway"], True)
    clean.room.run("ip", "route", "delete", "default")


def test_what_has_no_way_or_no_name_has_a_reason(clean: Routers) -> None:
    assert traced(clean, host="203.0.113.1").end.failure == "unreachable"
    assert traced(clean, host="nowhere.invalid").end.failure == "name_not_resolved"
    assert traced(clean, target="gateway", host=None).end.failure == "no_gateway"


def test_a_neighbour_that_is_not_there_gives_no_step(clean: Routers) -> None:
    found = traced(clean, host=f"{CABLES[0][0]}.77")
    assert (found.hops, found.end.failure) == ((), "no_answer")


def test_other_programs_segments_are_not_even_shown_to_the_child(clean: Routers) -> None:
    """With its port filter the raw socket gets nothing of a stranger's connection."""
    import socket

    raw = clean.target.open_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    raw6 = clean.target.open_socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP)
    with raw, raw6:
        for one, headed in ((raw, True), (raw6, False)):
            one.setblocking(False)
            only_port(one, 33_435, headed=headed)
        traced(clean, "tcp", 4)
        traced(clean, "tcp", 6)
        for one in (raw, raw6):
            with pytest.raises(BlockingIOError):
                one.recv(100)
        traced(clean, "tcp", 4, port=33_435)
        traced(clean, "tcp", 6, port=33_435)
        assert raw.recv(100)
        assert raw6.recv(100)
