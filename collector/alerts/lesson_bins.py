"""The lesson time that a rule looks back over: bins of lessons alone, put one after the other.

Breaks, nights and weekends are no time at all here: the last bin of Friday stands before the first of Monday. A window
reaches back over the lessons of the day and of the one school day before it, and over no more than four calendar days
between the two: what was so before a vacation says nothing of the day after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.district.calendar import Calendar, Lesson, bin_start
from collector.verdict.bins import RoomBin
from collector.verdict.marks import speaks

BRIDGES = timedelta(days=4)
"""A long weekend is bridged, a vacation is not (our choice)."""

BAD, FINE, THIN, NONE = "B", "g", "?", "."
"""What a room's bin is to the rules: bad, not bad, awake and too little measured, nobody awake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonBins:
    """The newest lesson bins of a site that can have been judged, ascending. `today` is the place of the first one of
    the newest school day among them, `seconds` the length of each."""

    starts: tuple[datetime, ...]
    today: int
    seconds: int

    @property
    def end(self) -> datetime | None:
        """When the newest of them ended; ``None`` without any."""
        return self.starts[-1] + timedelta(seconds=self.seconds) if self.starts else None

    def count(self, seconds: float) -> int:
        """How many bins are that much lesson time, two at the least."""
        return max(2, round(seconds / self.seconds))

    def marks(self, bins: Sequence[RoomBin], *, after: datetime | None = None) -> str:
        """A letter for each start, of a room's `bins` (ascending). Those that began before `after` are left out, as if
        nobody had been awake: what was told of once is no evidence for telling again. A longer bin, from before they
        were made shorter, speaks for each start within it."""
        letters = [NONE] * len(self.starts)
        if not self.starts:
            return ""
        place = len(letters) - 1
        oldest = self.starts[0] if after is None else max(after, self.starts[0])
        for one in reversed(bins):
            if one.started_at < oldest:
                break
            end = one.started_at + timedelta(seconds=one.seconds)
            while place >= 0 and self.starts[place] >= end:
                place -= 1
            while place >= 0 and self.starts[place] >= one.started_at:
                letters[place] = letter(one)
                place -= 1
        return "".join(letters)


def letter(one: RoomBin) -> str:
    """What a bin is to the rules. One that its machine could not measure is ``?``: it says nothing of the network."""
    if not speaks(one):
        return THIN
    return BAD if one.is_bad else FINE


def lesson_bins(calendar: Calendar, until: datetime, *, seconds: int, reach: float) -> LessonBins:
    """The lesson bins that ended by `until` and together last `reach` seconds, fewer where the two newest school days
    have fewer."""
    wanted = max(2, round(reach / seconds))
    last = calendar.local_day(until)
    days: list[list[datetime]] = []
    day = last
    while len(days) < 2 and last - day <= BRIDGES:
        of_day = [start for one in calendar.lessons_on(day) for start in _starts(one, until, seconds)]
        if of_day:
            days.append(of_day)
            last = last if days[1:] else day
        day -= timedelta(days=1)
    starts = [start for of_day in reversed(days) for start in of_day]
    cut = max(0, len(starts) - wanted)
    today = len(days[1]) if days[1:] else 0
    return LessonBins(starts=tuple(starts[cut:]), today=max(0, today - cut), seconds=seconds)


def _starts(lesson: Lesson, until: datetime, seconds: int) -> list[datetime]:
    """The starts of the bins whose middle lies in `lesson` and that ended by `until`."""
    length = timedelta(seconds=seconds)
    start = bin_start(lesson.started_at - length / 2, seconds)
    found = []
    while start + length / 2 < lesson.ended_at and start + length <= until:
        if start + length / 2 >= lesson.started_at:
            found.append(start)
        start += length
    return found
