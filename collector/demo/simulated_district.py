"""A made-up district with known troubles. Everything that comes from here is labelled simulated.

Three schools, forty rooms. Each room has an ordinary latency of its own and, maybe, a trouble; troubles
come in bursts (a two-state Markov chain), because that is how networks fail.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.district.rooms_csv import Room
from wire.histogram import EDGES_US, Histogram
from wire.report_words import Direction
from wire.reports import Medium
from wire.sufficiency import offered_bps

REAL_SITE = Site(site="this-network", name="This network", simulated=False)
REAL_ROOM = Room(site="this-network", room="this-machine")
SCHOOLS = (
    Site(site="oak-hill", name="Oak Hill Elementary", simulated=True, uplink_mbps=500, users=430),
    Site(site="lakeside", name="Lakeside Middle School", simulated=True, uplink_mbps=1000, users=640),
    Site(site="summit", name="Summit High School", simulated=True, uplink_mbps=1000, users=1190),
)
_ROOMS_PER_SCHOOL = {"oak-hill": 14, "lakeside": 13, "summit": 13}
HISTORY_DAYS = 600
WATCHED = 50
"""Round trips that watch a throughput test."""

_EDGES = np.array(EDGES_US)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong in bursts: milliseconds added before and behind the gateway, and the share lost.

    `share` is the part of time in trouble, `burst_seconds` the mean length of a burst. `down_bps` is what a line lets
    through that is too slow at all times.
    """

    room_ms: float = 0.0
    uplink_ms: float = 0.0
    loss: float = 0.0
    share: float = 1.0
    burst_seconds: float = 1200.0
    down_bps: float = math.inf


TROUBLES = {
    ("oak-hill", "106"): Trouble(room_ms=340, loss=0.03, share=0.85, burst_seconds=2400),
    ("oak-hill", "111"): Trouble(room_ms=120, share=0.5),
    ("lakeside", "207"): Trouble(share=0.0, down_bps=620_000),
    ("lakeside", "203"): Trouble(loss=0.11, share=0.9, burst_seconds=3600),
    ("lakeside", "209"): Trouble(uplink_ms=130, share=0.35),
    ("summit", "304"): Trouble(room_ms=260, loss=0.02, share=0.7, burst_seconds=1800),
    ("summit", "310"): Trouble(uplink_ms=90, share=0.25, burst_seconds=900),
}
SILENT = frozenset({("summit", "312"), ("oak-hill", "114")})
"""Rooms whose agent is asleep today: unknown, never ok."""

WIRED = frozenset({("lakeside", "203"), ("lakeside", "207")})
"""Rooms whose machine hangs on a cable; the others are on Wi-Fi."""


def medium_of(room: tuple[str, str]) -> Medium:
    """What the machine of a (site, room) is on."""
    return "wired" if room in WIRED else "wifi"


def simulated_district(time_zone: ZoneInfo, *, today: date | None = None) -> District:
    """The demo's district: this machine's network first, then the schools. It is always in session: every
    hour of every day is a lesson. Before `today` nobody taught at weekends."""
    hours = tuple(LessonTime(start=time(hour), end=time((hour + 1) % 24)) for hour in range(24))
    rooms = [
        Room(site=site.site, room=str(100 * (number + 1) + index), seats=28)
        for number, site in enumerate(SCHOOLS)
        for index in range(1, _ROOMS_PER_SCHOOL[site.site] + 1)
    ]
    return District(
        name="Demo district",
        calendar=Calendar(
            time_zone=time_zone,
            lessons_by_weekday=dict.fromkeys(range(7), hours),
            lessons_by_date={day: () for day in _before(today) if day.weekday() >= 5} if today else {},
        ),
        sites=(REAL_SITE, *SCHOOLS),
        rooms=(REAL_ROOM, *rooms),
        egress_mbps=2000,
        users=sum(site.users or 0 for site in SCHOOLS),
    )


def _before(today: date) -> Iterator[date]:
    """The days before it, as many as a demo tells of."""
    return (today - timedelta(days=back) for back in range(1, HISTORY_DAYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a simulated agent measured in one period to one target."""

    target: str
    sent: int
    received: int
    min_us: int | None
    histogram: Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a simulated throughput test found in one direction, as a report has it."""

    received_bps: int
    sustained: bool
    used_bytes: int
    idle_rtt_us: int
    working: Measured


@dataclass(slots=True, kw_only=True)
class SimulatedRoom:
    """One room's network over time. Call `measure` with ascending times."""

    room: Room
    seed: int
    _random: np.random.Generator = field(init=False)
    _base_ms: float = field(init=False)
    _in_trouble: bool = field(init=False)

    def __post_init__(self) -> None:
        """Draw the room's own character from its seed."""
        self._random = np.random.default_rng([self.seed, *self.room.room.encode()])
        self._base_ms = self._random.uniform(9, 24)
        self._in_trouble = bool(self._random.random() < self.trouble.share)

    @property
    def trouble(self) -> Trouble:
        """What is known to be wrong here; none for most rooms."""
        return TROUBLES.get((self.room.site, self.room.room), Trouble(share=0.0))

    def measure(self, at: datetime, seconds: float, *, interval_ms: int) -> Sequence[Measured]:
        """The period of `seconds` from `at`: to the district reflector and to the gateway."""
        self._step(seconds)
        trouble = self.trouble if self._in_trouble else Trouble(share=0.0)
        sent = max(1, round(seconds * 1000 / interval_ms))
        # A school day has a busy middle; enough to see in the strip, not enough to hurt.
        busy = 1 + 0.25 * np.sin(np.pi * (at.hour * 60 + at.minute) / 720) ** 2
        near = self._times_ms(sent, 1.5, 0.35, trouble.room_ms)
        far = near + self._times_ms(sent, self._base_ms * busy, 0.25, trouble.uplink_ms)
        return (
            self._measured("district", far, trouble.loss),
            self._measured("gateway", near, trouble.loss if trouble.room_ms else 0.0),
        )

    def sufficiency(self, direction: Direction, required_bps: int) -> Tested:
        """A sufficiency test now: what arrives of the offer, and the round trips beside it."""
        let_through_bps = self.trouble.down_bps if direction == "down" else math.inf
        received_bps = min(offered_bps(required_bps), let_through_bps) * self._random.uniform(0.97, 0.998)
        sustained = received_bps >= required_bps
        queued_ms = 0.0 if sustained else 95.0
        working_ms = self._times_ms(WATCHED, self._base_ms, 0.25, queued_ms)
        return Tested(
            received_bps=int(received_bps),
            sustained=sustained,
            # Without the rate it ends as soon as a queue stands.
            used_bytes=int(received_bps * (4.2 if sustained else 0.5) / 8),
            idle_rtt_us=int(self._base_ms * 900),
            working=self._measured("district", working_ms, 0.0),
        )

    def _step(self, seconds: float) -> None:
        """Enter or leave a burst, so that bursts last `burst_seconds` and fill `share` of the time."""
        share = self.trouble.share
        leave = min(1.0, seconds / self.trouble.burst_seconds)
        if share >= 1 or share <= 0:
            self._in_trouble = share >= 1
            return
        enter = min(1.0, leave * share / (1 - share))
        drawn = self._random.random()
        self._in_trouble = drawn >= leave if self._in_trouble else drawn < enter

    def _times_ms(self, count: int, median_ms: float, spread: float, added_ms: float) -> np.ndarray:
        times = median_ms * self._random.lognormal(0, spread, count)
        return times + added_ms * self._random.gamma(4, 0.25, count) if added_ms else times

    def _measured(self, target: str, times_ms: np.ndarray, loss: float) -> Measured:
        answered = times_ms[self._random.random(len(times_ms)) >= loss] * 1000
        buckets = np.searchsorted(_EDGES, answered, side="right")
        values, counts = np.unique(buckets, return_counts=True)
        return Measured(
            target=target,
            sent=len(times_ms),
            received=len(answered),
            min_us=int(answered.min()) if len(answered) else None,
            histogram=Histogram(dict(zip(values.tolist(), counts.tolist(), strict=True))),
        )
