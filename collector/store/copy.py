"""Copy what one engine kept into another: bins first, then reports, then what was known of both.

Progress stands in a mark file, so that a copy that was cut short goes on where it was. Each step can be repeated, and
the file is written after the step.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from collector.store.history import Extent, History

BINS_AT_ONCE = timedelta(days=1)
REPORTS_AT_ONCE = timedelta(minutes=10)
"""In a district of 1,000 rooms about 30,000 reports, some 50 MB."""


class CopyIncomplete(Exception):
    """The target holds less than the source; the message says of what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What one step brought."""

    what: Literal["bins", "reports"]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a copy to `target` has come: all before these Unix times in microseconds, and how much that was."""

    target: str
    bins_through_us: int = 0
    bins: int = 0
    reports_through_us: int = 0
    reports: int = 0

    @classmethod
    def read(cls, path: Path, target: str) -> "Mark":
        """The mark in `path`, or a new one when there is none of this target."""
        try:
            mark = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return cls(target=target)
        return mark if mark.target == target else cls(target=target)

    def write(self, path: Path) -> None:
        """Replace the mark in `path`, whole or not at all."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)), encoding="utf-8")
        new.replace(path)


def copy_history(source: History, target: History, *, name: str, mark_file: Path) -> Iterator[Copied]:
    """Copy everything, a step at a time; `name` is the target's. Going on after a stop means calling this again.

    The first step tells what an earlier copy had brought. When it ends well the mark file is gone, and the target
    judges what the source had not judged yet, and nothing twice. Raises `CopyIncomplete`, and what the engines raise.
    """
    extent = source.extent()
    mark = Mark.read(mark_file, name)
    yield Copied(what="bins", count=mark.bins)
    yield Copied(what="reports", count=mark.reports)

    for start, end in _spans(extent.first_bin_at, extent.last_bin_at, mark.bins_through_us, BINS_AT_ONCE):
        bins = source.whole_bins(start, end)
        if bins:
            target.write_bins(bins, judged_through=None)
        mark = _moved(mark, bins_through_us=_us(end), bins=mark.bins + len(bins))
        mark.write(mark_file)
        yield Copied(what="bins", count=len(bins))
    for start, end in _spans(extent.first_stored_at, extent.last_stored_at, mark.reports_through_us, REPORTS_AT_ONCE):
        reports = source.reports_stored(start, end)
        if reports:
            target.take_reports(reports)
        mark = _moved(mark, reports_through_us=_us(end), reports=mark.reports + len(reports))
        mark.write(mark_file)
        yield Copied(what="reports", count=len(reports))

    _check(mark, extent, target.extent())
    target.take_ranges(source.stored_ranges())
    target.write_bins([], judged_through=source.judged_through())
    mark_file.unlink(missing_ok=True)


def _check(mark: Mark, source: Extent, target: Extent) -> None:
    for what, read, there, arrived in (
        ("bins", mark.bins, source.bins, target.bins),
        ("reports", mark.reports, source.reports, target.reports),
    ):
        if read < there or arrived < there:
            raise CopyIncomplete(
                f"of {there} {what} {read} were read and {arrived} have arrived: delete the mark file and copy again"
            )


def _moved(mark: Mark, **changes: int) -> Mark:
    return Mark(**{**asdict(mark), **changes})


def _spans(
    first: datetime | None, last: datetime | None, done_us: int, length: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    """Pieces of ``[first, last]`` after `done_us`, their borders at multiples of `length`."""
    if first is None or last is None:
        return
    length_us = length // timedelta(microseconds=1)
    start_us = max(_us(first), done_us) // length_us * length_us
    while start_us <= _us(last):
        yield _instant(start_us), _instant(start_us + length_us)
        start_us += length_us


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _us(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def _instant(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)
