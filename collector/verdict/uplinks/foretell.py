"""The forecast of one uplink, or the first reason why there is none (science.md 5.2 and 5.3)."""

from collections.abc import Sequence
from datetime import date

from collector.verdict.uplinks.conformal import half_width, past_forecasts
from collector.verdict.uplinks.level_shift import after_the_jumps
from collector.verdict.uplinks.outlook import LEVEL_SHARES, Ahead, Forecast, NoForecast, Refusal
from collector.verdict.uplinks.series import Series
from collector.verdict.uplinks.trend import Trend, theil_sen

HORIZONS = (26, 12, 4)
"""Weeks of lessons, the longest first; the first that is not refused is the forecast. Orders take longer than half a
year of lessons, so what is beyond is told as headroom and scenarios, not as a forecast (science.md 5.3)."""

MORE_THAN_HORIZON = 9
"""Six weeks for the first line and four of its kind that came true or not, which share their weeks but for three:
what an interval of 80 % needs."""

NEEDED = HORIZONS[-1] + MORE_THAN_HORIZON
MOST_MISSING = 0.25
SATURATED = 0.93
WIDEST = 0.4
"""Of the capacity: what is wider says nothing to act on."""


def foretell(whole: Series, since_capacity: int, ahead: Sequence[date]) -> Forecast | NoForecast:
    """What `whole`, of which the capacity is known, tells of the weeks `ahead`. `since_capacity` is the index of the
    known week from which on the capacity is what it is now."""
    alike = whole.since(since_capacity)
    if whole.known < NEEDED:
        return _too_few("too_few_weeks", whole, ahead)
    if alike.known < NEEDED:
        return _too_few("capacity_changed", alike, ahead)
    window = alike.since(after_the_jumps(alike.x, alike.y))
    if window.known < NEEDED:
        return _too_few("level_shifted", window, ahead)
    if window.missing_share > MOST_MISSING:
        return _refused("missing_weeks", window)
    if window.lately_at(SATURATED):
        return _refused("saturated", window)
    trend = theil_sen(window.x, window.y)
    if not trend.told:
        return _refused("no_trend", window)
    return _farthest(window, trend, ahead)


def _farthest(window: Series, trend: Trend, ahead: Sequence[date]) -> Forecast | NoForecast:
    """The forecast with the longest horizon that has enough behind it, reaches over at most half of the history, would
    have been nearer in the past than "it stays as it is", and is no wider than is worth telling. No line is followed to
    where it would be below nothing."""
    past, last = past_forecasts(window.x, window.y), len(window.steps) - 1
    refusal: Refusal = "missing_weeks"
    for horizon in HORIZONS:
        if window.known < horizon + MORE_THAN_HORIZON or len(window.steps) < 2 * horizon:
            continue
        halves = [half_width(past.scores(step + window.gap)) for step in range(1, horizon + 1)]
        if halves[-1] is None:
            continue
        reach = horizon + window.gap
        no_better = past.scores(reach).sum() >= past.scores_of_no_change(reach).sum()
        if no_better or trend.at(last + horizon) <= 0:
            refusal = "no_trend"
        elif 2 * halves[-1] > WIDEST:
            refusal = "too_wide"
        else:
            return _told(window, trend, [one or 0.0 for one in halves], ahead)
    return _refused(refusal, window)


def _told(window: Series, trend: Trend, halves: Sequence[float], ahead: Sequence[date]) -> Forecast:
    last, widest = len(window.steps) - 1, 0.0
    path = []
    for step, half in enumerate(halves, 1):
        widest = max(widest, half)
        expected = trend.at(last + step)
        path.append(
            Ahead(
                week=ahead[step - 1],
                expected=_carried(expected),
                low=_carried(expected - widest),
                high=_carried(expected + widest),
            )
        )
    full = LEVEL_SHARES["act"]
    end = path[-1]
    return Forecast(
        horizon_weeks=len(path),
        at_week=end.week,
        expected=end.expected,
        low=end.low,
        high=end.high,
        slope=trend.slope,
        slope_low=trend.low,
        slope_high=trend.high,
        crosses_from=next((one.week for one in path if one.high >= full), None),
        crosses_until=next((one.week for one in path if one.low >= full), None),
        path=tuple(path),
        since=window.steps[0],
    )


def _carried(share: float) -> float:
    return min(1.0, max(0.0, share))


def _refused(reason: Refusal, window: Series) -> NoForecast:
    return NoForecast(reason=reason, known_weeks=window.known, since=window.steps[0])


def _too_few(reason: Refusal, window: Series, ahead: Sequence[date]) -> NoForecast:
    return NoForecast(
        reason=reason,
        known_weeks=window.known,
        needed_weeks=NEEDED,
        since=window.steps[0],
        possible_from=ahead[NEEDED - window.known - 1],
    )
