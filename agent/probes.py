"""The table of probes: from a target that the collector names to a job for the loop."""

import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from agent.arp import Arp
from agent.clock import NS_PER_MS, Clock
from agent.gateway import find_gateway
from agent.icmp import IcmpPackets
from agent.name_lookup import NameLookup
from agent.place import Place
from agent.sample import Probe, SingleProbe
from agent.schedule import Job, spread_ns
from agent.session import Session
from agent.stamp import StampPackets
from agent.stand_in import SPARSE, StandIn
from agent.tcp_connect import TcpConnect
from wire.enrolment import Target
from wire.reports import LatencyMethod


class Prepared:
    """A job and what it holds open."""

    def __init__(self, job: Job, close: Callable[[], None]) -> None:
        self.job = job
        self.close = close


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to measure to a target."""

    method: LatencyMethod
    probe: SingleProbe
    close: Callable[[], None]


def prepare(target: Target, period_ms: int, *, agent: str, collector_host: str, clock: Clock) -> Prepared:
    """The job for `target`. Opens nothing yet.

    The gateway is this machine's default gateway, a target without a host the collector itself.
    """
    ways = tuple(_ways(target, collector_host, clock))
    every = max(1, min(SPARSE, period_ms // target.interval_ms))
    probe: Probe
    if target.method == "dns":
        lookup = NameLookup(
            int(target.alias.removeprefix("resolver:")),
            target.host or collector_host,
            port=target.port,
            timeout_ms=target.timeout_ms,
            clock=clock,
        )
        probe = lookup.probe
    else:
        first, *others = ways
        probe = StandIn(first.probe, [one.probe for one in others], alias=target.alias, every=every)
    interval_ns = target.interval_ms * NS_PER_MS
    job = Job(
        alias=target.alias,
        method=target.method,
        probe=probe,
        interval_ns=interval_ns,
        first_ns=spread_ns(agent, target.alias, interval_ns),
        period_ns=period_ms * NS_PER_MS,
        timeout_ms=target.timeout_ms,
        # a request of each kind, each with a name look-up and a waiting time, and room to be busy
        deadline_s=max(1, len(ways)) * target.timeout_ms * 2 / 1000 + 1,
        intervals_ms={target.method: target.interval_ms}
        | {way.method: target.interval_ms * every for way in ways if way.method != target.method},
    )

    def close() -> None:
        for way in ways:
            way.close()

    return Prepared(job, close)


def _ways(target: Target, collector_host: str, clock: Clock) -> Iterator[_Way]:
    """The target's own method, and what stands in for it, in order; nothing stands in for a resolver."""

    def find() -> str | None:
        if target.host is None:
            return find_gateway() if target.alias == "gateway" else collector_host
        return target.host

    timeout_ms = target.timeout_ms
    if target.method == "stamp":
        stamp = stamp_session(target, find, clock)
        yield _Way("stamp", stamp.probe, stamp.close)
    if target.method == "icmp":
        yield _echo(Place(find, 0, socket.SOCK_DGRAM), timeout_ms, clock)
    tcp_port = target.tcp_port or (target.port if target.method == "tcp_connect" else None)
    if tcp_port is not None:
        tcp = TcpConnect(Place(find, tcp_port, socket.SOCK_STREAM), timeout_ms=timeout_ms, clock=clock)
        yield _Way("tcp_connect", tcp.probe, tcp.close)
    if sys.platform == "linux" and target.alias == "gateway" and target.method == "icmp":
        arp = Arp(find, timeout_ms=timeout_ms, clock=clock)
        yield _Way("arp", arp.probe, arp.close)


def _echo(place: Place, timeout_ms: int, clock: Clock) -> _Way:
    if sys.platform == "win32":
        from agent.icmp_windows import WindowsEcho, ask_windows

        windows = WindowsEcho(place, timeout_ms=timeout_ms, clock=clock, ask=ask_windows)
        return _Way("icmp", windows.probe, windows.close)
    echo = Session(IcmpPackets(), place, timeout_ms=timeout_ms, clock=clock)
    return _Way("icmp", echo.probe, echo.close)


@contextmanager
def watches(target: Target, *, collector_host: str, clock: Clock) -> Iterator[Sequence[SingleProbe]]:
    """Ways to take a round trip to `target` beside a throughput test, best first, apart from the measuring ones: a
    session's numbers and silence are its own."""
    host = target.host or collector_host
    stamp = stamp_session(target, lambda: host, clock)
    tcp = TcpConnect(
        Place(lambda: host, target.tcp_port or target.port, socket.SOCK_STREAM),
        timeout_ms=target.timeout_ms,
        clock=clock,
    )
    try:
        yield (stamp.probe, tcp.probe)
    finally:
        stamp.close()
        tcp.close()


def stamp_session(target: Target, find: Callable[[], str | None], clock: Clock) -> Session:
    """STAMP to `target`, whose host `find` names; authenticated where it has a key. Opens nothing yet."""
    key = None if target.key is None else bytes.fromhex(target.key)
    place = Place(find, target.port, socket.SOCK_DGRAM)
    return Session(StampPackets(clock, key), place, timeout_ms=target.timeout_ms, clock=clock)
