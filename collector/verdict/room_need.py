"""What a whole room needs at a time, from its seats and what is done at them, beside what its line was seen to give.

The devices at work in an activity times what each needs, summed over the activities, and 30 % on top (science.md 3.3).
Pupils of a class are not independent: a teacher who says "open the video" has all of them do it at once. So both
numbers are published: with everything done by all at once, and with each pupil at his own time, where more are at it
only once in a hundred times.

One agent measures what one more device gets. That all devices of a room get theirs cannot be told from it: only a
capacity test outside lessons shows that, and only as far as the machine that makes it goes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Literal

from collector.verdict.profiles import Profile, Profiles
from collector.verdict.statistics import binomial_quantile
from collector.verdict.throughput import need_bps
from wire.report_words import Direction

MARGIN = 1.3
"""30 % above the peak, of the 30 to 40 % that EducationSuperHighway advises."""

OFTEN_ENOUGH = 0.99
"""Pupils who work each at his own time are no more at once than the room is made for, this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something that pupils of a room do at a time. ``teacher`` led, all of them do it at once; led by ``pupils`` each
    does at his own time, `share` (0..1) of them on average; ``None`` is the share that the profile states."""

    profile: str
    led_by: Literal["teacher", "pupils"]
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Bits per second of goodput in both directions."""

    down_bps: int
    up_bps: int

    def towards(self, direction: Direction) -> int:
        """The one of `direction`."""
        return self.down_bps if direction == "down" else self.up_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a capacity test found a room's line to give, in bits per second; `at_least` where the machine that made it
    was itself the limit."""

    bps: int
    at_least: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomNeed:
    """What a room of `seats` has to carry, the margin included, and what it was seen to.

    `need` is by how the district says that its activities are led, `devices` how many are then at work by profile;
    `all_at_once` and `independent` are what it were if every activity was led by the teacher, or none. `one_device` is
    what an agent's test in a lesson shows to be left. `carried` is what capacity tests found, `ceilings` what the
    machine that makes them can carry itself, in bits per second; both without a direction that is not known.
    """

    seats: int
    devices: Mapping[str, int]
    need: Rates
    all_at_once: Rates
    independent: Rates
    one_device: Rates
    carried: Mapping[Direction, Carried] = field(default_factory=dict)
    ceilings: Mapping[Direction, int] = field(default_factory=dict)

    def fits_towards(self, direction: Direction) -> bool | None:
        """Whether the room's line was seen to carry its need; ``None`` without a test, or where the machine that made
        it was the limit before the need was reached."""
        carried = self.carried.get(direction)
        if carried is None:
            return None
        if carried.bps >= self.need.towards(direction):
            return True
        return None if carried.at_least else False

    @property
    def fits(self) -> bool | None:
        """The same of both directions: what is seen to be too little decides."""
        both = (self.fits_towards("down"), self.fits_towards("up"))
        if False in both:
            return False
        return None if None in both else True

    def can_be_shown(self, direction: Direction) -> bool | None:
        """Whether the machine that makes the room's capacity tests can itself carry the need; ``None`` not known."""
        ceiling = self.ceilings.get(direction)
        return None if ceiling is None else ceiling >= self.need.towards(direction)


def room_need(
    seats: int | None,
    activities: Sequence[Activity],
    profiles: Profiles,
    *,
    carried: Mapping[Direction, Carried] | None = None,
    ceilings: Mapping[Direction, int] | None = None,
) -> RoomNeed | None:
    """What a room needs; ``None`` where its seats are not known or nothing is said to be done at them. Raises
    `KeyError` for an activity without a profile."""
    if not seats or not activities:
        return None
    as_led = {one.profile: _at_work(seats, one, profiles.by_name[one.profile]) for one in activities}
    at_once = {one.profile: _all(seats, profiles.by_name[one.profile]) for one in activities}
    apart = {one.profile: _apart(seats, one, profiles.by_name[one.profile]) for one in activities}
    lessons = profiles.in_force()
    return RoomNeed(
        seats=seats,
        devices=as_led,
        need=_rates(as_led, profiles),
        all_at_once=_rates(at_once, profiles),
        independent=_rates(apart, profiles),
        one_device=Rates(
            down_bps=max((one.down.bps for one in lessons), default=0),
            up_bps=max((one.up.bps for one in lessons), default=0),
        ),
        carried=carried or {},
        ceilings=ceilings or {},
    )


def _at_work(seats: int, activity: Activity, profile: Profile) -> int:
    return _all(seats, profile) if activity.led_by == "teacher" else _apart(seats, activity, profile)


def _all(seats: int, profile: Profile) -> int:
    return profile.devices.count if profile.devices else seats


def _apart(seats: int, activity: Activity, profile: Profile) -> int:
    """The 99th percentile of how many are at it; where no share is said, all."""
    if profile.devices:
        return profile.devices.count
    stated = profile.concurrency.share if profile.concurrency else 1.0
    return binomial_quantile(seats, stated if activity.share is None else activity.share, OFTEN_ENOUGH)


def _rates(devices: Mapping[str, int], profiles: Profiles) -> Rates:
    def total(direction: Direction) -> int:
        peak = sum(count * need_bps(profiles.by_name[name], direction) for name, count in devices.items())
        return ceil(round(MARGIN * peak, 3))

    return Rates(down_bps=total("down"), up_bps=total("up"))
