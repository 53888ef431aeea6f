"""Rooms and sites as JSON: what each answer holds, and what its fields mean."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from collector.verdict.causes import Cause, Confidence
from collector.verdict.qoo import Dimension
from collector.verdict.room_check import Why, Word
from collector.verdict.room_state import State
from wire.report_words import AskedBy, Direction


class Answer(BaseModel):
    """What holds for every answer: it does not change once it is made."""

    model_config = ConfigDict(frozen=True)


class ShortAnswer(Answer):
    """A throughput test that found less than `profile` needs, in bits per second of goodput."""

    profile: str
    direction: Direction
    needed_bps: int
    received_bps: int | None
    ended_at: datetime


class ThroughputAnswer(Answer):
    """One throughput test in one direction, ``down`` towards the room; rates are bits per second as received.

    `sustained` is whether `required_bps` was held, ``null`` when the test could not tell: the line may carry more, it
    was not asked. `at_ceiling`: the machine that tests was the limit, so that `received_bps` is a lower bound. `speaks`
    says that the test tells of now. `used_bytes` is what it cost.
    """

    direction: Direction
    ended_at: datetime
    duration_ms: int
    required_bps: int
    offered_bps: int | None
    received_bps: int | None
    sustained: bool | None
    speaks: bool
    used_bytes: int
    ended_by: str | None
    idle_rtt_ms: float | None
    working_p95_ms: float | None
    failure: str | None
    at_ceiling: bool


class CapacityAnswer(Answer):
    """The newest capacity test in one direction, ``down`` towards the room: bits per second as received, mean over the
    test, and what it cost. `at_ceiling`: the machine that tests was the limit. No room is judged by it."""

    direction: Direction
    ended_at: datetime
    duration_ms: int
    received_bps: int | None
    at_ceiling: bool
    used_bytes: int
    asked_by: AskedBy
    ended_by: str | None
    idle_rtt_ms: float | None
    working_p95_ms: float | None
    failure: str | None


class LessonAnswer(Answer):
    """A lesson and how it went. Seconds of it: judged so far, measured enough, bad, degraded. `short` is the
    throughput test that found too little in it."""

    started_at: datetime
    ended_at: datetime
    quality: Literal["bad", "degraded", "good", "unknown"]
    closed_seconds: int
    valid_seconds: int
    bad_seconds: int
    degraded_seconds: int
    short: ShortAnswer | None


class ReadingAnswer(Answer):
    """The newest measurement to one target; `loss` is a share, 0..1."""

    target: str
    method: str
    age_seconds: float
    p50_ms: float | None
    p95_ms: float | None
    loss: float | None
    sent: int
    failure: str | None
    clock_repaired: bool


class ScoreAnswer(Answer):
    """How one profile fared in one bin; `qoo` is 0..100."""

    profile: str
    qoo: float
    quality: Literal["bad", "degraded", "good"]
    worst: Dimension | None


class BinAnswer(Answer):
    """One judged bin. `p99_ms` is evidence and does not enter the score. `anchor` is the target on the Internet that
    decided it, by what the site's reference measured; ``null`` where the room's own did. `cause` is that of a bad bin
    that was located."""

    started_at: datetime
    seconds: int
    valid: bool
    method: str
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    loss: float | None
    gateway_p95_ms: float | None
    gateway_loss: float | None
    anchor: str | None
    anchor_p95_ms: float | None
    anchor_loss: float | None
    cause: Cause | None
    confidence: Confidence | None
    clock_repaired: bool
    scores: list[ScoreAnswer]


class RoomAnswer(Answer):
    """One room now. `room` is its slug, `room_name` what it is called. `coverage` is the share (0..1) of the last
    lessons' judged time that was measured enough."""

    site: str
    room: str
    room_name: str
    state: State
    cause: Cause
    worst: Dimension | None
    profile: str | None
    evidence: str
    simulated: bool
    coverage: float | None
    newest_data_age_seconds: float | None
    seats: int | None
    agents: int
    lessons: list[LessonAnswer]


class RateAnswer(Answer):
    """What one direction showed: `sustained` is whether `required_bps` was held, ``null`` when that could not be told,
    and `why` then says why."""

    required_bps: int
    received_bps: int | None
    sustained: bool | None
    why: Why | None


class KeptCheckAnswer(Answer):
    """A check of a room that somebody asked for in a browser. It never enters a state or a verdict.

    `answer` is that for the activity of `profile`, which fares worst, and `why` the reason. Round trips are those of
    small HTTP requests on the idle line. `told` says that whoever checked asked for help.
    """

    at: datetime
    answer: Word
    why: Why | None
    profile: str
    down: RateAnswer
    up: RateAnswer
    rtt_p50_ms: float | None
    rtt_p95_ms: float | None
    used_bytes: int
    told: bool


class RoomsAnswer(Answer):
    """Every room of the district, site by site, worst first. `in_session` is whether a lesson is on at any site; a room
    whose site has none is in the state ``no_lesson``. `notice` says what keeps this from being up to date."""

    district: str
    time_zone: str
    taken_at: datetime
    in_session: bool
    bin_seconds: int
    notice: str | None
    rooms: list[RoomAnswer]


class SpanAnswer(Answer):
    """When a lesson is."""

    started_at: datetime
    ended_at: datetime


class SiteAnswer(Answer):
    """A site with its number of rooms in each state. `last_lesson` is the latest that has begun there: the one that is
    on while it is `in_session`."""

    site: str
    name: str
    simulated: bool
    rooms: int
    states: dict[State, int]
    in_session: bool
    last_lesson: SpanAnswer | None
    next_lesson: SpanAnswer | None


class SitesAnswer(Answer):
    """Every site of the district."""

    taken_at: datetime
    sites: list[SiteAnswer]
