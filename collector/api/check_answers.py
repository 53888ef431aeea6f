"""Checks as JSON: what each answer holds, and what its fields mean. Rates are bits per second of goodput."""

from collector.api.answers import Answer, KeptCheckAnswer, RateAnswer
from collector.checks.running import POST_BYTES, POSTS_AT_ONCE, Running
from collector.district.district import District
from collector.verdict.profiles import Profiles
from collector.verdict.room_check import RateFound, RoomCheck, Why, Word, profile_answer
from wire.pace import BLOCK_BYTES, CATCH_UP_MS
from wire.round_trips import IN_A_ROW, RISE_NS
from wire.sufficiency import LONGEST_MS, WARM_UP_MS, offered_bps


class PlaceAnswer(Answer):
    """A room by its slug, and what it is called."""

    room: str
    name: str


class SchoolAnswer(Answer):
    """A school and its rooms, by name."""

    site: str
    name: str
    rooms: list[PlaceAnswer]


class PlacesAnswer(Answer):
    """Every school that has rooms. Simulated ones cannot be stood in, so they are left out."""

    sites: list[SchoolAnswer]


class PlanAnswer(Answer):
    """What one direction is to show, what its sender offers, and the most that it carries."""

    required_bps: int
    offered_bps: int
    most_bytes: int


class BegunAnswer(Answer):
    """A check that began, and how it is done: `check` is its secret. A direction lasts `longest_ms` at the most, is
    judged after `warm_up_ms`, and stops when `in_a_row` round trips were `rise_ms` longer than the idle line's
    shortest. Sent up are posts of `post_bytes`, one each `post_every_ms`, at most `posts_at_once` under way.
    `block_bytes` and `catch_up_ms` are what a sender's pace may still bring at the end."""

    check: str
    valid_ms: int
    down: PlanAnswer
    up: PlanAnswer
    longest_ms: int
    warm_up_ms: int
    rise_ms: int
    in_a_row: int
    block_bytes: int
    catch_up_ms: int
    post_bytes: int
    post_every_ms: float
    posts_at_once: int


class UploadAnswer(Answer):
    """Whether it is known by now if the rate is there, so that no more needs to come."""

    decided: bool


class ProfileCheckAnswer(Answer):
    """Whether the room can carry one activity, and what it would have needed."""

    profile: str
    label: str
    answer: Word
    why: Why | None
    needed_down_bps: int
    needed_up_bps: int
    rtt_limit_ms: float | None


class CheckAnswer(KeptCheckAnswer):
    """The same with the answer for each activity."""

    profiles: list[ProfileCheckAnswer]


def places_answer(district: District) -> PlacesAnswer:
    """The schools and rooms of `district`."""
    rooms: dict[str, list[PlaceAnswer]] = {}
    for one in district.rooms:
        rooms.setdefault(one.site, []).append(PlaceAnswer(room=one.room, name=one.name))
    return PlacesAnswer(
        sites=[
            SchoolAnswer(site=one.site, name=one.name, rooms=rooms[one.site])
            for one in district.sites
            if one.site in rooms and not one.simulated
        ]
    )


def begun_answer(running: Running) -> BegunAnswer:
    """What the page needs to know of its check."""
    lease = running.lease
    down, up = (
        PlanAnswer(required_bps=bps, offered_bps=offered_bps(bps), most_bytes=most)
        for bps, most in ((lease.down_bps, lease.down_bytes), (lease.up_bps, lease.up_bytes))
    )
    return BegunAnswer(
        check=running.check_id,
        valid_ms=lease.valid_ms,
        down=down,
        up=up,
        longest_ms=LONGEST_MS,
        warm_up_ms=WARM_UP_MS,
        rise_ms=RISE_NS // 1_000_000,
        in_a_row=IN_A_ROW,
        block_bytes=BLOCK_BYTES,
        catch_up_ms=CATCH_UP_MS,
        post_bytes=POST_BYTES,
        post_every_ms=running.post_every_ms,
        posts_at_once=POSTS_AT_ONCE,
    )


def check_answer(check: RoomCheck, profiles: Profiles) -> CheckAnswer:
    """What a check found, for each activity."""
    answers = []
    for one in profiles.in_force():
        found = profile_answer(one, down=check.down, up=check.up, rtt_p95_ms=check.rtt_p95_ms)
        limits = [need.unacceptable_ms for need in one.rtt if need.percentile == 95]
        answers.append(
            ProfileCheckAnswer(
                profile=one.name,
                label=one.label,
                answer=found.answer,
                why=found.why,
                needed_down_bps=one.down.bps,
                needed_up_bps=one.up.bps,
                rtt_limit_ms=min(limits, default=None),
            )
        )
    return CheckAnswer(**dict(kept_answer(check)), profiles=answers)


def kept_answer(check: RoomCheck) -> KeptCheckAnswer:
    """What is kept of a check."""
    return KeptCheckAnswer(
        at=check.at,
        answer=check.answer,
        why=check.why,
        profile=check.profile,
        down=_rate(check.down),
        up=_rate(check.up),
        rtt_p50_ms=check.rtt_p50_ms,
        rtt_p95_ms=check.rtt_p95_ms,
        used_bytes=check.used_bytes,
        told=check.told,
    )


def _rate(found: RateFound) -> RateAnswer:
    return RateAnswer(
        required_bps=found.required_bps,
        received_bps=found.received_bps,
        sustained=found.sustained,
        why=found.why,
    )
