"""An uplink's weekly busy hour against its capacity, and where it is going, as the board draws it.

A function of the outlook alone. Colours are the style sheet's, so that they follow the reader's scheme. Every mark has
a place or a shape, so that colour only helps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from collector.verdict.uplinks.load import UplinkWeek
from collector.verdict.uplinks.outlook import LEVEL_SHARES, Ahead, Forecast, Outlook
from collector.verdict.uplinks.words import day
from collector.verdict.week_sentence import percent

TOP, PLOT_HEIGHT, FOOT, LEFT = 14.0, 168.0, 24.0, 46.0
HEIGHT = TOP + PLOT_HEIGHT + FOOT
MOST_SHARE = 1.08
"""How far up the axis goes: what is more is drawn at its end."""

WIDE, NARROW = 1080.0, 356.0
MOST_DAYS = {WIDE: 2 * 366, NARROW: 366}
"""How far back it is drawn: letters keep their size, so the narrow one holds less."""

_WEEK = timedelta(weeks=1)
_ACT = LEVEL_SHARES["act"]


_INK, _SOFT, _LINE, _SHEET = "var(--ink)", "var(--soft)", "var(--line)", "var(--sheet)"
_LOAD, _FULL = "var(--link)", "var(--bad)"
"""The style sheet's colours: what was carried and will be, and 80 % of the capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where days and shares are drawn."""

    first: date
    last: date
    right: float

    def x(self, one: date) -> float:
        span = max(1, (self.last - self.first).days)
        return round(LEFT + (self.right - LEFT) * (one - self.first).days / span, 1)

    def y(self, share: float) -> float:
        return round(TOP + PLOT_HEIGHT * (1 - min(MOST_SHARE, max(0.0, share)) / MOST_SHARE), 1)


def chart_summary(one: Outlook) -> str:
    """The drawing in words; empty where there is none."""
    shares = _shares(one)
    if len(shares) < 2:
        return ""
    (first, _), (last, newest) = shares[0], shares[-1]
    most = max(share for _, share in shares)
    said = (
        f"Share of the capacity in the busiest hour of each week, {day(first)} to {day(last)}: {percent(shares[0][1])} "
        f"at first, {percent(newest)} last, {percent(most)} at most."
    )
    if isinstance(one.forecast, Forecast):
        low, high = percent(one.forecast.low).removesuffix(" %"), percent(one.forecast.high)
        said += f" Forecast for the week of {day(one.forecast.at_week)}: {low} to {high}."
    return said


def uplink_chart(one: Outlook, *, width: float = WIDE, kind: str = "") -> str:
    """The drawing as SVG, `width` pixels wide; empty where fewer than two weeks are known. `kind` is its class."""
    everything = _shares(one)
    if len(everything) < 2:
        return ""
    path = one.forecast.path if isinstance(one.forecast, Forecast) else ()
    shares = _recent(everything, days=MOST_DAYS.get(width, MOST_DAYS[WIDE]))
    last = path[-1].week if path else shares[-1][0]
    beside = 150.0 if width >= 600 else 12.0
    frame = _Frame(first=shares[0][0], last=last, right=width - beside)
    marks = [
        *_months(frame),
        *_limits(frame, _capacity(one), wide=width >= 600),
        *_changes(one.weeks, frame),
        *_forecast(shares[-1], path, frame),
        *_load(shares, frame),
        *_ends(shares[-1], path, frame, wide=width >= 600),
    ]
    named = f' class="{kind}"' if kind else ""
    return (
        f'<svg{named} width="{width:g}" height="{HEIGHT:g}" viewBox="0 0 {width:g} {HEIGHT:g}" font-size="11.5" '
        f'role="img" aria-label={quoteattr(chart_summary(one))}>{"".join(marks)}</svg>'
    )


def _shares(one: Outlook) -> list[tuple[date, float]]:
    found = ((week.week, week.busy_share(one.direction)) for week in one.weeks)
    return [(week, share) for week, share in found if share is not None]


def _recent(shares: Sequence[tuple[date, float]], *, days: int) -> Sequence[tuple[date, float]]:
    first = shares[-1][0] - timedelta(days=days)
    kept = [one for one in shares if one[0] >= first]
    return kept if len(kept) > 1 else shares[-2:]


def _capacity(one: Outlook) -> int | None:
    return one.newest.capacity_mbps if one.newest else None


def _months(frame: _Frame) -> Iterator[str]:
    """A tick at the first of months, as many as have room for their names."""
    days = (frame.last - frame.first).days
    pixels = frame.right - LEFT
    step = next((one for one in (1, 2, 3, 6, 12) if pixels * 30 * one / max(1, days) >= 52), 12)
    bottom = TOP + PLOT_HEIGHT
    month = frame.first.replace(day=1)
    while (month := (month + timedelta(days=32)).replace(day=1)) <= frame.last:
        if (month.month - 1) % step or frame.x(month) > frame.right - 14:
            continue
        x = frame.x(month)
        label = f"{month:%b}" if month.month > step else f"{month:%b %Y}"
        yield f'<path fill="none" stroke="{_SOFT}" d="M{x} {bottom:g}v5"/>'
        yield _text(x, bottom + 18, label, _SOFT)


def _limits(frame: _Frame, capacity: int | None, *, wide: bool) -> Iterator[str]:
    for share in (0.0, 0.5):
        yield f'<path fill="none" stroke="{_LINE}" d="M{LEFT:g} {frame.y(share)}H{frame.right:g}"/>'
        yield _text(LEFT - 6, frame.y(share) + 4, percent(share), _SOFT, anchor="end")
    y, act = frame.y(1), frame.y(_ACT)
    yield f'<path fill="none" stroke="{_SOFT}" stroke-width="1.5" d="M{LEFT:g} {y}H{frame.right:g}"/>'
    yield (
        f'<path fill="none" stroke="{_FULL}" stroke-width="1.25" stroke-dasharray="7 3" '
        f'd="M{LEFT:g} {act}H{frame.right:g}"/>'
    )
    carries = f"{capacity:,} Mbit/s" if capacity else "capacity"
    yield _text(LEFT - 6, y + 4, "100 %", _SOFT, anchor="end")
    yield _text(LEFT - 6, act + 4, percent(_ACT), _FULL, anchor="end", kind="full")
    if wide:
        yield _text(frame.right + 8, y + 4, f"all of {carries}", _SOFT)
        yield _text(frame.right + 8, act + 4, "act from here on", _FULL, kind="full")
    else:
        yield _text(LEFT + 4, y + 13, f"all of {carries}", _SOFT, halo=_SHEET)


def _changes(weeks: Sequence[UplinkWeek], frame: _Frame) -> Iterator[str]:
    """Where the capacity became another one."""
    known = [one for one in weeks if one.capacity_mbps and one.week >= frame.first]
    for before, after in pairwise(known):
        if before.capacity_mbps != after.capacity_mbps:
            x = frame.x(after.week)
            yield (
                f'<path fill="none" stroke="{_SOFT}" stroke-dasharray="2 3" d="M{x} {TOP:g}V{TOP + PLOT_HEIGHT:g}"/>'
            )
            words = f"{before.capacity_mbps:,} to {after.capacity_mbps:,} Mbit/s"
            end = x > (LEFT + frame.right) / 2
            yield _text(
                x + (-4 if end else 4),
                frame.y(0) - 5,
                words,
                _SOFT,
                anchor="end" if end else "",
                halo=_SHEET,
            )


def _load(shares: Sequence[tuple[date, float]], frame: _Frame) -> Iterator[str]:
    """A line through weeks that follow one another, and a dot for each: vacations and missing weeks are gaps."""
    line, dots, before = [], [], None
    for week, share in shares:
        at = f"{frame.x(week)} {frame.y(share)}"
        line.append(f"{'L' if before is not None and week - before <= _WEEK else 'M'}{at}")
        dots.append(f"M{at}h0")
        before = week
    drawn = f'fill="none" stroke="{_LOAD}"'
    yield f'<path {drawn} stroke-width="1.75" stroke-linejoin="round" d="{"".join(line)}"/>'
    yield f'<path {drawn} stroke-width="4.5" stroke-linecap="round" d="{"".join(dots)}"/>'


def _forecast(newest: tuple[date, float], path: Sequence[Ahead], frame: _Frame) -> Iterator[str]:
    if not path:
        return
    above = [f"{frame.x(one.week)} {frame.y(one.high)}" for one in path]
    below = [f"{frame.x(one.week)} {frame.y(one.low)}" for one in reversed(path)]
    expected = "L".join(f"{frame.x(one.week)} {frame.y(one.expected)}" for one in path)
    start = f"{frame.x(newest[0])} {frame.y(newest[1])}"
    yield f'<path fill="{_LOAD}" fill-opacity=".18" d="M{start}L{"L".join(above + below)}z"/>'
    yield f'<path fill="none" stroke="{_LOAD}" stroke-width="1.5" stroke-dasharray="4 3" d="M{expected}"/>'


def _ends(newest: tuple[date, float], path: Sequence[Ahead], frame: _Frame, *, wide: bool) -> Iterator[str]:
    """The newest share, and what the forecast comes to, as numbers beside their marks."""
    if not path:
        x, y = frame.x(newest[0]), frame.y(newest[1])
        yield _text(
            x + 8 if wide else x,
            _clear_of_limits(frame, newest[1]) if wide else y - 8,
            percent(newest[1]),
            _INK,
            kind="strong",
            anchor="" if wide else "end",
            halo=_SHEET,
        )
        return
    yield _text(
        frame.x(newest[0]),
        frame.y(newest[1]) - 8,
        percent(newest[1]),
        _INK,
        kind="strong",
        anchor="end",
        halo=_SHEET,
    )
    end = path[-1]
    words = f"{percent(end.low).removesuffix(' %')} to {percent(end.high)}"
    if wide:
        yield _text(frame.right + 8, _clear_of_limits(frame, end.expected), words, _INK, kind="strong")
    else:
        yield _text(frame.right, frame.y(end.low) + 14, words, _INK, kind="strong", anchor="end", halo=_SHEET)


def _clear_of_limits(frame: _Frame, share: float) -> float:
    """The height of words at the right end, moved off those of the limits."""
    y = frame.y(share) + 4
    limit = min((frame.y(1) + 4, frame.y(_ACT) + 4), key=lambda one: abs(y - one))
    if abs(y - limit) < 14:
        y = limit + (14 if y >= limit else -14)
    return round(y, 1)


def _text(x: float, y: float, words: str, colour: str, *, anchor: str = "", kind: str = "", halo: str = "") -> str:
    """Words at a place. `kind` is ``strong`` or ``full``, which the board's style sheet knows, too."""
    more = f' text-anchor="{anchor}"' if anchor else ""
    more += f' class="{kind}" font-weight="600"' if kind else ""
    more += f' paint-order="stroke" stroke="{halo}" stroke-width="4" stroke-linejoin="round"' if halo else ""
    return f'<text x="{x:g}" y="{y:g}" fill="{colour}"{more}>{escape(words)}</text>'
