"""What is usual for a target: its baseline round trip, from the shortest ones of the bins of the last school days.

The baseline of a room's target is the 5th percentile of the shortest round trips of bins over 14 school days, known
from three bins on (science.md 4.3 and 6.5). All agents of a room count, each with its own shortest: a target is as far
from one machine as from another, but for what the room's own access adds.

Of 5,000 rooms with three targets there are 210,000 such days. Only those of today are kept as histograms, the others as
their text, and what they add up to for the rooms that were asked about (``tests/bench`` measures it).
"""

from collections.abc import Iterable, Mapping
from datetime import date

from collector.verdict.bins import LatencySummary
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
        self._days: dict[RoomKey, dict[date, dict[Measured, Histogram | str]]] = {}
        self._others: dict[tuple[RoomKey, Measured], Histogram] = {}
        self._known: dict[tuple[RoomKey, Measured], float | None] = {}
        self._open: date | None = None

    def usual_ms(self, room: RoomKey, measured: Measured) -> float | None:
        """The baseline in milliseconds; ``None`` while fewer than three bins are known."""
        key = (room, measured)
        if key not in self._known:
            merged = self._but_today(room, measured)
            today = self._days.get(room, {}).get(self._open, {}).get(measured) if self._open else None
            if today is not None:
                merged = Histogram(merged.counts)
                merged.merge(_read(today))
            us = merged.quantile(SHARE) if merged.total >= FEWEST_BINS else None
            self._known[key] = None if us is None else us / 1000
        return self._known[key]

    def add_bin(self, room: RoomKey, day: date, measured: Measured, min_us: float) -> None:
        """Count the shortest round trip of a bin of `day`, in microseconds."""
        self._open_day(day)
        of_day = self._of(room, day)
        if of_day is None:
            return
        minima = _read(of_day.get(measured, ""))
        minima.add(min_us)
        of_day[measured] = minima if day == self._open else minima.to_text()
        self._forget(room, measured, also_others=day != self._open)

    def set_day(self, room: RoomKey, day: date, minima: Mapping[Measured, Histogram]) -> None:
        """What all bins of `day` had, in place of what was counted of it."""
        of_day = self._of(room, day)
        if of_day is None:
            return
        for measured in {*of_day, *minima}:
            self._forget(room, measured, also_others=True)
        of_day.clear()
        of_day.update({measured: one.to_text() for measured, one in minima.items()})

    def of_day(self, room: RoomKey, day: date) -> Mapping[Measured, Histogram]:
        """What was counted of `day`."""
        of_day = self._days.get(room, {}).get(day, {})
        return {measured: Histogram(_read(one).counts) for measured, one in of_day.items()}

    def _but_today(self, room: RoomKey, measured: Measured) -> Histogram:
        key = (room, measured)
        if key not in self._others:
            merged = Histogram()
            for day, of_day in self._days.get(room, {}).items():
                if day != self._open and measured in of_day:
                    merged.merge(_read(of_day[measured]))
            self._others[key] = merged
        return self._others[key]

    def _open_day(self, day: date) -> None:
        """Keep the histograms of the newest day as they are, because each of its bins adds to them."""
        if self._open is not None and day <= self._open:
            return
        for days in self._days.values():
            of_day = days.get(self._open, {}) if self._open else {}
            for measured, one in of_day.items():
                of_day[measured] = one if isinstance(one, str) else one.to_text()
        self._open = day
        self._others.clear()

    def _forget(self, room: RoomKey, measured: Measured, *, also_others: bool) -> None:
        self._known.pop((room, measured), None)
        if also_others:
            self._others.pop((room, measured), None)

    def _of(self, room: RoomKey, day: date) -> dict[Measured, Histogram | str] | None:
        """What is counted of `day`; ``None`` where it is too old to count."""
        days = self._days.setdefault(room, {})
        if day not in days:
            days[day] = {}
            for old in sorted(days)[:-DAYS]:
                for measured in days.pop(old):
                    self._forget(room, measured, also_others=True)
        return days.get(day)


def minima(summaries: Iterable[LatencySummary]) -> Iterable[tuple[Measured, float]]:
    """The shortest round trips in microseconds that a bin adds to what is usual, as `Baselines.add_bin` takes them."""
    for one in summaries:
        us = one.histogram.quantile(0)
        if us is not None:
            yield (one.target, one.method), us


def _read(one: Histogram | str) -> Histogram:
    return Histogram.from_text(one) if isinstance(one, str) else one
