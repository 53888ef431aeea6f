"""What all uplinks tell, worked out once for each week that is over and kept until one of its weeks changes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from threading import Lock
from time import monotonic
from typing import Protocol

from collector.district.calendar import Calendar
from collector.district.district import District
from collector.uplinks.listed import listed_uplinks
from collector.uplinks.school_weeks import school_weeks
from collector.verdict.uplinks.load import UplinkWeek, site_of_uplink
from collector.verdict.uplinks.look_ahead import outlook
from collector.verdict.uplinks.outlook import Outlook

LOOK_BACK = timedelta(weeks=3 * 52)
"""Three years: what was before tells little of what is to come."""

LOOK_AHEAD = timedelta(weeks=2 * 52)

FRESH_SECONDS = 300
"""How long weeks that were read are believed where nobody says that they changed: another collector may write them."""


class UplinkWeeks(Protocol):
    """What is asked of a store about uplinks."""

    def weeks_between(
        self, first: date, last: date, *, uplink: str | None = None
    ) -> Mapping[str, Sequence[UplinkWeek]]:
        """Per uplink, its weeks whose Mondays lie from `first` to `last`, both included, ascending."""
        ...


class WeekStore(Protocol):
    """What is asked of a store."""

    @property
    def uplinks(self) -> UplinkWeeks:
        """What it keeps of uplinks."""
        ...

    def newest_week(self) -> date | None:
        """The Monday of the newest week of rooms that was written; ``None`` when none was."""
        ...


class Outlooks:
    """The outlooks of one district. May be asked by any thread; every question may raise `StoreUnavailable`.

    `today` says which local day it is.
    """

    def __init__(
        self,
        store: WeekStore,
        district: District,
        *,
        today: Callable[[], date],
        elapsed_s: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._district = district
        self._today = today
        self._elapsed_s = elapsed_s
        self._lock = Lock()
        self._kept: dict[str, tuple[date, Sequence[UplinkWeek], Outlook]] = {}
        self._read: tuple[float, date, Mapping[str, Outlook]] | None = None

    def newest(self) -> tuple[date | None, Mapping[str, Outlook]]:
        """The newest week that is over, of rooms or of uplinks, and what all uplinks tell after it: the district's
        first, then its sites' in their order. ``None`` before the first such week."""
        with self._lock:
            if self._read is not None and self._elapsed_s() - self._read[0] < FRESH_SECONDS:
                return self._read[1:]
            today = self._today()
            found = self._store.uplinks.weeks_between(today - LOOK_BACK, today)
            ends = [weeks[-1].week for weeks in found.values() if weeks]
            ends += [one for one in (self._store.newest_week(),) if one is not None]
            if not ends:
                return None, {}
            through = max(ends)
            told = dict(self._look(found, through, kept=self._kept))
            self._read = self._elapsed_s(), through, told
            return through, told

    def forget(self) -> None:
        """Weeks have been written: read them again when asked next. What did not change is not worked out again."""
        with self._lock:
            self._read = None

    def of_week(self, through: date) -> Mapping[str, Outlook]:
        """What all uplinks told after the lessons of the week `through`, whichever that is."""
        newest, told = self.newest()
        if newest == through:
            return told
        found = self._store.uplinks.weeks_between(through - LOOK_BACK, through)
        return dict(self._look(found, through, kept={}))

    def _look(
        self,
        found: Mapping[str, Sequence[UplinkWeek]],
        through: date,
        *,
        kept: dict[str, tuple[date, Sequence[UplinkWeek], Outlook]],
    ) -> Iterator[tuple[str, Outlook]]:
        taught: dict[tuple[int, ...], list[date]] = {}
        for uplink in self._uplinks(found):
            weeks = found.get(uplink, ())
            before = kept.get(uplink)
            if before is None or before[0] != through or before[1] != weeks:
                calendars = self._calendars(uplink)
                key = tuple(map(id, calendars))
                if key not in taught:
                    taught[key] = school_weeks(calendars, through - LOOK_BACK, through + LOOK_AHEAD)
                before = through, weeks, outlook(uplink, weeks, school_weeks=taught[key], through=through)
                kept[uplink] = before
            yield uplink, before[2]

    def _uplinks(self, found: Mapping[str, Sequence[UplinkWeek]]) -> list[str]:
        """Those that are counted, or whose capacity somebody has written down."""
        listed = listed_uplinks(self._district)
        strays = sorted(one for one in found if one not in listed)
        return [one for one, capacity in listed.items() if found.get(one) or capacity] + strays

    def _calendars(self, uplink: str) -> Sequence[Calendar]:
        district = self._district
        site = site_of_uplink(uplink)
        if site is None:
            return district.calendars or (district.calendar,)
        return (district.calendar_of(site),)
