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
UnknownReason = Literal["no_agent", "never_reported", "silent", "too_few_bins"]

LAST_VALID_BINS = 3
BINS_THAT_DECIDE = 2
RECENT_BINS = 6
"""A bin speaks of now while it began within this many bin lengths before the last closed bin's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomState:
    """What a room can do now and what says so.

    `worst` and `profile` name the dimension and the profile of the newest bin that decided, for
    ``bad`` and ``degraded``. `decided_by` holds the bins looked at, newest first.
    """

    state: State
    profile: str | None
    worst: Dimension | None
    cause: Cause
    decided_by: tuple[RoomBin, ...]


def room_state(bins: Sequence[RoomBin], *, closed_until: datetime, in_session: bool) -> RoomState:
    """The state of one room.

    `bins` are the room's judged bins in ascending order; `closed_until` is the end of the newest bin
    that can have been judged (now, less the time reports take to arrive).
    """
    if not in_session:
        return RoomState(state="no_lesson", profile=None, worst=None, cause="undetermined", decided_by=())
    recent = [
        one
        for one in bins
        if one.valid and one.started_at >= closed_until - timedelta(seconds=one.seconds * RECENT_BINS)
    ]
    last = tuple(reversed(recent[-LAST_VALID_BINS:]))
    if len(last) < BINS_THAT_DECIDE:
        return RoomState(state="unknown", profile=None, worst=None, cause="undetermined", decided_by=last)
    for state, qualities in _STATES:
        deciding = [one for one in last if (score := one.headline) and score.quality in qualities]
        if len(deciding) >= BINS_THAT_DECIDE:
            headline = deciding[0].headline
            return RoomState(
                state=state,
                profile=headline.profile if headline else None,
                worst=headline.worst if headline else None,
                cause="undetermined",
                decided_by=last,
            )
    return RoomState(state="ok", profile=None, worst=None, cause="undetermined", decided_by=last)


_STATES: tuple[tuple[State, frozenset[Quality]], ...] = (
    ("bad", frozenset({"bad"})),
    ("degraded", frozenset({"bad", "degraded"})),
)
