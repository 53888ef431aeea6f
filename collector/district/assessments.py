"""Times in which a test is written that must not be disturbed, as the district declares them."""

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
