"""What sites' uplinks carried while rooms were judged, as their machines' own: a sign that one was full.

Agents counted octets in their health reports up to wire version 3; since then they send reports of the uplink.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from collector.judging.spans import by_start
from collector.store.protocol import Store
from collector.store.uplinks import StoredOctets
from collector.verdict.machines import MachineSummary
from collector.verdict.topology import RoomKey
from collector.verdict.uplinks.load import DISTRICT

Machines = Mapping[RoomKey, Sequence[MachineSummary]]

REACH = timedelta(minutes=10)
"""Octets that began so long before may reach into a bin: an agent spreads them over five minutes at the most, unless
its period is longer; then the sign may be missing."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def machines_by_start(store: Store, first: datetime, end: datetime, *, bin_seconds: int) -> dict[datetime, Machines]:
    """`Store.machines_between` by start, with the rates of sites' uplinks. Raises `StoreUnavailable`."""
    machines = by_start(store.machines_between(first, end, bin_seconds=bin_seconds))
    rates = site_rates(store.uplinks.octets_between(first - REACH, end), bin_seconds=bin_seconds)
    return {
        start: {
            room: [_with_rates(one, rates.get((start, one.agent))) for one in found] for room, found in rooms.items()
        }
        for start, rooms in machines.items()
    }


def site_rates(counted: Iterable[StoredOctets], *, bin_seconds: int) -> dict[tuple[datetime, str], tuple[float, float]]:
    """Bits per second down and up by start of a bin and agent, over what of the bin was counted, in each direction the
    most that one of the agent's counters of its site's uplink says."""
    bin_ms = 1000 * bin_seconds
    sums: dict[tuple[int, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for one in counted:
        report = one.report
        if one.uplink == DISTRICT or report.down_bytes is None or report.up_bytes is None:
            continue
        began_ms = (one.started_at - _EPOCH) // _MS
        ended_ms = began_ms + report.duration_ms
        for bin_began_ms in range(began_ms // bin_ms * bin_ms, ended_ms, bin_ms):
            share_ms = min(ended_ms, bin_began_ms + bin_ms) - max(began_ms, bin_began_ms)
            of_bin = sums[bin_began_ms, one.agent, report.method]
            of_bin[0] += share_ms
            of_bin[1] += report.down_bytes * share_ms / report.duration_ms
            of_bin[2] += report.up_bytes * share_ms / report.duration_ms
    rates: dict[tuple[datetime, str], tuple[float, float]] = {}
    for (bin_began_ms, agent, _), (ms, down, up) in sums.items():
        key = _EPOCH + bin_began_ms * _MS, agent
        before = rates.get(key, (0.0, 0.0))
        rates[key] = max(before[0], 8000 * down / ms), max(before[1], 8000 * up / ms)
    return rates


def _with_rates(machine: MachineSummary, rates: tuple[float, float] | None) -> MachineSummary:
    return machine if rates is None else replace(machine, uplink_in_bps=rates[0], uplink_out_bps=rates[1])
