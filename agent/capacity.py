"""The capacity test: how much there is, by ndt7, each direction of a lease in turn, and what came of it as reports."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from agent.background import background
from agent.clock import Clock
from agent.device import Device
from agent.effort import Exertion, effort
from agent.fold import Draft
from agent.http import Unanswered
from agent.lease import Granted, LeaseOffice, left_s
from agent.ndt7_client import Ndt7Client, Ndt7Place
from agent.rtt_watch import RttWatch
from agent.schedule import Sleep
from agent.tried import DRAIN_S, LET_GO_S, Tried, Watches, failure_of
from wire.finding import is_at_ceiling
from wire.ndt7.protocol import TEST_S
from wire.report_words import Direction

METHOD_VERSION = 1
SILENT_NS = 3_000_000_000
"""When nothing is heard of the collector for so long, it is gone, and the lease with it; or nobody else gets through,
and then others need the line more."""

LEAST_S = 2.0
"""A direction that the lease leaves less time for is not begun: it would show the slow beginning alone."""


@dataclass(slots=True, kw_only=True)
class _Direction(Tried):
    """What one direction showed. `received_bps` is ndt7's result, in bits per second."""

    received_bps: int | None = None


async def run_capacity_test(
    granted: Granted,
    office: LeaseOffice,
    *,
    place: Ndt7Place,
    watches: Watches,
    device: Callable[[], Awaitable[Device]],
    exerted: Callable[[], Exertion],
    clock: Clock,
    sleep: Sleep,
) -> list[Draft]:
    """Run the test that was granted against the server at `place`, give the lease back, and return a report for each
    direction that was begun.

    A direction ends after the lease's ``longest_ms``, at its bytes, or with the lease, whichever comes first; a test
    that is cancelled ends at once. The rate is the mean over the whole of it, as ndt7 has it, counted by the receiver.
    A queue that it fills does not end it: nobody is to be there whom that would disturb. But silence does: the test may
    go to another machine than the collector, and must end with that. `device` says what this
    machine is like, and is asked when the line is free again; `exerted` how much it has done until now.
    """
    tried: list[_Direction] = []
    for direction in ("down", "up"):
        if tried:
            await sleep(DRAIN_S)
        if left_s(granted, clock) < LEAST_S:
            break
        with watches() as probes:
            watch = RttWatch(probes, clock=clock)
            tried.append(await _test(direction, granted, place, watch, exerted=exerted, clock=clock))
    await office.end(granted.lease, used_bytes=sum(one.used_bytes for one in tried))
    own = await device() if tried else Device()
    return [_report(one, granted, own) for one in tried]


async def _test(
    direction: Direction,
    granted: Granted,
    place: Ndt7Place,
    watch: RttWatch,
    *,
    exerted: Callable[[], Exertion],
    clock: Clock,
) -> _Direction:
    found = _Direction(direction=direction, began_ns=clock.boot_ns())
    if not await found.watch_idle(watch, clock):
        return found
    lease = granted.lease
    client = Ndt7Client(
        place,
        direction,
        most_bytes=lease.down_bytes if direction == "down" else lease.up_bytes,
        longest_s=(lease.longest_ms or TEST_S * 1000) / 1000,
        stop=lambda: "lease" if left_s(granted, clock) <= 0 or watch.silent_ns() > SILENT_NS else None,
    )
    before = exerted()
    watching = asyncio.create_task(watch.run())
    working = asyncio.create_task(background(client.run))
    try:
        patience_s = left_s(granted, clock) + LET_GO_S  # a name's look-up keeps to no time of ours
        await asyncio.wait({watching, working}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            await watching  # it broke, and nobody would see what the test does to others
        if not working.done():
            raise Unanswered("timeout")
        call = working.result()
        found.ended_by, found.received_bps = call.ended_by, call.received_bps
    except Unanswered as error:
        if client.call is not None and client.call.has_begun:
            found.ended_by = "peer"
        else:
            found.failure = failure_of(error)
    finally:
        client.tcp.cut()
        watching.cancel()
        await asyncio.wait({watching, working}, timeout=LET_GO_S)
        working.cancel()
    found.effort = effort(before, exerted())
    found.ended_ns = clock.boot_ns()
    found.used_bytes = watch.used_bytes + (client.call.used_bytes if client.call is not None else 0)
    found.working = watch.samples()
    return found


def _report(one: _Direction, granted: Granted, own: Device) -> Draft:
    lease = granted.lease
    return partial(
        one.draft(own),
        target="district" if "district" in lease.bottlenecks else "site",
        method="capacity",
        method_version=METHOD_VERSION,
        required_bps=None,
        offered_bps=None,
        received_bps=one.received_bps,
        sustained=None,
        asked_by=lease.asked_by,
        bottleneck=lease.bottlenecks[0] if lease.bottlenecks else None,
        at_ceiling=is_at_ceiling(one.received_bps, own.ceiling_bps, was_full=one.was_full),
    )
