"""What a room's throughput tests say: is the rate there that an activity needs?

A test speaks for `SPEAKS_FOR` after its end. In each direction the latest test of each agent counts, and of several
agents the best one, so that a room is not blamed for one bad PC. A test that could not tell says nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.verdict.profiles import Profile
from wire.report_words import Direction

SPEAKS_FOR = timedelta(minutes=60)
"""A line that carried a lesson an hour ago says little of now (our choice)."""

PASSING_SHARE_OF_NEED = 0.8
"""A test passes with four fifths of what is needed: the FCC's testing of subsidised lines (science.md 6.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputTest:
    """One sufficiency test in one direction (``down`` is towards the room). Rates are bits per second of goodput as
    the receiver counted them. `sustained` is whether `required_bps` was held; ``None`` when the test could not tell.

    `duration_ms` is how long it took, the look at the idle line included. `idle_rtt_ms` is the shortest round trip
    just before, `working_p95_ms` the 95th percentile while the test ran.
    `ended_by` says what ended it (``wire.reports.EndedBy``), `failure` why there was none. `at_ceiling`: the agent's
    own machine was the limit, so that `received_bps` is a lower bound.
    """

    agent: str
    direction: Direction
    ended_at: datetime
    duration_ms: int
    required_bps: int
    offered_bps: int | None
    received_bps: int | None
    sustained: bool | None
    used_bytes: int
    ended_by: str | None
    idle_rtt_ms: float | None
    working_p95_ms: float | None
    failure: str | None
    at_ceiling: bool = False

    def enough_for(self, profile: Profile) -> bool | None:
        """Whether the rate that `profile` needs was there; ``None`` when the test could not tell."""
        return is_enough(
            need_bps(profile, self.direction),
            required_bps=self.required_bps,
            received_bps=self.received_bps,
            sustained=self.sustained,
            at_ceiling=self.at_ceiling,
        )


def is_enough(
    need_bps: int, *, required_bps: int, received_bps: int | None, sustained: bool | None, at_ceiling: bool = False
) -> bool | None:
    """Whether a test that was to show `required_bps` found `need_bps`; ``None`` when it could not tell. At its own
    machine's ceiling what it received is the least that the line carries."""
    if sustained and required_bps >= need_bps:
        return True
    if at_ceiling:
        return True if received_bps is not None and received_bps >= need_bps else None
    if sustained is None or received_bps is None:
        return None
    if received_bps >= need_bps:
        return True
    # What was held may be less than the need, without the line having been asked for more.
    return None if sustained else False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A test that found less than the profile of that name needs."""

    profile: str
    need_bps: int
    test: ThroughputTest


def need_bps(profile: Profile, direction: Direction) -> int:
    """The goodput that one device needs for `profile`, in bits per second."""
    return profile.down.bps if direction == "down" else profile.up.bps


def hour_passed(tests: Sequence[ThroughputTest], needed_bps: int) -> bool | None:
    """Whether the best of one hour's tests in one direction found four fifths of `needed_bps`; ``None`` when it could
    not tell, as at its machine's own ceiling: a line may carry more than that."""
    passing_bps = int(PASSING_SHARE_OF_NEED * needed_bps)
    found = [
        (
            is_enough(
                passing_bps,
                required_bps=one.required_bps,
                received_bps=one.received_bps,
                sustained=one.sustained,
                at_ceiling=one.at_ceiling,
            ),
            one.received_bps,
        )
        for one in tests
        if one.received_bps is not None
    ]
    if any(enough for enough, _ in found):
        return True
    best = max(found, key=lambda one: (one[1], one[0] is None), default=(None, 0))
    return best[0]


def speaking_tests(tests: Iterable[ThroughputTest], at: datetime) -> list[ThroughputTest]:
    """Of the tests that could tell, the best of the agents' latest at the time `at`, down before up; none to two."""
    latest: dict[tuple[Direction, str], ThroughputTest] = {}
    for one in sorted(tests, key=lambda test: test.ended_at):
        if one.sustained is not None and at - SPEAKS_FOR <= one.ended_at <= at:
            latest[one.direction, one.agent] = one
    found = []
    for direction in ("down", "up"):
        of_direction = [one for (towards, _), one in latest.items() if towards == direction]
        if of_direction:
            found.append(max(of_direction, key=lambda one: (bool(one.sustained), one.received_bps or 0)))
    return found


def shortfall(tests: Iterable[ThroughputTest], profiles: Sequence[Profile], at: datetime) -> Shortfall | None:
    """The first profile, in their order, that a test that speaks at `at` found too little for; ``None`` without."""
    speaking = speaking_tests(tests, at)
    for profile in profiles:
        for one in speaking:
            if one.enough_for(profile) is False:
                return Shortfall(profile=profile.name, need_bps=need_bps(profile, one.direction), test=one)
    return None
