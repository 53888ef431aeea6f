"""The table of probes: from a target that the collector names to a job for the loop."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from agent.clock import NS_PER_MS, Clock
from agent.gateway import find_gateway
from agent.place import Place
from agent.sample import Probe, Sample, SingleProbe
from agent.schedule import Job, spread_ns
from agent.session import Session
from agent.stamp import StampPackets
from agent.stand_in import SPARSE, StandIn
from agent.tcp_connect import TcpConnect
from wire.enrolment import Target


class Prepared:
    """A job and what it holds open."""

    def __init__(self, job: Job, close: Callable[[], None]) -> None:
        self.job = job
        self.close = close


def prepare(target: Target, period_ms: int, *, agent: str, collector_host: str, clock: Clock) -> Prepared:
    """The job for `target`. Opens nothing yet.

    The gateway is this machine's default gateway, a target without a host the collector itself.
    """

    def find() -> str | None:
        if target.host is None:
            return find_gateway() if target.alias == "gateway" else collector_host
        return target.host

    tcp = TcpConnect(
        Place(find, target.tcp_port or target.port, socket.SOCK_STREAM),
        timeout_ms=target.timeout_ms,
        clock=clock,
    )
    close: Callable[[], None] = tcp.close
    every = max(1, min(SPARSE, period_ms // target.interval_ms))
    probe: Probe
    if target.method == "tcp_connect":
        probe = _alone(tcp.probe)
        every = 1
    else:
        stamp = Session(
            StampPackets(clock),
            Place(find, target.port, socket.SOCK_DGRAM),
            timeout_ms=target.timeout_ms,
            clock=clock,
        )
        close = stamp.close
        if target.tcp_port is None:
            probe = _alone(stamp.probe)
        else:
            probe = StandIn(stamp.probe, tcp.probe, alias=target.alias, every=every)
    interval_ns = target.interval_ms * NS_PER_MS
    job = Job(
        alias=target.alias,
        method=target.method,
        probe=probe,
        interval_ns=interval_ns,
        first_ns=spread_ns(agent, target.alias, interval_ns),
        period_ns=period_ms * NS_PER_MS,
        timeout_ms=target.timeout_ms,
        # two requests, each with a name look-up and a waiting time, and room to be busy
        deadline_s=target.timeout_ms * 4 / 1000 + 1,
        intervals_ms={"stamp": target.interval_ms, "tcp_connect": target.interval_ms * every},
    )
    return Prepared(job, close)


@contextmanager
def watches(target: Target, *, collector_host: str, clock: Clock) -> Iterator[Sequence[SingleProbe]]:
    """Ways to take a round trip to `target` beside a throughput test, best first, apart from the measuring ones: a
    session's numbers and silence are its own."""
    host = target.host or collector_host
    stamp = Session(
        StampPackets(clock),
        Place(lambda: host, target.port, socket.SOCK_DGRAM),
        timeout_ms=target.timeout_ms,
        clock=clock,
    )
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


def _alone(single: SingleProbe) -> Probe:
    async def probe() -> tuple[Sample, ...]:
        return (await single(),)

    return probe
