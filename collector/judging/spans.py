"""Moments that lie close to each other, so that a store is asked for all of them at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

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
