"""Copy what one engine kept into another: weeks, days and bins first, then reports, then what was known of them.

Progress stands in a mark file, so that a copy that was cut short goes on where it was. Each step can be repeated, and
the file is written after the step.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

from collector.store.history import Extent, History

Part = Literal["weeks", "days", "bins", "reports"]


class CopyIncomplete(Exception):
    """The target holds less than the source; the message says of what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What one step brought."""

    part: Part
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a copy to `target` has come: by part all before this Unix time in microseconds, and how much that was."""

    target: str
    through_us: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, target: str) -> "Mark":
        """The mark in `path`, or a new one when there is none of this target."""
        try:
            mark = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return cls(target=target)
        return mark if mark.target == target else cls(target=target)

    def count(self, part: Part) -> int:
        """How much of `part` was copied."""
        return self.counts.get(part, 0)

    def moved(self, part: Part, through_us: int, count: int) -> "Mark":
        """The mark after a step that brought `count`."""
        return replace(
            self,
            through_us={**self.through_us, part: through_us},
            counts={**self.counts, part: self.count(part) + count},
        )

    def write(self, path: Path) -> None:
        """Replace the mark in `path`, whole or not at all."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One part: from when to when there is something, how much time a step takes, and what a step does."""

    part: Part
    first: datetime | None
    last: datetime | None
    at_once: timedelta
    bring: Callable[[datetime, datetime], int]


def copy_history(source: History, target: History, *, name: str, mark_file: Path) -> Iterator[Copied]:
    """Copy everything, a step at a time; `name` is the target's. Going on after a stop means calling this again.

    The first four steps tell what an earlier copy had brought. When it ends well the mark file is gone, and the target
    judges what the source had not judged yet, and nothing twice. Raises `CopyIncomplete`, and what the engines raise.
    """
    extent = source.extent()
    mark = Mark.read(mark_file, name)
    works = _works(source, target, extent)
    for work in works:
        yield Copied(part=work.part, count=mark.count(work.part))
    for work in works:
        for start, end in _spans(work, mark.through_us.get(work.part, 0)):
            count = work.bring(start, end)
            mark = mark.moved(work.part, _us(end), count)
            mark.write(mark_file)
            yield Copied(part=work.part, count=count)
    _check(mark, extent, target.extent(), mark_file)
    target.take_ranges(source.stored_ranges())
    target.write_bins([], judged_through=source.judged_through())
    target.uplinks.write_bins([], counted_through=source.uplinks.counted_through())
    mark_file.unlink(missing_ok=True)


def _works(source: History, target: History, extent: Extent) -> list[_Work]:
    def weeks(start: datetime, end: datetime) -> int:
        first, last = start.date(), end.date() - timedelta(days=1)
        rooms = [one for found in source.room_weeks_between(first, last).values() for one in found]
        uplinks = [one for found in source.uplinks.weeks_between(first, last).values() for one in found]
        if rooms:
            target.write_weeks(rooms)
        if uplinks:
            target.uplinks.write_weeks(uplinks)
        return len(rooms) + len(uplinks)

    def days(start: datetime, end: datetime) -> int:
        first, last = start.date(), end.date() - timedelta(days=1)
        rooms = [one for found in source.room_days_between(first, last).values() for one in found]
        sites = [one for found in source.site_days_between(first, last).values() for one in found]
        if rooms or sites:
            target.write_days(rooms, sites)
        return len(rooms) + len(sites)

    def bins(start: datetime, end: datetime) -> int:
        rooms = source.whole_bins(start, end)
        uplinks = [one for found in source.uplinks.bins_between(start, end).values() for one in found]
        if rooms:
            target.write_bins(rooms, judged_through=None)
        if uplinks:
            target.uplinks.write_bins(uplinks)
        return len(rooms) + len(uplinks)

    def reports(start: datetime, end: datetime) -> int:
        found = source.reports_stored(start, end)
        if found:
            target.take_reports(found)
        return len(found)

    # In a district of 1,000 rooms a step has some 30,000 rows at the most.
    return [
        _Work(
            part="weeks",
            first=_midnight(extent.first_week),
            last=_midnight(extent.last_week),
            at_once=timedelta(weeks=20),
            bring=weeks,
        ),
        _Work(
            part="days",
            first=_midnight(extent.first_day),
            last=_midnight(extent.last_day),
            at_once=timedelta(days=28),
            bring=days,
        ),
        _Work(part="bins", first=extent.first_bin_at, last=extent.last_bin_at, at_once=timedelta(hours=1), bring=bins),
        _Work(
            part="reports",
            first=extent.first_stored_at,
            last=extent.last_stored_at,
            at_once=timedelta(minutes=10),
            bring=reports,
        ),
    ]


def _check(mark: Mark, source: Extent, target: Extent, mark_file: Path) -> None:
    parts: tuple[tuple[Part, int, int], ...] = (
        ("weeks", source.weeks, target.weeks),
        ("days", source.days, target.days),
        ("bins", source.bins, target.bins),
        ("reports", source.reports, target.reports),
    )
    for part, there, arrived in parts:
        read = mark.count(part)
        if read < there or arrived < there:
            raise CopyIncomplete(
                f"of {there} {part} {read} were read and {arrived} have arrived: delete {mark_file} and copy again"
            )


def _spans(work: _Work, done_us: int) -> Iterator[tuple[datetime, datetime]]:
    """Pieces of ``[first, last]`` after `done_us`, their borders at multiples of their length."""
    if work.first is None or work.last is None:
        return
    length_us = work.at_once // _MICROSECOND
    start_us = max(_us(work.first), done_us) // length_us * length_us
    while start_us <= _us(work.last):
        yield _EPOCH + start_us * _MICROSECOND, _EPOCH + (start_us + length_us) * _MICROSECOND
        start_us += length_us


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _us(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(0), tzinfo=UTC)
