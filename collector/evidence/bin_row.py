"""One bin of a room in the table ``bins.csv``, and its columns."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from collector.csv_file import Cell
from collector.evidence.table import Column, local
from collector.verdict.bins import LatencySummary, ProfileScore, RoomBin
from collector.verdict.marks import BAD, MARKS, VALID
from collector.verdict.profiles import Profile
from collector.verdict.statistics import Z_95_BOTH, ranks_around, wilson

_Take = Callable[[RoomBin], Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class BinRow:
    """A bin that was judged, or one of lesson time in which nothing was (`judged` is ``None``). `lesson` is the local
    span of the lesson that its middle lies in, ``None`` out of lessons; `mark` one of `MARKS`."""

    started_at: datetime
    seconds: int
    lesson: str | None
    mark: str
    judged: RoomBin | None

    @property
    def counted(self) -> bool:
        """Whether it enters the share of a week."""
        return self.lesson is not None and self.mark in VALID

    @property
    def loss_bounds(self) -> tuple[float, float] | None:
        """Between which the loss lies with 95 %, were packets lost independently; ``None`` when none was sent."""
        one = self.judged
        if one is None or one.loss is None:
            return None
        return wilson(one.loss, one.sent, Z_95_BOTH)

    def rank_ms(self, percentile: float) -> tuple[float | None, float | None]:
        """Between which round trips (milliseconds) the percentile (0..100) lies with 95 %; ``None`` beyond the samples,
        or where they were not kept."""
        one = self.judged
        spoke = spoke_by(one) if one is not None else None
        if spoke is None or not spoke.received:
            return None, None
        total = spoke.histogram.total
        lower, upper = ((rank and 100 * rank / total) for rank in ranks_around(total, percentile / 100))
        return (
            None if lower is None else spoke.rtt_ms(lower),
            None if upper is None else spoke.rtt_ms(upper),
        )

    def score(self, profile: str) -> ProfileScore | None:
        """How that profile fared."""
        scores = self.judged.scores if self.judged is not None else ()
        return next((one for one in scores if one.profile == profile), None)


def spoke_by(one: RoomBin) -> LatencySummary | None:
    """Of what was measured in a bin, that which the bin shows; ``None`` where it was not kept."""
    shown = (one.target, one.method, one.sent, one.received, one.p50_ms, one.p95_ms, one.p99_ms)
    for of in one.targets:
        if (of.target, of.method, of.sent, of.received) == shown[:4] and shown[4:] == (
            of.rtt_ms(50),
            of.rtt_ms(95),
            of.rtt_ms(99),
        ):
            return of
    return None


def bin_columns(time_zone: ZoneInfo, profiles: Iterable[Profile]) -> tuple[Column[BinRow], ...]:
    """The columns; each of `profiles` has two."""
    return (
        Column(name="started_at_utc", about="When the bin began, UTC.", of=lambda row: row.started_at),
        Column(
            name="started_at_local",
            about="The same by the district's clocks, with their distance from UTC.",
            of=lambda row: local(row.started_at, time_zone),
        ),
        Column(name="seconds", about="How long it is.", of=lambda row: row.seconds),
        Column(
            name="in_session",
            about="Whether its middle lies in a lesson by the timetable as it is now.",
            of=lambda row: row.lesson is not None,
        ),
        Column(name="lesson", about="That lesson's local span.", of=lambda row: row.lesson),
        Column(
            name="mark",
            about="What the bin says, in a letter: "
            + "; ".join(f"{mark} {text}" for mark, text in MARKS.items())
            + ".",
            of=lambda row: row.mark,
        ),
        Column(
            name="counted",
            about=f"Whether it enters the weekly share: in session and marked {', '.join(sorted(VALID))}.",
            of=lambda row: row.counted,
        ),
        Column(
            name="bad",
            about=f"Of a counted bin, whether it was bad (marked {' or '.join(sorted(BAD))}); empty otherwise.",
            of=lambda row: row.mark in BAD if row.counted else None,
        ),
        _of("valid", "Whether at least 80 % of it was probed.", lambda one: one.valid),
        _of(
            "quality",
            "bad, degraded or good by the worst profile; empty where it is not valid.",
            lambda one: one.headline.quality if one.headline else None,
        ),
        _of(
            "worst", "By what it was worst: latency or loss.", lambda one: one.headline.worst if one.headline else None
        ),
        _of("machines", "How many machines of the room measured; the median one speaks.", lambda one: one.agents),
        _of("target", "To what was measured, by alias.", lambda one: one.target),
        _of("method", "How: see the method.", lambda one: one.method),
        _of("sent", "Requests sent.", lambda one: one.sent),
        _of("received", "Answers that came in time: how many samples the percentiles have.", lambda one: one.received),
        _of("loss", "1 - received / sent, 0 to 1.", lambda one: one.loss),
        Column(
            name="loss_low",
            about="Lower end of its 95 % interval (Wilson), were requests lost independently of each other.",
            of=lambda row: row.loss_bounds and row.loss_bounds[0],
        ),
        Column(name="loss_high", about="Its upper end.", of=lambda row: row.loss_bounds and row.loss_bounds[1]),
        _of("probed_share", "How much of the bin the requests stood for, 0 to 1.", lambda one: one.probed_share),
        *_percentile(50, lambda one: one.p50_ms),
        *_percentile(95, lambda one: one.p95_ms),
        *_percentile(99, lambda one: one.p99_ms),
        _of("gateway_p95_ms", "The same to the room's own gateway: evidence.", lambda one: one.gateway_p95_ms),
        _of("gateway_loss", "Loss to it, 0 to 1; routers answer when they have time.", lambda one: one.gateway_loss),
        _of(
            "anchor",
            "A place on the Internet, by alias, by which the school's wired reference decided the bin.",
            lambda one: one.anchor,
        ),
        _of("anchor_p95_ms", "The reference's 95th percentile to it.", lambda one: one.anchor_p95_ms),
        _of("anchor_loss", "The reference's loss to it, 0 to 1.", lambda one: one.anchor_loss),
        *(column for profile in profiles for column in _scores(profile)),
        _of("cause", "Where a bad bin's trouble sits.", lambda one: one.located.cause if one.located else None),
        _of(
            "confidence",
            "How sure that is: low, medium or high.",
            lambda one: one.located.confidence if one.located else None,
        ),
        _of("clock_repaired", "Whether its time comes from the collector, not the machine.", lambda one: one.repaired),
        _of("limits_digest", "Names the limits that it was judged by.", lambda one: one.profiles_digest),
    )


def _of(name: str, about: str, of: _Take) -> Column[BinRow]:
    """A column that is empty where nothing was measured."""
    return Column(name=name, about=about, of=lambda row: None if row.judged is None else of(row.judged))


def _percentile(percentile: int, of: _Take) -> tuple[Column[BinRow], ...]:
    at = f"p{percentile}"
    return (
        _of(f"{at}_ms", f"Round trip in milliseconds that {percentile} % of the answers kept within.", of),
        Column(
            name=f"{at}_low_ms",
            about="Lower end of its 95 % interval by ranks; empty where it is below the least sample.",
            of=lambda row: row.rank_ms(percentile)[0],
        ),
        Column(
            name=f"{at}_high_ms",
            about="Its upper end; empty where it lies beyond the greatest sample.",
            of=lambda row: row.rank_ms(percentile)[1],
        ),
    )


def _scores(profile: Profile) -> tuple[Column[BinRow], ...]:
    def of(row: BinRow) -> ProfileScore | None:
        return row.score(profile.name)

    return (
        Column(
            name=f"qoo_{profile.name}",
            about=f"Quality of Outcome for {profile.label}, 0 (fails) to 100 (better is not noticed).",
            of=lambda row: score.qoo if (score := of(row)) else None,
        ),
        Column(
            name=f"quality_{profile.name}",
            about="That in a word.",
            of=lambda row: score.quality if (score := of(row)) else None,
        ),
    )
