"""What an interface has counted, and how much that grew between two looks. Pure."""

from dataclasses import dataclass

from agent.clock import NS_PER_S
from wire.report_words import MAX_MBPS
from wire.uplink_report import UplinkFailure

STALE_S = 20.0
"""So old may a counter be that a router shows: net-snmp, for one, reads its interfaces once in 15 s or less. A period
may hold what was carried before it."""

UPTIME_BITS = 32
_CS_PER_S = 100
_UPTIME_ROUND_S = (1 << UPTIME_BITS) / _CS_PER_S
_UPTIME_TOLERANCE_S = 10.0


class NotCounted(Exception):
    """No octets this time.

    Attributes:
        failure: the reason, as it stands in a report.
    """

    def __init__(self, failure: UplinkFailure) -> None:
        super().__init__(failure)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """One look at an interface.

    `epoch` is whatever changes when the counters begin anew: which interface it is, and what its router says of that
    (ifCounterDiscontinuityTime, RFC 2863). The counters go round at ``2 ** bits``, with ``None`` never. `speed_mbps` is
    what the interface says that it can carry, `uptime_cs` for how many hundredths of a second whoever counts has been
    up (sysUpTime, RFC 3418, which goes round at 2^32); ``None`` where they do not say.
    """

    epoch: tuple[object, ...]
    in_octets: int
    out_octets: int
    bits: int | None = None
    speed_mbps: int | None = None
    uptime_cs: int | None = None


def octets_between(before: Counters, after: Counters, elapsed_ns: int) -> tuple[int, int]:
    """Octets in and out between two looks, `elapsed_ns` apart. Raises `NotCounted`.

    A counter that stands lower than before went round, if the interface could have carried so much; where it never goes
    round it began anew.
    """
    elapsed_s = elapsed_ns / NS_PER_S
    if before.epoch != after.epoch or before.bits != after.bits or _rebooted(before, after, elapsed_s):
        raise NotCounted("restarted")
    speeds = [one.speed_mbps for one in (before, after) if one.speed_mbps is not None]
    if after.bits == 32 and speeds and _octets(max(speeds), elapsed_s) >= 2**32:
        raise NotCounted("refused")  # it may have gone round more than once
    grown = (
        _grown(before.in_octets, after.in_octets, after.bits),
        _grown(before.out_octets, after.out_octets, after.bits),
    )
    # A speed is said in whole Mbit/s, rounded.
    if max(grown) > _octets(max(speeds) + 0.5 if speeds else MAX_MBPS, elapsed_s + STALE_S):
        raise NotCounted("implausible")
    return grown


def _grown(before: int, after: int, bits: int | None) -> int:
    if bits is not None:
        return (after - before) % (1 << bits)
    if after < before:
        raise NotCounted("restarted")
    return after - before


def _octets(mbps: float, seconds: float) -> float:
    return mbps * 1_000_000 / 8 * seconds


def _rebooted(before: Counters, after: Counters, elapsed_s: float) -> bool:
    """Whether its uptime did not move as the time did, or began after the look before."""
    if before.uptime_cs is None or after.uptime_cs is None:
        return False
    if after.uptime_cs / _CS_PER_S < elapsed_s - 0.5 and before.uptime_cs / _CS_PER_S + elapsed_s < _UPTIME_ROUND_S:
        return True
    passed_s = (after.uptime_cs - before.uptime_cs) % (1 << UPTIME_BITS) / _CS_PER_S
    return abs(passed_s - elapsed_s) > _UPTIME_TOLERANCE_S + elapsed_s / 20
