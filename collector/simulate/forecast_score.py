"""How often forecasts of uplinks hold, counted over made-up uplinks whose future is known."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import numpy as np

from collector.simulate.figures import Figure, all_hold, figure_json, markdown, percent
from collector.simulate.made_up_uplinks import JUMPS_A_YEAR, Grows, MadeUpUplink, made_up_uplinks, school_weeks
from collector.simulate.runs import Spread
from collector.verdict.uplinks.foretell import HORIZONS
from collector.verdict.uplinks.look_ahead import outlook
from collector.verdict.uplinks.outlook import LEVEL_SHARES, Forecast, Refusal

COVERED = (0.77, 0.93)
"""Between what shares of the truth intervals of 80 % are to hold: less would be a false promise, more too cautious."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was said of one made-up uplink. Of a forecast: whether its interval `held`, its `width`, a share of the
    capacity, whether that ends `below` all of it, and whether the load crossed 80 % within the range of weeks that was
    named (``None`` where that has not two ends). `restarted` says that only weeks after a jump or an upgrade were
    taken."""

    grows: Grows
    jumps_a_year: float
    jumped: bool
    upgraded: bool
    refusal: Refusal | None
    restarted: bool
    horizon: int = 0
    held: bool = False
    width: float = 0.0
    below: bool = False
    crossed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastScore:
    """The figures, how many uplinks were refused for what, and the widths of intervals that end below
    the capacity by horizon: the 10th, the 50th and the 90th percentile."""

    figures: tuple[Figure, ...]
    refusals: dict[Refusal, int]
    uplinks: int
    widths: dict[int, tuple[float, float, float]]

    @property
    def holds(self) -> bool:
        """Whether all its bounds hold."""
        return all_hold(self.figures)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "holds": self.holds,
            "uplinks": self.uplinks,
            "figures": [figure_json(one) for one in self.figures],
            "refusals": dict(self.refusals),
            "widths": {str(horizon): widths for horizon, widths in self.widths.items()},
        }


def forecast_score(seeds: Sequence[int], uplinks: int, spread: Spread) -> ForecastScore:
    """Look at so many uplinks, shared out among `seeds`, and count."""
    share = -(-uplinks // len(seeds))
    told = [one for run in spread(partial(_one_run, share), seeds) for one in run]
    forecasts = [one for one in told if one.refusal is None]
    reasons = Counter(one.refusal for one in told if one.refusal is not None)
    return ForecastScore(
        figures=tuple(_figures(told, forecasts)),
        refusals={reason: reasons[reason] for reason in get_args(Refusal)},
        uplinks=len(told),
        widths={
            horizon: _widths(one for one in forecasts if one.horizon == horizon and one.below)
            for horizon in sorted(HORIZONS)
        },
    )


def _one_run(uplinks: int, seed: int) -> list[Told]:
    return [_told(one) for one in made_up_uplinks(seed, uplinks)]


def _told(made_up: MadeUpUplink) -> Told:
    found = outlook("site:made-up", made_up.weeks, school_weeks=school_weeks(), through=made_up.through)
    ahead = found.forecast
    known = min((one.week for one in made_up.weeks), default=None)
    said = partial(
        Told,
        grows=made_up.grows,
        jumps_a_year=made_up.jumps_a_year,
        jumped=made_up.jumped,
        upgraded=made_up.upgraded,
        restarted=ahead.since is not None and ahead.since != known,
    )
    if not isinstance(ahead, Forecast):
        return said(refusal=ahead.reason)
    return said(
        refusal=None,
        horizon=ahead.horizon_weeks,
        held=bool(ahead.low <= made_up.demand[ahead.horizon_weeks - 1] <= ahead.high),
        width=ahead.high - ahead.low,
        below=ahead.high < 1,
        crossed=_crossed(made_up, ahead),
    )


def _crossed(made_up: MadeUpUplink, ahead: Forecast) -> bool | None:
    if ahead.crosses_from is None or ahead.crosses_until is None:
        return None
    weeks = [one.week for one in ahead.path]
    first, last = weeks.index(ahead.crosses_from), weeks.index(ahead.crosses_until)
    full = made_up.level >= LEVEL_SHARES["act"]
    return bool(full.any()) and first <= int(np.argmax(full)) <= last


def _figures(told: Sequence[Told], forecasts: Sequence[Told]) -> Iterator[Figure]:
    def held(name: str, of: Callable[[Told], bool], **bound: Any) -> Figure:
        chosen = [one for one in forecasts if of(one)]
        return Figure(name=name, hits=sum(one.held for one in chosen), n=len(chosen), room_weeks=len(told), **bound)

    def counted(name: str, among: Sequence[Told], of: Callable[[Told], bool]) -> Figure:
        return Figure(name=name, hits=sum(map(of, among)), n=len(among), room_weeks=len(told))

    yield held("intervals that held the truth", lambda _: True, bound=COVERED[0])
    yield held("the same, not too often", lambda _: True, bound=COVERED[1], side="at most")
    yield held("where the interval ends below the capacity", lambda one: one.below)
    for horizon in sorted(HORIZONS):
        yield held(f"{horizon} weeks of lessons ahead", lambda one, weeks=horizon: one.horizon == weeks)  # type: ignore[misc]
    for rate, words in zip(JUMPS_A_YEAR, ("never", "once in four years", "once in two years"), strict=True):
        yield held(f"where the load jumps {words}", lambda one, rate=rate: one.jumps_a_year == rate)  # type: ignore[misc]
    for grows in get_args(Grows):
        yield held(f"where the load {grows}", lambda one, grows=grows: one.grows == grows)  # type: ignore[misc]
    crossings = [one for one in forecasts if one.crossed is not None]
    yield counted("crossings of 80 % between the weeks that were named", crossings, lambda one: bool(one.crossed))
    flat = [one for one in told if one.grows == "stays"]
    yield counted("a forecast although there is no trend", flat, lambda one: one.refusal is None)
    growing = [one for one in told if one.grows == "grows"]
    yield counted("a forecast where the load grows", growing, lambda one: one.refusal is None)
    same = [one for one in told if not one.jumped and not one.upgraded]
    yield counted("a jump seen although there was none", same, lambda one: one.restarted)


def _widths(forecasts: Iterable[Told]) -> tuple[float, float, float]:
    widths = [one.width for one in forecasts]
    low, middle, high = np.percentile(widths, [10, 50, 90]).tolist() if widths else (0.0, 0.0, 0.0)
    return low, middle, high


def forecast_text(of: ForecastScore) -> str:
    """Its tables, in Markdown."""
    head = ("", "share", "95 % interval", "counted", "bound", "holds")
    figures = markdown(head, [(*cells[:4], *cells[5:]) for cells in (one.cells() for one in of.figures)])
    reasons = [
        ("told", f"{of.uplinks - sum(of.refusals.values()):,}", percent(1 - sum(of.refusals.values()) / of.uplinks)),
        *((reason, f"{count:,}", percent(count / of.uplinks)) for reason, count in of.refusals.items()),
    ]
    widths = [(f"{horizon} weeks of lessons", *(percent(one) for one in found)) for horizon, found in of.widths.items()]
    return "\n\n".join(
        [
            "### Forecasts of uplinks",
            figures,
            f"What {of.uplinks:,} uplinks were told, or why they were told nothing:",
            markdown(("", "uplinks", "share"), reasons),
            "Widths of the intervals that end below the capacity, as shares of it:",
            markdown(("ahead", "10th percentile", "median", "90th percentile"), widths),
        ]
    )
