"""Can this room carry the lesson? What a check from a browser showed, held against the profiles. Pure.

A check is asked for by a person, so it never enters a room's state, a bin, a day or a verdict; nothing of the engine
knows of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Literal

from collector.verdict.profiles import Profile
from collector.verdict.throughput import is_enough, need_bps
from wire.finding import find
from wire.report_words import Direction
from wire.reports import EndedBy
from wire.round_trips import RoundTrip, standing_since_ns, was_busy
from wire.sufficiency import LONGEST_MS, WARM_UP_MS, Arrivals

METHOD_VERSION = 1

Word = Literal["can", "stutters", "cannot", "unknown"]
Why = Literal[
    "down",  # less arrives in the room than is needed
    "up",  # less leaves it
    "latency",  # round trips take too long
    "busy",  # others used the line before the test began
    "near",  # too near to the need to tell
    "far",  # round trips are so long that TCP itself may be the limit
    "held_back",  # something between collects the bytes before it passes them on
    "late",  # the device, or the collector, was too busy to keep the pace
    "broken",  # the stream broke off, or its time was over
    "not_measured",
]
NS_PER_MS = 1_000_000
LATE_SHARE = 0.1
"""A test that was held up for more of its time than this by the device or by us is said to have been so."""

DOWN_FAR_BELOW = 0.95
UP_FAR_BELOW = 0.9
"""Of the rate to be shown: only less is held against the line. The answers to the requests that watch take a twentieth
of a narrow line down. A queue that stands for a third of a second holds five posts up: without that margin a line of
1.2 times the rate was told to be too slow in one of four checks."""

WORST_FIRST: tuple[Word, ...] = ("cannot", "unknown", "stutters", "can")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One direction as the browser saw it, in its own time since the stream began. `trips` are (sent, round trip) of
    the requests beside it in milliseconds, in the order in which they were sent, the round trip ``None`` when no answer
    had come by the end."""

    ended_by: EndedBy
    lasted_ms: int
    stalled_ms: int
    trips: Sequence[tuple[int, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFound:
    """What one direction showed. Rates are bits per second of goodput; `sustained` is whether `required_bps` was held,
    ``None`` when that could not be told, and `why` then says why."""

    required_bps: int
    received_bps: int | None = None
    sustained: bool | None = None
    why: Why | None = None

    def enough_for(self, profile: Profile, direction: Direction) -> bool | None:
        """Whether the rate that `profile` needs was there; ``None`` when that could not be told."""
        return is_enough(
            need_bps(profile, direction),
            required_bps=self.required_bps,
            received_bps=self.received_bps,
            sustained=self.sustained,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileAnswer:
    """Whether the room can carry the activity of that name, and why not."""

    profile: str
    answer: Word
    why: Why | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCheck:
    """A check of a room at `at`. Round trips are those of small HTTP requests on the idle line, in milliseconds.

    `answer` is that for the activity of `profile`, which fares worst. `told` says that whoever checked asked for help.
    """

    site: str
    room: str
    at: datetime
    method_version: int
    profile: str
    answer: Word
    why: Why | None
    down: RateFound
    up: RateFound
    rtt_p50_ms: float | None
    rtt_p95_ms: float | None
    used_bytes: int
    told: bool = False


def rate_found(
    required_bps: int,
    arrivals: Arrivals,
    watched: Watched,
    *,
    idle_ms: Sequence[float],
    stalled_ms: int,
    with_heads: Arrivals | None = None,
) -> RateFound:
    """Judge one direction by what its receiver counted, as an agent's test is judged. `idle_ms` are the round trips
    before it, `stalled_ms` is how long the collector was itself too busy.

    An upload comes in many requests. `with_heads` counts their heads, too, because the line carried them.
    """
    if not idle_ms:
        return RateFound(required_bps=required_bps, why="not_measured")
    trips = [
        RoundTrip(sent_ns=sent_ms * NS_PER_MS, rtt_ns=None if rtt_ms is None else round(rtt_ms * NS_PER_MS))
        for sent_ms, rtt_ms in watched.trips
    ]
    shortest_ms = min(idle_ms)
    standing_ns = standing_since_ns(trips, idle_ns=round(shortest_ms * NS_PER_MS), now_ns=watched.lasted_ms * NS_PER_MS)
    standing_from_ms = None if standing_ns is None else min(max(0, standing_ns // NS_PER_MS), watched.lasted_ms)
    busy = was_busy([round(one * NS_PER_MS) for one in idle_ms])
    stalled_ms += watched.stalled_ms
    found, generous = (
        find(
            required_bps,
            one,
            ended_by=watched.ended_by,
            lasted_ms=watched.lasted_ms,
            standing_from_ms=standing_from_ms,
            stalled_ms=stalled_ms,
            idle_ms=shortest_ms,
            was_busy=busy,
        )
        for one in (arrivals, with_heads or arrivals)
    )
    sustained = found.sustained
    least_bps = required_bps * (DOWN_FAR_BELOW if with_heads is None else UP_FAR_BELOW)
    if sustained is False and (generous.sustained is not False or (generous.received_bps or 0) >= least_bps):
        sustained = None
    # A line that is too slow brings its bytes slowly. One that brings none, and answers all the while, has a filter.
    held_back = standing_from_ms is None and watched.lasted_ms > WARM_UP_MS and not arrivals.by(WARM_UP_MS)
    if held_back and sustained is not True:
        return RateFound(required_bps=required_bps, why="held_back")
    why: Why | None = None
    if sustained is None:
        if watched.ended_by in ("peer", "lease"):
            why = "broken"
        elif busy:
            why = "busy"
        elif stalled_ms > LATE_SHARE * min(max(1, watched.lasted_ms), LONGEST_MS):
            why = "late"
        elif generous.sustained is None and standing_from_ms is None:
            why = "far"
        else:
            why = "near"
    return RateFound(required_bps=required_bps, received_bps=found.received_bps, sustained=sustained, why=why)


def room_check(
    site: str,
    room: str,
    *,
    at: datetime,
    profiles: Iterable[Profile],
    down: RateFound,
    up: RateFound,
    idle_ms: Sequence[float],
    used_bytes: int,
) -> RoomCheck:
    """What was found, held against `profiles`; `idle_ms` are all round trips on the idle line."""
    rtt_p95_ms = percentile(idle_ms, 95)
    answers = [profile_answer(one, down=down, up=up, rtt_p95_ms=rtt_p95_ms) for one in profiles]
    worst = min(answers, key=lambda one: WORST_FIRST.index(one.answer))
    return RoomCheck(
        site=site,
        room=room,
        at=at,
        method_version=METHOD_VERSION,
        profile=worst.profile,
        answer=worst.answer,
        why=worst.why,
        down=down,
        up=up,
        rtt_p50_ms=percentile(idle_ms, 50),
        rtt_p95_ms=rtt_p95_ms,
        used_bytes=used_bytes,
    )


def profile_answer(profile: Profile, *, down: RateFound, up: RateFound, rtt_p95_ms: float | None) -> ProfileAnswer:
    """The answer for one activity. What is known to be too little decides, whatever else could not be told."""
    towards, away = down.enough_for(profile, "down"), up.enough_for(profile, "up")
    limits = [need for need in profile.rtt if need.percentile == 95]
    too_long = rtt_p95_ms is not None and any(rtt_p95_ms > need.unacceptable_ms for need in limits)
    noticed = rtt_p95_ms is not None and any(rtt_p95_ms > need.optimal_ms for need in limits)
    answer: tuple[Word, Why | None]
    if towards is False:
        answer = "cannot", "down"
    elif away is False:
        answer = "cannot", "up"
    elif too_long:
        answer = "cannot", "latency"
    elif towards is None:
        answer = "unknown", down.why or "not_measured"
    elif away is None:
        answer = "unknown", up.why or "not_measured"
    elif rtt_p95_ms is None:
        answer = "unknown", "not_measured"
    elif noticed:
        answer = "stutters", "latency"
    else:
        answer = "can", None
    return ProfileAnswer(profile=profile.name, answer=answer[0], why=answer[1])


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest of `values` that `percent` (above 0, to 100) of them do not exceed (nearest rank); ``None`` of
    none."""
    return sorted(values)[ceil(len(values) * percent / 100) - 1] if values else None
