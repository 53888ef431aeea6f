"""What the page tells of its side of a check. Times in milliseconds are the browser's own."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collector.verdict.room_check import Watched
from wire.lease import MAX_LEASE_MS, MAX_STEPS
from wire.sufficiency import Arrivals

Milliseconds = Annotated[int, Field(ge=0, le=MAX_LEASE_MS)]
RoundTripUs = Annotated[int, Field(ge=0, le=MAX_LEASE_MS * 1000)]
Bytes = Annotated[int, Field(ge=0, le=10**9)]


class Told(BaseModel):
    """Nothing more than is named."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DirectionTold(Told):
    """One direction: what ended it, how long it lasted, how long the browser was itself too busy, and when each round
    trip beside it was begun and what it took in microseconds, ``null`` without an answer by the end."""

    ended_by: Literal["decided", "time", "rtt", "bytes", "peer"]
    lasted_ms: Milliseconds
    stalled_ms: Milliseconds
    trips: Annotated[list[tuple[Milliseconds, RoundTripUs | None]], Field(max_length=MAX_STEPS)]

    @property
    def watched(self) -> Watched:
        """The same in the words of judging."""
        return Watched(
            ended_by=self.ended_by,
            lasted_ms=self.lasted_ms,
            stalled_ms=self.stalled_ms,
            trips=[(sent_ms, None if rtt_us is None else rtt_us / 1000) for sent_ms, rtt_us in self.trips],
        )


class DownTold(DirectionTold):
    """What came down: `arrivals` are (milliseconds since it began, bytes that were there by then), ascending."""

    arrivals: Annotated[list[tuple[Milliseconds, Bytes]], Field(max_length=MAX_STEPS)]

    @model_validator(mode="after")
    def _ascending(self) -> "DownTold":
        if any(later[0] < one[0] or later[1] < one[1] for one, later in pairwise(self.arrivals)):
            raise ValueError("arrivals ascend in time and bytes")
        return self

    @property
    def arrived(self) -> Arrivals:
        """The same as what arrived when."""
        found = Arrivals()
        for at_ms, total_bytes in self.arrivals:
            found.add(at_ms, total_bytes - found.total_bytes)
        return found


class CheckTold(Told):
    """The whole. `idle_rtt_us` are the round trips on the idle line, before the first direction and between the two;
    `before_up` of them, the last ones, are of between. ``null`` for a direction that was not tried."""

    idle_rtt_us: Annotated[list[RoundTripUs], Field(max_length=MAX_STEPS)]
    before_up: Annotated[int, Field(ge=0, le=MAX_STEPS)]
    down: DownTold | None
    up: DirectionTold | None

    @property
    def idle_ms(self) -> list[float]:
        """All round trips on the idle line."""
        return [one / 1000 for one in self.idle_rtt_us]

    @property
    def idle_before_down_ms(self) -> list[float]:
        """Those before the first direction."""
        return self.idle_ms[: max(0, len(self.idle_rtt_us) - self.before_up)]

    @property
    def idle_before_up_ms(self) -> list[float]:
        """Those between the two; all where there were none."""
        return self.idle_ms[-self.before_up :] if self.before_up else self.idle_ms
