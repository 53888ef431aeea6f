"""A store on which nothing is written: what would be is read back from memory, so that one can see what comes of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from collector.store.protocol import Store
from collector.verdict.bins import RoomBin
from collector.verdict.days import RoomDay, SiteDay
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek
from wire.histogram import Histogram


class Unwritten:
    """As a `Store`, as far as judging again goes. Days that are read back have no histograms."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._days: dict[date, dict[RoomKey, RoomDay]] = defaultdict(dict)
        self._weeks: dict[date, dict[RoomKey, RoomWeek]] = defaultdict(dict)

    def write_bins(self, bins: Sequence[RoomBin], *, judged_through: datetime | None) -> None:
        """Nothing: nobody reads them again."""

    def write_days(self, rooms: Sequence[RoomDay], sites: Sequence[SiteDay]) -> None:  # noqa: ARG002
        """Keep the rooms' days in memory."""
        for one in rooms:
            self._days[one.day][one.site, one.room] = replace(one, histogram=Histogram(), minima={})

    def write_weeks(self, weeks: Sequence[RoomWeek]) -> None:
        """Keep them in memory."""
        for one in weeks:
            self._weeks[one.week][one.site, one.room] = one

    def room_days_between(
        self, first: date, last: date, *, room: RoomKey | None = None
    ) -> dict[RoomKey, list[RoomDay]]:
        """See `Store.room_days_between`."""
        found = self._store.room_days_between(first, last, room=room)
        for day, days in self._days.items():
            for key, one in days.items():
                if first <= day <= last and room in {None, key}:
                    others = [was for was in found.get(key, []) if was.day != day]
                    found[key] = sorted([*others, one], key=lambda was: was.day)
        return found

    def room_weeks_between(
        self, first: date, last: date, *, room: RoomKey | None = None
    ) -> dict[RoomKey, list[RoomWeek]]:
        """See `Store.room_weeks_between`."""
        found = self._store.room_weeks_between(first, last, room=room)
        for week, weeks in self._weeks.items():
            for key, one in weeks.items():
                if first <= week <= last and room in {None, key}:
                    others = [was for was in found.get(key, []) if was.week != week]
                    found[key] = sorted([*others, one], key=lambda was: was.week)
        return found

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)
