"""An uplink as the page shows it: words, and two bars on one scale, how full it is and how full it will be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.brief.brief import BriefUplink
from collector.verdict.uplinks.outlook import Forecast, Level
from collector.verdict.uplinks.words import LEVEL_WORDS
from collector.verdict.week_sentence import percent

FULL = 0.8
"""The mark on each bar: above it there is no room left for what nobody planned (science.md 5.1)."""

MOST_WEEKS = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A stretch of the scale, as shares 0..1 of the capacity, cut off at its end; `text` is what it stands for."""

    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkCard:
    """One uplink. `now` is ``None`` where load or capacity is not known, `then` where there is no forecast. `history`
    are the newest weeks, at most `MOST_WEEKS`, ``None`` not counted; `history_words` is empty with fewer than two."""

    name: str
    level: Level
    level_word: str
    says: str
    ahead: str
    scenarios: tuple[str, ...]
    capacity: str
    now: Range | None
    then: Range | None
    then_label: str
    history: tuple[float | None, ...]
    history_words: str


def most_urgent(uplinks: Iterable[BriefUplink]) -> list[BriefUplink]:
    """`uplinks`, the fullest kind first, else in their order."""
    order = list(LEVEL_WORDS)
    return sorted(uplinks, key=lambda one: order.index(one.outlook.level))


def uplink_card(one: BriefUplink) -> UplinkCard:
    """The words and bars of one."""
    outlook = one.outlook
    newest = outlook.newest
    share = newest.busy_share(outlook.direction) if newest else None
    ahead = outlook.forecast
    capacity = newest.capacity_mbps if newest else None
    history = [week.busy_share(outlook.direction) for week in outlook.weeks[-MOST_WEEKS:]]
    return UplinkCard(
        name=one.name,
        level=outlook.level,
        level_word=LEVEL_WORDS[outlook.level],
        says=one.says,
        ahead=one.ahead,
        scenarios=one.scenarios,
        capacity=f"{capacity:,} Mbit/s" if capacity else "",
        now=None if share is None else Range(low=0.0, high=_cut(share), text=percent(share)),
        then=_range(ahead) if isinstance(ahead, Forecast) and share is not None else None,
        then_label=f"Week of {ahead.at_week.day} {ahead.at_week:%b}" if isinstance(ahead, Forecast) else "",
        history=tuple(None if one is None else _cut(one) for one in history),
        history_words=_history_words(history),
    )


def _range(ahead: Forecast) -> Range:
    low, high = percent(max(0.0, ahead.low)), percent(ahead.high)
    return Range(low=_cut(ahead.low), high=_cut(ahead.high), text=f"{low.removesuffix(' %')} to {high}")


def _history_words(history: Sequence[float | None]) -> str:
    known = [one for one in history if one is not None]
    if len(known) < 2:
        return ""
    first, last, most = (percent(one) for one in (known[0], known[-1], max(known)))
    return f"Last {len(history)} weeks: from {first} to {last}, at most {most}."


def _cut(share: float) -> float:
    return min(1.0, max(0.0, share))
