"""Since when rooms are restricted: read from the weeks before, as far back as it takes."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Protocol

from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek

LOOK_BACK_WEEKS = 52
STEP_WEEKS = 4
ONE_BY_ONE = 50
"""Of up to so many rooms the store is asked for each alone."""


class PastWeeks(Protocol):
    """What is asked of a store."""

    def room_weeks_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> Mapping[tuple[str, str], list[RoomWeek]]:
        """Per room, its weeks whose Mondays lie from `first` to `last`, both included, ascending."""
        ...


def restricted_since(store: PastWeeks, weeks: Iterable[RoomWeek]) -> dict[RoomKey, date]:
    """The Monday of the week in which each room that is restricted in `weeks`, all of one week, became so. A room whose
    beginning is longer ago than `LOOK_BACK_WEEKS` is missing. Each stored week is read once at the most. May raise
    `StoreUnavailable`."""
    restricted = [one for one in weeks if one.verdict == "restricted"]
    found = {(one.site, one.room): one.week for one in restricted if one.entered}
    open_rooms = {(one.site, one.room) for one in restricted if not one.entered}
    last = min((one.week for one in restricted), default=date.max) - timedelta(weeks=1)
    for _ in range(LOOK_BACK_WEEKS // STEP_WEEKS):
        if not open_rooms:
            break
        first = last - timedelta(weeks=STEP_WEEKS - 1)
        for room, past in _read(store, open_rooms, first, last).items():
            if room in open_rooms and (entered := [one.week for one in past if one.entered]):
                found[room] = entered[-1]
        open_rooms -= found.keys()
        last = first - timedelta(weeks=1)
    return found


def _read(store: PastWeeks, rooms: set[RoomKey], first: date, last: date) -> Mapping[RoomKey, list[RoomWeek]]:
    if len(rooms) > ONE_BY_ONE:
        return store.room_weeks_between(first, last)
    return {key: weeks for room in rooms for key, weeks in store.room_weeks_between(first, last, room=room).items()}
