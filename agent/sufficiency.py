"""The sufficiency test: each direction of a lease in turn, watched, and what came of it as reports."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from agent.background import background
from agent.clock import NS_PER_MS, Clock
from agent.connection import TcpConnection
from agent.device import Device
from agent.effort import Exertion, effort
from agent.fold import Draft
from agent.http import Collector, Unanswered
from agent.lease import Granted, LeaseOffice, left_s
from agent.rtt_watch import RttWatch
from agent.schedule import Sleep
from agent.stream import HEAD_S, Stream
from agent.tried import DRAIN_S, LET_GO_S, Tried, Watches, failure_of
from wire.finding import Finding, find
from wire.lateness import LOOK_EVERY_MS, Lateness
from wire.lease import LeaseAccount
from wire.report_words import Direction
from wire.reports import EndedBy
from wire.sufficiency import LONGEST_MS, Arrivals, offered_bps

METHOD_VERSION = 1


@dataclass(slots=True, kw_only=True)
class _Direction(Tried):
    """What one direction showed, before the collector's account of its side is known."""

    required_bps: int
    lasted_ms: int = 0
    standing_from_ms: int | None = None
    stalled_ms: int = 0
    was_busy: bool = False
    arrivals: Arrivals | None = None


async def run_sufficiency_test(
    granted: Granted,
    office: LeaseOffice,
    *,
    collector: Collector,
    token: str,
    watches: Watches,
    device: Callable[[], Awaitable[Device]],
    exerted: Callable[[], Exertion],
    clock: Clock,
    sleep: Sleep,
) -> list[Draft]:
    """Run the test that was granted, give the lease back, and return a report for each direction that was begun.

    `device` says what this machine is like, and is asked when the line is free again; `exerted` how much it has done
    until now.
    """
    tried: list[_Direction] = []
    for direction in ("down", "up"):
        if tried:
            await sleep(DRAIN_S)
        if left_s(granted, clock) < LONGEST_MS / 1000 + 1:
            break
        stream_of = partial(Stream, collector, lease=granted.lease, token=token)
        with watches() as probes:
            watch = RttWatch(probes, clock=clock)
            tried.append(await _test(direction, granted, stream_of, watch, exerted=exerted, clock=clock))
    account = await office.end(granted.lease, used_bytes=sum(one.used_bytes for one in tried))
    own = await device() if tried else Device()
    return [_report(one, account, own) for one in tried]


async def _test(
    direction: Direction,
    granted: Granted,
    stream_of: Callable[..., Stream],
    watch: RttWatch,
    *,
    exerted: Callable[[], Exertion],
    clock: Clock,
) -> _Direction:
    required_bps = granted.lease.down_bps if direction == "down" else granted.lease.up_bps
    found = _Direction(direction=direction, required_bps=required_bps, began_ns=clock.boot_ns())
    if not await found.watch_idle(watch, clock):
        return found
    found.was_busy = watch.was_busy
    tcp = TcpConnection(HEAD_S + LONGEST_MS / 1000, reset_at_end=True)
    stream = stream_of(tcp=tcp)
    lateness = Lateness(clock.boot_ns())
    before = exerted()
    watching = asyncio.create_task(watch.run())
    working = asyncio.create_task(background(stream.receive if direction == "down" else stream.send))
    try:
        found.ended_by = await _until_it_ends(
            working, stream, tcp, watching=watching, watch=watch, granted=granted, clock=clock, lateness=lateness
        )
    except Unanswered as error:
        found.failure = failure_of(error)
    finally:
        tcp.cut()
        watching.cancel()
        await asyncio.wait({watching, working}, timeout=LET_GO_S)
        working.cancel()
    found.effort = effort(before, exerted())
    found.ended_ns = clock.boot_ns()
    found.lasted_ms = stream.elapsed_ms()
    standing_ns = watch.standing_since_ns()
    if standing_ns is not None:
        found.standing_from_ms = max(0, found.lasted_ms - (found.ended_ns - standing_ns) // NS_PER_MS)
    found.stalled_ms = max(stream.stalled_ns // NS_PER_MS, lateness.ms)
    found.arrivals = stream.arrivals if direction == "down" else None
    found.used_bytes = stream.arrivals.total_bytes + stream.sent_bytes + watch.used_bytes
    found.working = watch.samples()
    return found


async def _until_it_ends(
    working: "asyncio.Task[EndedBy]",
    stream: Stream,
    tcp: TcpConnection,
    *,
    watching: "asyncio.Task[None]",
    watch: RttWatch,
    granted: Granted,
    clock: Clock,
    lateness: Lateness,
) -> EndedBy:
    """What ended the stream. Raises `Unanswered` when it never began, and whatever broke the watch: nobody would see
    then what the test does to others."""
    cut_by: EndedBy | None = None
    while not working.done():
        await asyncio.wait({working, watching}, timeout=LOOK_EVERY_MS / 1000, return_when=asyncio.FIRST_COMPLETED)
        lateness.look(clock.boot_ns())
        if watching.done():
            await watching
        if cut_by is None and not working.done():
            if left_s(granted, clock) <= 0:
                cut_by = "lease"
            elif stream.began_ns is not None and watch.risen():
                cut_by = "rtt"
            if cut_by is not None:
                tcp.cut()
        elif left_s(granted, clock) <= -LET_GO_S:
            raise Unanswered("timeout")
    try:
        ended_by = working.result()
    except Unanswered:
        if stream.began_ns is None:
            raise
        ended_by = "peer"
    return cut_by or ended_by


def _report(one: _Direction, account: LeaseAccount | None, own: Device) -> Draft:
    arrivals, stalled_ms, used_bytes = one.arrivals, one.stalled_ms, one.used_bytes
    if one.direction == "down":
        if account is not None and arrivals is not None:  # what was sent and did not arrive was on the line, too
            used_bytes += max(0, account.down_bytes - arrivals.total_bytes)
        # Without its account nobody knows whether the collector sent what it should have.
        stalled_ms = stalled_ms + account.down_stalled_ms if account is not None else one.lasted_ms
    elif account is not None and account.up:
        # The receiver's count is the truth. Without any, something between took the stream for itself.
        arrivals = Arrivals.of(account.up)
        stalled_ms += account.up_stalled_ms
    finding = Finding(received_bps=None, sustained=None)
    if one.ended_by is not None and arrivals is not None:
        finding = find(
            one.required_bps,
            arrivals,
            ended_by=one.ended_by,
            lasted_ms=one.lasted_ms,
            standing_from_ms=one.standing_from_ms,
            stalled_ms=stalled_ms,
            idle_ms=(one.idle_ns or 0) / NS_PER_MS,
            was_busy=one.was_busy,
            ceiling_bps=own.ceiling_bps,
            was_full=one.was_full,
        )
    return partial(
        one.draft(own),
        target="district",
        method="sufficiency",
        method_version=METHOD_VERSION,
        required_bps=one.required_bps,
        offered_bps=_offered_bps(one, stalled_ms, account),
        received_bps=finding.received_bps,
        sustained=finding.sustained,
        used_bytes=used_bytes,
        at_ceiling=finding.at_ceiling,
    )


def _offered_bps(one: _Direction, stalled_ms: int, account: LeaseAccount | None) -> int | None:
    """What the sender offered: its pace less its own stalls; ``None`` when nobody knows."""
    if one.ended_by is None or (one.direction == "down" and account is None):
        return None
    share = max(0.0, 1 - stalled_ms / max(1, one.lasted_ms))
    return round(offered_bps(one.required_bps) * share)
