"""When a report really happened: from the agent's boot clock to UTC.

A boot clock counts from the machine's start and never jumps, but it does not know the date. At first
contact the collector fixes the boot's offset and keeps it, so that a report that is sent again lands
on the very same timestamp. Where the agent's wall clock agrees with ours it is believed; where it does
not, ours is, and the reports say that they were repaired. Should a boot clock drift from the fixed
offset by more than `TOLERANCE_MS`, a further offset holds from the moment that was noticed on.

Pure functions over values; `collector.registry` keeps the offsets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wire.batch import BootClock

TOLERANCE_MS = 5_000
"""How far clocks may differ before one is disbelieved: the time a request may take, and NTP's slack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """For reports that begin at `from_boot_ms` or later, Unix time is ``boot_ms + offset_ms``.

    `repaired` says that the offset comes from the collector's clock and not from the agent's own.
    """

    from_boot_ms: int
    offset_ms: int
    repaired: bool


def new_offset(known: Sequence[Offset], clock: BootClock, *, received_ms: int) -> Offset | None:
    """The offset that `clock`, received at `received_ms` (our Unix time), adds to those `known` of its
    boot; ``None`` when it adds nothing, or cannot say (a boot that is over, whose clock nobody vouched for).
    """
    seen = _seen(clock, received_ms)
    if not known:
        if clock.live or clock.synchronised:
            return Offset(from_boot_ms=0, offset_ms=seen.offset_ms, repaired=seen.repaired)
        return None
    drift_ms = abs(seen.offset_ms - offset_at(known, clock.boot_ms).offset_ms)
    if not clock.live or drift_ms <= TOLERANCE_MS or clock.boot_ms <= known[-1].from_boot_ms:
        return None
    return Offset(from_boot_ms=clock.boot_ms, offset_ms=seen.offset_ms, repaired=seen.repaired)


def offset_at(known: Sequence[Offset], boot_ms: int) -> Offset:
    """The offset of `known` (ascending, not empty) that holds at `boot_ms`."""
    return next((one for one in reversed(known) if one.from_boot_ms <= boot_ms), known[0])


def _seen(clock: BootClock, received_ms: int) -> Offset:
    if not clock.live or abs(clock.wall_ms - received_ms) <= TOLERANCE_MS:
        return Offset(from_boot_ms=clock.boot_ms, offset_ms=clock.wall_ms - clock.boot_ms, repaired=False)
    return Offset(from_boot_ms=clock.boot_ms, offset_ms=received_ms - clock.boot_ms, repaired=True)
