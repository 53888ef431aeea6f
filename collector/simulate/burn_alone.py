"""The burn-rate rules by themselves: marks made by bursts, looked at bin by bin as the collector does.

What measuring adds is not in here, and neither is the digest of a site: one room, its rules, its incidents.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from collector.alerts.burn import REACH, counted, first_that_fires
from collector.alerts.look import CALM_SECONDS, is_calm
from collector.alerts.rooms_found import SETTLE_BINS
from collector.simulate.bursts import many_bursts, stream
from collector.simulate.rule_alone import BIN_SECONDS, DAYS_A_WEEK, FULL_DAY

WINDOW = round(REACH / BIN_SECONDS)
CALM = round(CALM_SECONDS / BIN_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCase:
    """Rooms of which `share` (0..1) of the bins is bad, in bursts of `burst_minutes` on average, for `weeks`."""

    share: float
    burst_minutes: float
    rooms: int
    weeks: int

    @property
    def title(self) -> str:
        """``2 % bad, bursts of 15 min``."""
        return f"{self.share:.0%} bad, bursts of {self.burst_minutes:g} min".replace("%", " %", 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomTold:
    """How often each rule opened an incident over so many room-weeks."""

    room_weeks: int
    opened: dict[str, int]

    def __add__(self, other: "RoomTold") -> "RoomTold":
        return RoomTold(
            room_weeks=self.room_weeks + other.room_weeks,
            opened=dict(Counter(self.opened) + Counter(other.opened)),
        )


def told_of(case: RoomCase, *, seed: int) -> RoomTold:
    """Look at every room of `case` bin by bin."""
    random = stream(seed, "burn", case.title)
    days = [FULL_DAY] * (DAYS_A_WEEK * case.weeks)
    bad = many_bursts(
        random,
        chains=case.rooms,
        days=days,
        share=case.share,
        burst_bins=case.burst_minutes * 60 / BIN_SECONDS,
    )
    opened: Counter[str] = Counter()
    for row in bad:
        opened.update(rule for _, rule in incidents("".join("B" if one else "g" for one in row), day=FULL_DAY))
    return RoomTold(room_weeks=case.rooms * case.weeks, opened=dict(opened))


def incidents(marks: str, *, day: int) -> list[tuple[int, str]]:
    """When a room's incidents open, as the number of bins that had gone by, and by which rule. `marks` are its bins, so
    many a `day`."""
    found: list[tuple[int, str]] = []
    is_open = False
    told = 0
    for end in range(1, len(marks) + 1):
        # No rule fires, and nothing that is open ends, without this: most bins of most rooms.
        if not is_open and marks[max(0, end - 4) : end].count("B") < 2:
            continue
        first = max(0, end - WINDOW, (end - 1) // day * day - day)
        window = "." * max(0, min(told, end) - first) + marks[max(first, told) : end]
        today = max(0, (end - 1) // day * day - first)
        looked = counted(window, today=today)
        if is_open:
            if is_calm(looked, calm=CALM) and marks[end - 1] != "B":
                is_open, told = False, end - CALM
            continue
        rule = first_that_fires(looked, today=today, seconds=BIN_SECONDS)
        before = first_that_fires(looked[:-SETTLE_BINS], today=today, seconds=BIN_SECONDS)
        if rule is not None and before is not None and (before == rule or rule.name == "half_day"):
            is_open = True
            found.append((end, rule.name))
    return found


Flapping = Literal["every other bin", "one bin in three", "two good, one bad, one good, one bad"]
PATTERNS: dict[Flapping, str] = {
    "every other bin": "Bg",
    "one bin in three": "Bgg",
    "two good, one bad, one good, one bad": "ggBgB",
}


def flapping(samples: int) -> dict[Flapping, int]:
    """How many incidents so many bins open that flap from bin to bin."""
    return {name: len(incidents((pattern * samples)[:samples], day=FULL_DAY)) for name, pattern in PATTERNS.items()}


def outage_delays(lengths: Sequence[int], *, seed: int, rooms: int) -> list[int]:
    """After how many bins an outage of one room is told of that begins at a bin of a day that is otherwise healthy.
    `lengths` are those of outages, in bins; one that is not told of is left out."""
    random = stream(seed, "outage")
    delays = []
    for _ in range(rooms):
        healthy = many_bursts(random, chains=1, days=[FULL_DAY, FULL_DAY], share=0.02, burst_bins=3)[0]
        start = FULL_DAY + int(random.integers(0, FULL_DAY - max(lengths)))
        length = int(random.choice(lengths))
        healthy[start : start + length] = True
        marks = "".join("B" if one else "g" for one in healthy)
        told = [end for end, _ in incidents(marks, day=FULL_DAY) if end > start]
        if told:
            delays.append(told[0] - start)
    return delays
