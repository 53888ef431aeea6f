"""Which lesson it is, for the head of a page: of one site, or of several that need not have the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from collector.board.phrases import day_name
from collector.now import SiteNow


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """``Lesson`` and ``10:15-11:00``, ``Last lesson`` and ``Fri 13 Nov, 13:45-14:30``."""

    what: str
    says: str


def moment(sites: Sequence[SiteNow], time_zone: ZoneInfo) -> Moment:
    """What is on at `sites`, and at how many of them where it is not the same at all. Sites without rooms say nothing
    beside others."""
    counted = [one for one in sites if one.rooms] or list(sites)
    on = [one.lesson for one in counted if one.lesson is not None]
    if on:
        labels = {one.label for one in on}
        if len(on) == len(counted):
            return Moment(what="Lesson", says=labels.pop() if len(labels) == 1 else f"on at all {len(on)} sites")
        where = f"at {len(on)} of {len(counted)} sites"
        return Moment(what="Lesson", says=f"{labels.pop()} {where}" if len(labels) == 1 else f"on {where}")
    last = max((one.last_lesson for one in counted if one.last_lesson), key=lambda one: one.started_at, default=None)
    if last is None:
        return Moment(what="Lesson", says="none")
    return Moment(what="Last lesson", says=f"{day_name(last, time_zone)}, {last.label}")
