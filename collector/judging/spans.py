"""Moments that lie close to each other, so that a store is asked for all of them at once, and what it answers apart
again."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from collector.verdict.topology import RoomKey

T = TypeVar("T")

GAP = timedelta(hours=1)
"""Moments further apart than this are read one by one: between a late bin and those of now lies a whole day."""


def spans(starts: Sequence[datetime], *, at_most: int) -> list[list[datetime]]:
    """`starts` (ascending) in groups of at most `at_most`, none with more than `GAP` between two neighbours."""
    found: list[list[datetime]] = []
    for start in starts:
        if found and len(found[-1]) < at_most and start - found[-1][-1] <= GAP:
            found[-1].append(start)
        else:
            found.append([start])
    return found


def by_start(found: Mapping[tuple[str, str, datetime], T]) -> dict[datetime, dict[RoomKey, T]]:
    """What a store has by (site, room, start of bin), for each start by room."""
    of_start: dict[datetime, dict[RoomKey, T]] = defaultdict(dict)
    for (site, room, start), values in found.items():
        of_start[start][site, room] = values
    return of_start
