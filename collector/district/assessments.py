"""Times in which a test is written that must not be disturbed, as the district declares them."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One of them: aware instants, its end not part of it. Without `sites` it is all of the district's."""

    name: str
    started_at: datetime
    ended_at: datetime
    sites: frozenset[str] = frozenset()

    def concerns(self, site: str) -> bool:
        """Whether it is written at `site`."""
        return not self.sites or site in self.sites


def overlapping(assessments: Iterable[Assessment], start: datetime, end: datetime) -> list[Assessment]:
    """Those that have a part in ``[start, end)``."""
    return [one for one in assessments if one.started_at < end and start < one.ended_at]


class Written:
    """When an assessment is written at a site, to be asked of every bin."""

    def __init__(self, assessments: Iterable[Assessment]) -> None:
        """Of those of one site."""
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []
        for one in sorted(assessments, key=lambda one: one.started_at):
            if self._ends and one.started_at <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], one.ended_at)
            else:
                self._starts.append(one.started_at)
                self._ends.append(one.ended_at)

    def within(self, start: datetime, end: datetime) -> bool:
        """Whether one has a part in ``[start, end)``."""
        at = bisect_right(self._ends, start)
        return at < len(self._starts) and self._starts[at] < end
