"""What is usual for a target: its baseline round trip, from the shortest ones of the bins of the last school days.

The baseline of a room's target is the 5th percentile of the shortest round trips of bins over 14 school days, known
from three bins on (science.md 4.3 and 6.5).
"""

from collections.abc import Mapping
from datetime import date

from collector.verdict.topology import RoomKey
from wire.histogram import Histogram

DAYS = 14
FEWEST_BINS = 3
SHARE = 0.05

Measured = tuple[str, str]
"""(target, method)"""


class Baselines:
    """The baselines of a district. School days are added in any order; only the last `DAYS` of a room count."""

    def __init__(self) -> None:
        self._days: dict[RoomKey, dict[date, dict[Measured, Histogram]]] = {}
        self._known: dict[tuple[RoomKey, Measured], float | None] = {}

    def usual_ms(self, room: RoomKey, measured: Measured) -> float | None:
        """The baseline in milliseconds; ``None`` while fewer than three bins are known."""
        key = (room, measured)
        if key not in self._known:
            merged = Histogram()
            for minima in self._days.get(room, {}).values():
                merged.merge(minima.get(measured, Histogram()))
            us = merged.quantile(SHARE) if merged.total >= FEWEST_BINS else None
            self._known[key] = None if us is None else us / 1000
        return self._known[key]

    def add_bin(self, room: RoomKey, day: date, measured: Measured, min_us: float) -> None:
        """Count the shortest round trip of a bin of `day`."""
        self._of(room, day).setdefault(measured, Histogram()).add(round(min_us))
        self._known.pop((room, measured), None)

    def set_day(self, room: RoomKey, day: date, minima: Mapping[Measured, Histogram]) -> None:
        """What all bins of `day` had, in place of what was counted of it."""
        of_day = self._of(room, day)
        for measured in {*of_day, *minima}:
            self._known.pop((room, measured), None)
        of_day.clear()
        of_day.update(minima)

    def _of(self, room: RoomKey, day: date) -> dict[Measured, Histogram]:
        days = self._days.setdefault(room, {})
        if day not in days:
            days[day] = {}
            for old in sorted(days)[:-DAYS]:
                for measured in days.pop(old):
                    self._known.pop((room, measured), None)
        return days.get(day, {})
