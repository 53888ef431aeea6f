"""Latency over lesson time against what the profiles need, and the loss below it.

Drawn twice, wide and narrow, so that the letters have the size of the page's on a telephone too; the style
sheet shows one of them. Where a stretch holds several bins the worst of them is drawn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.board import phrases
from collector.board.latency_words import strictest_ms, summary
from collector.board.lesson_time import Slot, Span, spans
from collector.board.scale import LogScale, Tick, latency_scale
from collector.now import DistrictNow, RoomNow
from collector.verdict.bins import RoomBin
from collector.verdict.profiles import BOUNDED_PERCENTILE, LatencyNeed, Profile, Profiles

LEFT = 52.0
TOP = 20.0
PLOT_HEIGHT = 212.0
LOSS_HEIGHT = 34.0
LOSS_GAP = 14.0
_KINDS = (("wide", 1080.0, 214.0), ("narrow", 356.0, 4.0))
"""Each with its width, and how much of that is beside the plot, for the words at the limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """A limit of one or more profiles, in its place; `fails` where the activity does, not where it is noticed."""

    y: float
    text: str
    fails: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Hover:
    """A stretch that answers a pointer with its figures."""

    x: float
    width: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One chart as drawn. Paths are SVG path data; a path is interrupted where nothing is known."""

    kind: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    spans: tuple[Span, ...]
    ticks: tuple[Tick, ...]
    limits: tuple[LimitLine, ...]
    fails_y: float
    p95: str
    beyond: str
    p50: str
    band: str
    unknown: tuple[Slot, ...]
    unanswered: tuple[Slot, ...]
    loss_top: float
    loss_bottom: float
    loss_bars: tuple[tuple[float, float, float, bool], ...]
    loss_limit_y: float
    loss_limit_text: str
    hovers: tuple[Hover, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyChart:
    """Both drawings, and the chart in words."""

    summary: str
    drawings: tuple[Drawing, ...]


def latency_chart(district: DistrictNow, room: RoomNow, profiles: Profiles, now: datetime) -> LatencyChart | None:
    """The chart of `room`; ``None`` when none of its lessons has a bin that could be judged."""
    drawn = []
    known: list[RoomBin] = []
    for kind, width, beside in _KINDS:
        found = spans(
            room.strip,
            room.bins,
            left=LEFT,
            right=width - beside,
            time_zone=district.time_zone,
            now=now,
            bin_seconds=district.bin_seconds,
        )
        known = [one for span in found for slot in span.slots for one in slot.bins]
        drawn.append(
            _drawing(kind, width=width, right=width - beside, found=found, district=district, profiles=profiles)
        )
    if not known:
        return None
    return LatencyChart(summary=summary(known, room, district, profiles), drawings=tuple(drawn))


def _drawing(
    kind: str,
    *,
    width: float,
    right: float,
    found: tuple[Span, ...],
    district: DistrictNow,
    profiles: Profiles,
) -> Drawing:
    bottom = TOP + PLOT_HEIGHT
    bins = [one for span in found for slot in span.slots for one in slot.bins]
    needs = [need for profile in profiles.in_force() for need in _judged(profile)]
    highest = max([need.unacceptable_ms * 1.6 for need in needs] + [one.p95_ms * 1.15 for one in bins if one.p95_ms])
    lowest = min((one.p50_ms for one in bins if one.p50_ms), default=None)
    scale = latency_scale(lowest_ms=lowest, highest_ms=highest, top=TOP, length=PLOT_HEIGHT)
    fails_ms = strictest_ms(profiles)
    loss_top = bottom + LOSS_GAP
    loss_limit = min(profile.loss.unacceptable for profile in profiles.in_force())
    slots = [slot for span in found for slot in span.slots]
    answered = [[slot for slot in span.slots if _worst(slot, "p95_ms") is not None] for span in found]
    return Drawing(
        kind=kind,
        width=width,
        height=loss_top + LOSS_HEIGHT + 22,
        left=LEFT,
        right=right,
        top=TOP,
        bottom=bottom,
        spans=found,
        ticks=scale.ticks(),
        limits=_limits(profiles, scale),
        fails_y=scale.y(fails_ms),
        p95=_path(answered, scale, "p95_ms"),
        beyond=_path(
            [[one for one in row if (_worst(one, "p95_ms") or 0) >= fails_ms] for row in answered], scale, "p95_ms"
        ),
        p50=_path(answered, scale, "p50_ms"),
        band=_band(answered, scale),
        unknown=tuple(slot for slot in slots if not slot.bins),
        unanswered=tuple(slot for slot in slots if slot.bins and _worst(slot, "p95_ms") is None),
        loss_top=loss_top,
        loss_bottom=loss_top + LOSS_HEIGHT,
        loss_bars=tuple(_loss_bars(slots, loss_limit)),
        loss_limit_y=round(loss_top + LOSS_HEIGHT / 2, 1),
        loss_limit_text=phrases.share(loss_limit),
        hovers=tuple(_hovers(slots, district)) if kind == "wide" else (),
    )


def _limits(profiles: Profiles, scale: LogScale) -> tuple[LimitLine, ...]:
    by_limit: dict[tuple[float, bool], list[str]] = {}
    for profile in profiles.in_force():
        for need in _judged(profile):
            by_limit.setdefault((need.optimal_ms, False), []).append(profile.label)
            by_limit.setdefault((need.unacceptable_ms, True), []).append(profile.label)
    return tuple(
        LimitLine(
            y=scale.y(ms),
            text=f"{ms:g} ms: {_fail(labels)}" if fails else f"{ms:g} ms: delay is noticed",
            fails=fails,
        )
        for (ms, fails), labels in sorted(by_limit.items())
    )


def _judged(profile: Profile) -> list[LatencyNeed]:
    return [need for need in profile.rtt if need.percentile <= BOUNDED_PERCENTILE]


def _fail(labels: Sequence[str]) -> str:
    """``video lesson fails``, ``cloud documents fail``."""
    several = len(labels) > 1 or labels[0].endswith("s")
    return f"{' and '.join(labels)} {'fail' if several else 'fails'}"


def _worst(slot: Slot, percentile: str) -> float | None:
    return max((value for one in slot.bins if (value := getattr(one, percentile)) is not None), default=None)


def _runs(row: Sequence[Slot]) -> Iterable[list[Slot]]:
    """Slots that touch, together."""
    run: list[Slot] = []
    for slot in row:
        if run and slot.x - run[-1].end > 0.15:
            yield run
            run = []
        run.append(slot)
    if run:
        yield run


def _path(rows: Sequence[Sequence[Slot]], scale: LogScale, percentile: str) -> str:
    parts = []
    for row in rows:
        for run in _runs(row):
            parts.append(f"M{run[0].x} {scale.y(_worst(run[0], percentile) or 0)}H{run[0].end}")
            parts += [f"V{scale.y(_worst(slot, percentile) or 0)}H{slot.end}" for slot in run[1:]]
    return "".join(parts)


def _band(rows: Sequence[Sequence[Slot]], scale: LogScale) -> str:
    """The area between the median and the 95th percentile."""
    parts = []
    for row in rows:
        for run in _runs(row):
            above = "".join(f"V{scale.y(_worst(slot, 'p95_ms') or 0)}H{slot.end}" for slot in run)
            below = "".join(f"V{scale.y(_worst(slot, 'p50_ms') or 0)}H{slot.x}" for slot in reversed(run))
            parts.append(f"M{run[0].x} {scale.y(_worst(run[0], 'p50_ms') or 0)}{above}{below}z")
    return "".join(parts)


def _loss_bars(slots: Sequence[Slot], limit: float) -> Iterable[tuple[float, float, float, bool]]:
    """(x, width, height, at or beyond the limit). Twice the limit fills the height, what is more does too."""
    for slot in slots:
        lost = _lost(slot.bins)
        if lost:
            height = max(1.0, LOSS_HEIGHT * min(1.0, lost / (2 * limit)))
            yield slot.x, round(slot.end - slot.x, 1), round(height, 1), lost >= limit


def _lost(bins: Sequence[RoomBin]) -> float:
    return max((one.loss or 0.0 for one in bins), default=0.0)


def _hovers(slots: Sequence[Slot], district: DistrictNow) -> Iterable[Hover]:
    for slot in slots:
        day = phrases.day_name(slot.started_at, district.time_zone)
        at = phrases.clock(slot.started_at, district.time_zone)
        said = "not enough measured"
        if slot.bins:
            said = (
                f"p50 {phrases.latency(_worst(slot, 'p50_ms'))}, p95 {phrases.latency(_worst(slot, 'p95_ms'))}, "
                f"lost {phrases.loss(_lost(slot.bins))}"
            )
        yield Hover(x=slot.x, width=round(slot.end - slot.x, 1), text=f"{day} {at}: {said}")
