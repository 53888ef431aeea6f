"""Simulated uplinks of the demo: what they carried, week after week, counted and told of as real ones are.

One grows until it is full, one is full enough to plan for more, one has been counted for too short to foretell, and the
district's way out does not change. Rates are drawn; bins, weeks and what is said of them are the real ones'.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray

from collector.demo.weeks import FIRST_LESSON, LESSONS_A_DAY
from collector.district.calendar import bin_start
from collector.district.district import District
from collector.iso_week import monday_of
from collector.store.protocol import Store, StoreUnavailable
from collector.thread import in_thread
from collector.uplinks.lesson_slots import LessonSlots
from collector.uplinks.listed import capacities
from collector.verdict.uplinks.load import BIN_SECONDS, DISTRICT, UplinkBin, UplinkWeek, site_uplink
from collector.verdict.uplinks.week import Slot, uplink_week

Shares = NDArray[np.float64]

BIN = timedelta(seconds=BIN_SECONDS)
BINS_A_DAY = 86_400 // BIN_SECONDS
BIN_DAYS = 14
"""Of so many days there are bins, as of rooms; of the weeks before only what they came to."""

_BY_HOUR = (
    *(0.05, 0.05, 0.22, 0.05, 0.05, 0.06, 0.10, 0.34, 0.66, 0.86, 1.00, 0.94),
    *(0.72, 0.90, 0.84, 0.52, 0.30, 0.18, 0.14, 0.12, 0.10, 0.08, 0.06, 0.05),
)
"""How much of the busiest hour's load each hour of a school day has; copies are made at two in the night."""

_WEEKEND = 0.12
_SPREAD = 0.1
_WEEKLY = 0.012
"""Of five-minute rates around the hour's, and of a week around the trend, as shares."""

_UP = 0.18
"""What goes up, of what comes down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grows:
    """The 95th percentile of the busiest hour is `share` of the capacity now, and was `a_week` less the week before.
    It has been counted for `weeks`."""

    share: float
    a_week: float
    weeks: int = 44


GROWTH = {
    site_uplink("oak-hill"): Grows(share=0.63, a_week=0.006, weeks=54),
    site_uplink("summit"): Grows(share=0.765, a_week=0.003),
    site_uplink("lakeside"): Grows(share=0.42, a_week=0.004, weeks=7),
    DISTRICT: Grows(share=0.53, a_week=0.0, weeks=30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedUplinks:
    """The uplinks of `GROWTH` up to `now`, of a district whose file says what they carry."""

    district: District
    now: datetime
    seed: int

    def weeks(self) -> Iterator[UplinkWeek]:
        """The weeks that are over, by uplink, ascending."""
        this_monday = monday_of(self._today)
        most = max(one.weeks for one in GROWTH.values())
        for monday in (this_monday - timedelta(weeks=back) for back in range(most, 0, -1)):
            slots = self._taught(monday)
            placed = self._placed(slots)
            for uplink, grows in GROWTH.items():
                if monday >= this_monday - timedelta(weeks=grows.weeks):
                    yield uplink_week(uplink, monday, slots=slots, bins=self._bins(uplink, placed))

    def bins(self) -> Iterator[list[UplinkBin]]:
        """Those of the last days up to now, a day at a time, the newest first."""
        end = bin_start(self.now, BIN_SECONDS)
        for back in range(BIN_DAYS):
            last = end - timedelta(days=back)
            placed = self._placed(last - BIN * number for number in range(BINS_A_DAY, 0, -1))
            yield [one for uplink in GROWTH for one in self._bins(uplink, placed)]

    def at(self, started_at: datetime) -> list[UplinkBin]:
        """The bin from `started_at` of each uplink."""
        placed = self._placed([started_at])
        return [one for uplink in GROWTH for one in self._bins(uplink, placed)]

    @property
    def _today(self) -> date:
        return self.now.astimezone(self.district.time_zone).date()

    def _taught(self, monday: date) -> dict[datetime, Slot]:
        """The bins of lessons with pupils: every hour is a lesson in the demo."""
        last = FIRST_LESSON + LESSONS_A_DAY
        return {
            start: slot
            for start, slot in LessonSlots(self.district, monday).of(DISTRICT).items()
            if slot.day.weekday() < 5 and FIRST_LESSON <= slot.hour < last
        }

    def _placed(self, starts: Iterable[datetime]) -> list[tuple[datetime, date, int]]:
        """Each with its local day, and the how manieth bin of that it is by the clocks."""
        zone = self.district.time_zone
        local = ((start, start.astimezone(zone)) for start in starts)
        return [(start, at.date(), (at.hour * 3600 + at.minute * 60) // BIN_SECONDS) for start, at in local]

    def _bins(self, uplink: str, placed: Sequence[tuple[datetime, date, int]]) -> list[UplinkBin]:
        capacity_mbps = capacities(self.district)[uplink]
        days: dict[date, Shares] = {}
        found = []
        for start, day, place in placed:
            if day not in days:
                days[day] = self._day(uplink, day)
            share = float(days[day][place])
            down_bytes = int(share * capacity_mbps * 1e6 * BIN_SECONDS / 8)
            found.append(
                UplinkBin(
                    uplink=uplink,
                    started_at=start,
                    method="snmp",
                    counted_seconds=float(BIN_SECONDS),
                    down_bytes=down_bytes,
                    up_bytes=int(_UP * down_bytes),
                    capacity_mbps=capacity_mbps,
                )
            )
        return found

    def _day(self, uplink: str, day: date) -> Shares:
        """What share of the capacity each five minutes of a local day were: the same whoever asks."""
        grows, place = GROWTH[uplink], list(GROWTH).index(uplink)
        monday = monday_of(day)
        ago = (monday_of(self._today) - monday).days / 7
        of_week = np.random.default_rng([self.seed, place, monday.toordinal()]).normal(0, _WEEKLY)
        # Five in a hundred rates of the busiest hour are as much above its middle.
        middle = max(0.02, grows.share - grows.a_week * ago + of_week) / np.exp(1.645 * _SPREAD)
        weekend = _WEEKEND if day.weekday() >= 5 else 1.0
        hours = np.repeat(np.array(_BY_HOUR), BINS_A_DAY // 24)
        random = np.random.default_rng([self.seed, place, day.toordinal(), 1])
        shares: Shares = np.minimum(0.99, middle * weekend * hours * random.lognormal(0, _SPREAD, BINS_A_DAY))
        return shares


async def keep_counting(store: Store, district: District, *, seed: int) -> None:
    """Write each five minutes once they are over, until cancelled; a store that is away is borne."""
    while True:
        started_at = bin_start(datetime.now(UTC), BIN_SECONDS)
        await asyncio.sleep((started_at + BIN - datetime.now(UTC)).total_seconds())
        bins = SimulatedUplinks(district=district, now=started_at + BIN, seed=seed).at(started_at)
        try:
            await in_thread(partial(store.uplinks.write_bins, bins))
        except StoreUnavailable:
            continue
