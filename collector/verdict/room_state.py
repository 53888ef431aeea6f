"""A room's state now, from its latest bins and throughput tests.

``bad`` when two of the last three valid bins were bad for the worst profile, or when the latest throughput test found
less than a profile needs; ``degraded`` when two were bad or degraded, ``ok`` otherwise; ``unknown`` when fewer than two
valid bins are recent enough to speak of now, or when the machine that measures could not in two of the last three bins;
``no_lesson`` outside lessons. `unknown` is never a kind of `ok`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from collector.verdict.bins import Quality, RoomBin
from collector.verdict.causes import Cause, Located
from collector.verdict.marks import speaks, spoiled
from collector.verdict.qoo import Dimension
from collector.verdict.throughput import Shortfall

State = Literal["bad", "degraded", "ok", "unknown", "no_lesson"]

LAST_VALID_BINS = 3
BINS_THAT_DECIDE = 2
RECENT_BINS = 6
"""A bin speaks of now while it began within this many bin lengths before the last closed bin's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomState:
    """What a room can do now and what says so.

    `looked_at` holds the latest valid bins, newest first. `deciding` is the newest of them that is as bad
    as the state says; ``None`` unless bins made the state ``bad`` or ``degraded``. `short` is the throughput test that
    made it ``bad`` where bins did not. `located` is its cause where one was named: of what is bad, or why it is not
    known.
    """

    state: State
    looked_at: tuple[RoomBin, ...] = ()
    deciding: RoomBin | None = None
    short: Shortfall | None = None
    located: Located | None = None

    @property
    def cause(self) -> Cause:
        """Where the trouble sits, as far as that is known."""
        return self.located.cause if self.located else "undetermined"

    @property
    def worst(self) -> Dimension | None:
        """The dimension that makes the room bad or degraded."""
        if self.short:
            return "throughput"
        return self.deciding.headline.worst if self.deciding and self.deciding.headline else None

    @property
    def profile(self) -> str | None:
        """The profile that the room is below."""
        if self.short:
            return self.short.profile
        return self.deciding.headline.profile if self.deciding and self.deciding.headline else None


def room_state(
    bins: Sequence[RoomBin],
    *,
    short: Shortfall | None = None,
    short_located: Located | None = None,
    closed_until: datetime,
    in_session: bool,
) -> RoomState:
    """The state of one room.

    `bins` are the room's judged bins in ascending order; `closed_until` is the end of the newest bin
    that can have been judged (now, less the time reports take to arrive). `short` is what the latest throughput
    tests found too little, `short_located` its cause; a room whose bins tell nothing is `unknown` all the same, because
    its agent may be gone.
    """
    if not in_session:
        return RoomState(state="no_lesson")
    recent = [
        one
        for one in bins
        if one.started_at >= closed_until - timedelta(seconds=one.seconds * RECENT_BINS)
        and (speaks(one) or spoiled(one))
    ]
    by_machine = [one for one in recent[-LAST_VALID_BINS:] if spoiled(one)]
    last = tuple(reversed([one for one in recent if speaks(one)][-LAST_VALID_BINS:]))
    if len(by_machine) >= BINS_THAT_DECIDE:
        return RoomState(state="unknown", looked_at=last, located=by_machine[-1].located)
    if len(last) < BINS_THAT_DECIDE:
        return RoomState(state="unknown", looked_at=last)
    if bad := _newest_of_enough(last, frozenset({"bad"})):
        return RoomState(state="bad", looked_at=last, deciding=bad, located=bad.located)
    if short:
        return RoomState(state="bad", looked_at=last, short=short, located=short_located)
    if troubled := _newest_of_enough(last, frozenset({"bad", "degraded"})):
        return RoomState(state="degraded", looked_at=last, deciding=troubled)
    return RoomState(state="ok", looked_at=last)


def _newest_of_enough(newest_first: Sequence[RoomBin], qualities: frozenset[Quality]) -> RoomBin | None:
    """The newest bin of such a quality if there are enough of them to decide."""
    found = [one for one in newest_first if one.headline and one.headline.quality in qualities]
    return found[0] if len(found) >= BINS_THAT_DECIDE else None
