"""Judges school weeks once they are over, and again when late reports change one of their days.

A week is Monday to Sunday of the sites' local days. It is closed when its last lesson is over at all sites and its days
are added up. From the first one that was measured on each week with lessons has a verdict for every room, be it
`unknown`; weeks without lessons have none, and the week before them is the one before the next. The standing of a week
follows from the one before, so a change goes on until a week comes out as it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, timedelta

from collector.days import LOOK_BACK_DAYS, Days
from collector.district.district import District
from collector.iso_week import monday_of
from collector.store.protocol import Store
from collector.verdict.days import RoomDay
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek, room_week

WEEK = timedelta(days=7)
SHOWN = 2
"""Weeks of a room that are kept at hand: the newest and the one that it is held against."""

LOOK_BACK_STEP = 4 * WEEK
LOOK_BACK_STEPS = 7
"""Half a year: no vacation is longer."""

ONE_BY_ONE = 50
"""Of up to so many rooms the store is asked for each alone."""


class Weeks:
    """The weeks of one district. Not for several threads, but for `so_far`. What reads or writes the store may raise
    `StoreUnavailable`."""

    def __init__(self, store: Store, district: District, days: Days) -> None:
        self._store = store
        self._district = district
        self._days = days
        self._rooms = [(one.site, one.room) for one in district.rooms]
        self._sites = sorted({one.site for one in district.sites})
        self._newest: dict[RoomKey, tuple[RoomWeek, ...]] | None = None
        self._done_through: date | None = None

    def newest(self) -> Mapping[RoomKey, tuple[RoomWeek, ...]]:
        """Per room its last two weeks that had lessons, the older one first."""
        if self._newest is None:
            self._newest = self._load()
        return self._newest

    def close(self, now: datetime) -> None:
        """Judge the weeks that are over and have not been. What was judged of weeks that are still to come, by a clock
        that has been set back since, is judged again when they are over."""
        this_week = monday_of(now.astimezone(self._district.time_zone).date())
        if self._done(this_week) > this_week:
            self._done_through = this_week - WEEK
            self._newest = self._load()
        week = self._done(this_week) + WEEK
        while week <= this_week and self._over(week):
            self._write(self._whole_week(week))
            self._done_through = week
            week += WEEK

    def rewrite(
        self, days: Iterable[tuple[RoomKey, date]], *, through: date | None = None
    ) -> list[tuple[RoomWeek | None, RoomWeek]]:
        """Judge the weeks of these days anew, as far as they are closed, and those after them that this changes.

        Closed are those up to the week `through`, by default the newest that was judged. Returns what was written, each
        with what had been there.
        """
        last = through or self._done_through or self._store.newest_week()
        touched: dict[date, set[RoomKey]] = defaultdict(set)
        for room, day in days:
            if last is not None and monday_of(day) <= last:
                touched[monday_of(day)].add(room)
        changed = list(self._changed(touched, last)) if touched and last else []
        # Of a write that is cut short the newest are kept: the older ones come out changed again, and lead to them.
        self._write([judged for _, judged in sorted(changed, key=lambda one: one[1].week, reverse=True)])
        return changed

    def so_far(self, room: RoomKey, now: datetime) -> RoomWeek | None:
        """What the week at `now` would be for a room if it ended here: no verdict, and never kept. ``None`` before the
        week's first lesson. From any thread."""
        today = now.astimezone(self._district.time_zone).date()
        week = monday_of(today)
        stored = {
            one.day: one for found in self._store.room_days_between(week, today, room=room).values() for one in found
        }
        days = [
            one
            for day in _days_from(week, today)
            if (one := stored.get(day) or self._days.so_far(room, day, until=now)) is not None
        ]
        before = [one for one in (self._newest or {}).get(room, ()) if one.week < week]
        if not days:
            return None
        return room_week(days, site=room[0], room=room[1], week=week, before=before[-1] if before else None)

    def _done(self, this_week: date) -> date:
        """The newest week that was judged, or that there was nothing to judge in."""
        if self._done_through is None:
            newest = self._store.newest_week()
            self._done_through = newest or this_week - timedelta(days=LOOK_BACK_DAYS // 7 * 7) - WEEK
        return self._done_through

    def _over(self, week: date) -> bool:
        """Whether all days of it on which there were lessons are added up."""
        last = max((day for site in self._sites for day in self._lesson_days(site, week)), default=None)
        return last is None or last <= self._days.done_through()

    def _lesson_days(self, site: str, week: date) -> list[date]:
        calendar = self._district.calendar_of(site)
        return [day for day in _days_from(week, week + timedelta(days=6)) if calendar.lessons_on(day)]

    def _whole_week(self, week: date) -> list[RoomWeek]:
        with_lessons = {site for site in self._sites if self._lesson_days(site, week)}
        days = self._store.room_days_between(week, week + timedelta(days=6))
        # Days of before there were weeks have no marks; nothing is known of them.
        if not self.newest() and not any(one.marks for found in days.values() for one in found):
            return []
        rooms = {*days, *(one for one in self._rooms if one[0] in with_lessons)}
        newest = self.newest()
        return [self._judge(one, week, days.get(one, ()), _last(newest.get(one, ()))) for one in sorted(rooms)]

    def _judge(self, room: RoomKey, week: date, days: Sequence[RoomDay], before: RoomWeek | None) -> RoomWeek:
        """A day of which there is no trace is one on which nothing was measured anywhere."""
        known = {one.day: one for one in days}
        lesson_days = {*known, *self._lesson_days(room[0], week)}
        found = [known.get(day) or self._days.blank(room, day) for day in sorted(lesson_days)]
        return room_week(
            [one for one in found if one is not None], site=room[0], room=room[1], week=week, before=before
        )

    def _changed(self, touched: Mapping[date, Set[RoomKey]], last: date) -> Iterator[tuple[RoomWeek | None, RoomWeek]]:
        """The weeks that change with those `touched`, in order, each with what it was."""
        rooms = set().union(*touched.values())
        week, newest_touched = min(touched), max(touched)
        before = self._before(rooms, week)
        dirty: set[RoomKey] = set()
        while week <= last and (dirty or week <= newest_touched):
            stored = {room: weeks[0] for room, weeks in self._weeks_of(rooms, week, week).items()}
            # Of a week without lessons there is nothing to change.
            due = touched.get(week, set()) | (dirty & stored.keys())
            days = self._days_of(due, week) if due else {}
            for room in sorted(due):
                judged = self._judge(room, week, days.get(room, ()), before.get(room))
                if judged == stored.get(room):
                    dirty.discard(room)
                else:
                    dirty.add(room)
                    yield stored.get(room), judged
                    stored[room] = judged
            before |= stored
            week += WEEK

    def _before(self, rooms: Set[RoomKey], week: date) -> dict[RoomKey, RoomWeek]:
        """The newest week of each room before `week`."""
        found: dict[RoomKey, RoomWeek] = {}
        last = week - WEEK
        for _ in range(LOOK_BACK_STEPS):
            of_rooms = self._weeks_of(rooms - found.keys(), last - LOOK_BACK_STEP + WEEK, last)
            found |= {room: weeks[-1] for room, weeks in of_rooms.items() if room not in found}
            if found.keys() >= rooms:
                break
            last -= LOOK_BACK_STEP
        return found

    def _weeks_of(self, rooms: Set[RoomKey], first: date, last: date) -> Mapping[RoomKey, Sequence[RoomWeek]]:
        if len(rooms) > ONE_BY_ONE:
            return self._store.room_weeks_between(first, last)
        found = [self._store.room_weeks_between(first, last, room=room) for room in rooms]
        return {room: weeks for one in found for room, weeks in one.items()}

    def _days_of(self, rooms: Set[RoomKey], week: date) -> Mapping[RoomKey, Sequence[RoomDay]]:
        last = week + timedelta(days=6)
        if len(rooms) > ONE_BY_ONE:
            return self._store.room_days_between(week, last)
        found = [self._store.room_days_between(week, last, room=room) for room in rooms]
        return {room: days for one in found for room, days in one.items()}

    def _write(self, weeks: Sequence[RoomWeek]) -> None:
        if not weeks:
            return
        self._store.write_weeks(weeks)
        newest = dict(self.newest())
        for one in weeks:
            kept = {was.week: was for was in newest.get((one.site, one.room), ())} | {one.week: one}
            newest[one.site, one.room] = tuple(kept[week] for week in sorted(kept)[-SHOWN:])
        self._newest = newest

    def _load(self) -> dict[RoomKey, tuple[RoomWeek, ...]]:
        found: dict[RoomKey, tuple[RoomWeek, ...]] = {}
        last = self._store.newest_week()
        if last and self._done_through:
            last = min(last, self._done_through)
        for _ in range(LOOK_BACK_STEPS if last else 0):
            assert last is not None
            for room, weeks in self._store.room_weeks_between(last - LOOK_BACK_STEP + WEEK, last).items():
                found[room] = (*weeks, *found.get(room, ()))[-SHOWN:]
            if all(len(found.get(room, ())) == SHOWN for room in self._rooms):
                break
            last -= LOOK_BACK_STEP
        return found


def _days_from(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _last(weeks: Sequence[RoomWeek]) -> RoomWeek | None:
    return weeks[-1] if weeks else None
