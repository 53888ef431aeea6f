"""The columns of a room's days, weeks and throughput tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from collector.evidence.table import Column, local
from collector.verdict.causes import Cause
from collector.verdict.days import RoomDay, TestCount
from collector.verdict.statistics import Z_95_BOTH, wilson
from collector.verdict.weeks import RoomWeek
from wire.report_words import Direction

DAY_COLUMNS: tuple[Column[RoomDay], ...] = (
    Column(name="day", about="The local day.", of=lambda one: one.day),
    Column(name="lesson_seconds", about="How long its lessons were.", of=lambda one: one.closed_seconds),
    Column(name="measured_seconds", about="Lesson time that counts.", of=lambda one: one.seconds.valid),
    Column(name="bad_seconds", about="Of that, bad.", of=lambda one: one.seconds.bad),
    Column(name="degraded_seconds", about="Of that, degraded.", of=lambda one: one.seconds.degraded),
    Column(name="bad_share", about="bad_seconds / measured_seconds, 0 to 1.", of=lambda one: one.seconds.bad_share),
    Column(
        name="bad_seconds_by_profile",
        about="Bad seconds for each profile.",
        of=lambda one: "; ".join(f"{name} {found.bad}" for name, found in sorted(one.by_profile.items())),
    ),
    Column(name="marks", about="The mark of each bin of lesson time, in order.", of=lambda one: one.marks),
    Column(name="sent", about="Requests sent in the bins that count.", of=lambda one: one.sent),
    Column(name="received", about="Answers that came in time.", of=lambda one: one.received),
    Column(name="loss", about="1 - received / sent, 0 to 1.", of=lambda one: one.loss),
    Column(
        name="loss_low",
        about="Lower end of its 95 % interval, as in bins.csv; a day's losses cluster, so take it as too narrow.",
        of=lambda one: wilson(one.loss, one.sent, Z_95_BOTH)[0] if one.loss is not None else None,
    ),
    Column(
        name="loss_high",
        about="Its upper end.",
        of=lambda one: wilson(one.loss, one.sent, Z_95_BOTH)[1] if one.loss is not None else None,
    ),
    *(
        Column(
            name=f"p{percentile}_ms",
            about=f"Round trip in milliseconds that {percentile} % of all answers of the day kept within.",
            of=lambda one, percentile=percentile: one.rtt_ms(percentile),  # type: ignore[misc]
        )
        for percentile in (50, 95, 99)
    ),
    Column(name="worst", about="By what most of the bad time was bad.", of=lambda one: one.worst),
    Column(name="profile", about="The profile that most of it was bad for.", of=lambda one: one.profile),
    Column(name="causes", about="How many bad bins were put down to what.", of=lambda one: _counts(one.causes)),
    Column(name="lessons", about="How many lessons it had.", of=lambda one: one.lessons),
    Column(
        name="hit_lessons",
        about="Those that were bad for a third of their measured time, half of it being measured.",
        of=lambda one: "; ".join(one.hit_lessons),
    ),
    Column(
        name="tests_down",
        about="Hours in which throughput towards the room was enough, of those tested.",
        of=lambda one: _passed(one.tests, "down"),
    ),
    Column(name="tests_up", about="The same from the room.", of=lambda one: _passed(one.tests, "up")),
    Column(name="limits_digest", about="Names the limits that it was judged by.", of=lambda one: one.profiles_digest),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """A week, and whether all of its days are in the pack."""

    week: RoomWeek
    whole: bool


WEEK_COLUMNS: tuple[Column[WeekRow], ...] = (
    Column(name="week_from", about="Its Monday.", of=lambda row: row.week.week),
    Column(name="whole", about="Whether all of its days lie in the range of this pack.", of=lambda row: row.whole),
    Column(name="verdict", about="restricted, at_risk, ok or unknown.", of=lambda row: row.week.verdict),
    Column(name="previous", about="The verdict of the week before.", of=lambda row: row.week.previous),
    Column(name="lesson_bins", about="Bins of lesson time.", of=lambda row: row.week.in_session_bins),
    Column(
        name="awake_bins", about="Those in which a machine of the room was awake.", of=lambda row: row.week.awake_bins
    ),
    Column(name="counted_bins", about="Those that count.", of=lambda row: row.week.valid_bins),
    Column(name="bad_bins", about="Of these, bad.", of=lambda row: row.week.bad_bins),
    Column(name="bad_share", about="bad_bins / counted_bins, 0 to 1.", of=lambda row: row.week.bad_share),
    Column(
        name="lower",
        about="The bad share is at least this with 99 % confidence, corrected for bad bins that follow each other.",
        of=lambda row: row.week.lower,
    ),
    Column(name="upper", about="It is at most this with 99 % confidence.", of=lambda row: row.week.upper),
    Column(
        name="autocorrelation",
        about="How much a bin is like the one before, 0 to 0.95.",
        of=lambda row: row.week.autocorrelation,
    ),
    Column(
        name="effective_bins",
        about="How many independent bins the counted ones are worth.",
        of=lambda row: row.week.effective_bins,
    ),
    Column(name="bad_days", about="Days with a tenth of their counted bins bad.", of=lambda row: row.week.bad_days),
    Column(name="measured_days", about="Days with counted bins.", of=lambda row: row.week.measured_days),
    Column(name="verdict_if_stricter", about="With limits 10 % lower.", of=lambda row: row.week.if_stricter),
    Column(name="verdict_if_laxer", about="With limits 10 % higher.", of=lambda row: row.week.if_laxer),
    Column(name="cause", about="Where most of the trouble sits.", of=lambda row: row.week.cause),
    Column(name="confidence", about="How sure that is.", of=lambda row: row.week.confidence),
    Column(name="causes", about="How many bad bins were put down to what.", of=lambda row: _counts(row.week.causes)),
    Column(name="worst", about="By what most of the bad time was bad.", of=lambda row: row.week.worst),
    Column(name="profile", about="The profile that most of it was bad for.", of=lambda row: row.week.profile),
    Column(
        name="tests_down",
        about="Hours in which throughput towards the room was enough, of those tested.",
        of=lambda row: _passed(row.week.tests, "down"),
    ),
    Column(name="tests_up", about="The same from the room.", of=lambda row: _passed(row.week.tests, "up")),
    Column(name="lessons", about="How many lessons it had.", of=lambda row: row.week.lessons),
    Column(
        name="hit_lessons", about="Those that were hit, as in days.csv.", of=lambda row: "; ".join(row.week.hit_lessons)
    ),
    Column(name="rule_version", about="The version of the rule.", of=lambda row: row.week.rule_version),
    Column(
        name="limits_digest", about="Names the limits that it was judged by.", of=lambda row: row.week.profiles_digest
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRow:
    """A throughput test. `machine` is a number that stands for a machine in this pack
    alone, ``None`` where it does not matter."""

    __test__ = False

    kind: str
    machine: int | None
    direction: Direction
    ended_at: datetime
    in_session: bool
    required_bps: int | None
    offered_bps: int | None
    received_bps: int | None
    sustained: bool | None
    at_ceiling: bool
    used_bytes: int
    duration_ms: int
    idle_rtt_ms: float | None
    working_p95_ms: float | None
    ended_by: str | None
    failure: str | None


def test_columns(time_zone: ZoneInfo) -> tuple[Column[TestRow], ...]:
    """The columns of ``tests.csv``."""
    return (
        Column(name="ended_at_utc", about="When the test ended, UTC.", of=lambda one: one.ended_at),
        Column(name="ended_at_local", about="By the district's clocks.", of=lambda one: local(one.ended_at, time_zone)),
        Column(
            name="kind",
            about="sufficiency: is the rate there that a lesson needs? capacity: how much is there? (the newest alone)",
            of=lambda one: one.kind,
        ),
        Column(
            name="in_session",
            about="Whether it ended in a lesson; others enter no verdict.",
            of=lambda one: one.in_session,
        ),
        Column(
            name="machine",
            about="Which machine of the room, numbered within this pack; of a capacity test it is not kept.",
            of=lambda one: one.machine,
        ),
        Column(name="direction", about="down is towards the room.", of=lambda one: one.direction),
        Column(
            name="required_bps", about="The goodput it was to show, bits per second.", of=lambda one: one.required_bps
        ),
        Column(name="offered_bps", about="What was offered.", of=lambda one: one.offered_bps),
        Column(name="received_bps", about="Goodput as the receiver counted it.", of=lambda one: one.received_bps),
        Column(
            name="sustained", about="Whether the rate was held; empty: it could not tell.", of=lambda one: one.sustained
        ),
        Column(
            name="at_ceiling",
            about="Whether the machine itself was the limit: the line then carries received_bps or more.",
            of=lambda one: one.at_ceiling,
        ),
        Column(name="used_bytes", about="Bytes that the test cost.", of=lambda one: one.used_bytes),
        Column(name="duration_ms", about="How long it took, in milliseconds.", of=lambda one: one.duration_ms),
        Column(name="idle_rtt_ms", about="The shortest round trip just before.", of=lambda one: one.idle_rtt_ms),
        Column(name="working_p95_ms", about="The 95th percentile while it ran.", of=lambda one: one.working_p95_ms),
        Column(name="ended_by", about="What ended it.", of=lambda one: one.ended_by),
        Column(name="failure", about="Why there was none.", of=lambda one: one.failure),
    )


def _counts(counts: Mapping[Cause, int]) -> str:
    return "; ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _passed(tests: Mapping[Direction, TestCount], direction: Direction) -> str | None:
    found = tests.get(direction)
    return None if found is None else f"{found.passed} of {found.told}"
