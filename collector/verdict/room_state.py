"""A room's state now, from its latest bins.

``bad`` when two of the last three valid bins were bad for the worst profile, ``degraded`` when two
were bad or degraded, ``ok`` otherwise; ``unknown`` when fewer than two valid bins are recent enough
to speak of now; ``no_lesson`` outside lessons. `unknown` is never a kind of `ok`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from collector.verdict.bins import Quality, RoomBin
from collector.verdict.qoo import Dimension

State = Literal["bad", "degraded", "ok", "unknown", "no_lesson"]
Cause = Literal[
    "room_access",
    "site_lan",
    "site_uplink",
    "isp_egress",
    "remote_service",
    "rate_limit_or_client",
    "device",
    "mixed",
    "undetermined",
]

LAST_VALID_BINS = 3
BINS_THAT_DECIDE = 2
RECENT_BINS = 6
"""A bin speaks of now while it began within this many bin lengths before the last closed bin's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomState:
    """What a room can do now and what says so.

    `looked_at` holds the latest valid bins, newest first. `deciding` is the newest of them that is as bad
    as the state says; ``None`` unless the state is ``bad`` or ``degraded``.
    """

    state: State
    cause: Cause = "undetermined"
    looked_at: tuple[RoomBin, ...] = ()
    deciding: RoomBin | None = None

    @property
    def worst(self) -> Dimension | None:
        """The dimension that makes the deciding bin bad."""
        return self.deciding.headline.worst if self.deciding and self.deciding.headline else None

    @property
    def profile(self) -> str | None:
        """The profile that the deciding bin is below."""
        return self.deciding.headline.profile if self.deciding and self.deciding.headline else None


def room_state(bins: Sequence[RoomBin], *, closed_until: datetime, in_session: bool) -> RoomState:
    """The state of one room.

    `bins` are the room's judged bins in ascending order; `closed_until` is the end of the newest bin
    that can have been judged (now, less the time reports take to arrive).
    """
    if not in_session:
        return RoomState(state="no_lesson")
    recent = [
        one
        for one in bins
        if one.valid and one.started_at >= closed_until - timedelta(seconds=one.seconds * RECENT_BINS)
    ]
    last = tuple(reversed(recent[-LAST_VALID_BINS:]))
    if len(last) < BINS_THAT_DECIDE:
        return RoomState(state="unknown", looked_at=last)
    for state, qualities in _STATES:
        found = [one for one in last if one.headline and one.headline.quality in qualities]
        if len(found) >= BINS_THAT_DECIDE:
            return RoomState(state=state, looked_at=last, deciding=found[0])
    return RoomState(state="ok", looked_at=last)


_STATES: tuple[tuple[State, frozenset[Quality]], ...] = (
    ("bad", frozenset({"bad"})),
    ("degraded", frozenset({"bad", "degraded"})),
)
