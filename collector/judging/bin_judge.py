"""Judges bins by what the store has of them: all rooms of a start together, because a cause compares rooms.

In a bin in which the district's reflector, a part of the collector, did not answer all the time, nobody could measure:
it is not valid. A start that is touched again has its touched rooms judged anew. The bad bins of its other rooms are
only located anew, by what they were judged by at the time; nothing else of them changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from collector.district.district import District
from collector.district.in_force import profiles_at, topology_of
from collector.judging.spans import by_start, spans
from collector.judging.uplink_rates import machines_by_start
from collector.judging.usual import Usual
from collector.registry.registry import Registry
from collector.store.protocol import Store
from collector.verdict.bins import JUDGED_TARGETS, LatencySummary, RoomBin
from collector.verdict.machines import MachineSummary
from collector.verdict.slices import Slice, judge_slice
from collector.verdict.topology import RoomKey
from wire.enrolment import Role
from wire.histogram import Histogram
from wire.path_report import PathReport

BinKey = tuple[str, str, datetime]
"""(site, room, start)"""

AT_ONCE = 20_000
"""Bins that are read in one go, which bounds the memory: about 100 MB with three targets each."""

STARTS_AT_ONCE = 288
"""A day's, of a district however small."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSpan:
    """`bins` are to be written. `again` are the rooms and days in which there was a bin at such a start before."""

    bins: Sequence[RoomBin]
    again: Set[tuple[RoomKey, date]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """What the store has of one start, by room. `known` are its bins that were judged before, without histograms."""

    started_at: datetime
    latency: Mapping[RoomKey, Sequence[LatencySummary]]
    machines: Mapping[RoomKey, Sequence[MachineSummary]]
    paths: Mapping[RoomKey, Sequence[PathReport]]
    known: Mapping[RoomKey, RoomBin]


class BinJudge:
    """Judges one district's bins. Not for several threads."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        district: District,
        bin_seconds: int,
        settle_seconds: float,
        usual: Usual,
    ) -> None:
        self._store = store
        self._registry = registry
        self._district = district
        self._seconds = bin_seconds
        self._bin = timedelta(seconds=bin_seconds)
        self._settle = timedelta(seconds=settle_seconds)
        self._usual = usual
        self._topology = topology_of(district)

    def judge(self, wanted: Iterable[BinKey]) -> Iterator[JudgedSpan]:
        """Judge those of `wanted` that are in session at their site. Raises `StoreUnavailable`.

        What is usual learns from a span when it is judged: whoever does not write it must forget what is usual.
        """
        by_start: dict[datetime, set[RoomKey]] = defaultdict(set)
        for site, room, start in wanted:
            if self._day_of(site, start) is not None:
                by_start[start].add((site, room))
        roles = {one.agent: one.role for one in self._registry.agents() if one.role != "room"}
        at_most = min(STARTS_AT_ONCE, max(1, AT_ONCE // max(1, len(self._district.rooms))))
        for starts in spans(sorted(by_start), at_most=at_most):
            bins: list[RoomBin] = []
            again: set[tuple[RoomKey, date]] = set()
            for one in self._read(starts):
                touched = by_start[one.started_at] & one.latency.keys()
                bins += self._judge_start(one, touched, roles)
                if one.known:
                    again |= {(key, day) for key in touched if (day := self._day_of(key[0], one.started_at))}
            yield JudgedSpan(bins=bins, again=again)

    def _read(self, starts: Sequence[datetime]) -> Iterator[_Start]:
        first, end = starts[0], starts[-1] + self._bin
        latency = by_start(self._store.latency_between(first, end, bin_seconds=self._seconds))
        machines = machines_by_start(self._store, first, end, bin_seconds=self._seconds)
        paths = by_start(self._store.paths_between(first, end, bin_seconds=self._seconds))
        # What began in a bin has ended when it is closed.
        off = self._registry.reflector_off.between(_ms(first), _ms(end + self._settle))
        known: dict[datetime, dict[RoomKey, RoomBin]] = defaultdict(dict)
        for key, found in self._store.bins_between(first, end).items():
            for one in found:
                known[one.started_at][key] = one
        for start in starts:
            of_start: Mapping[RoomKey, Sequence[LatencySummary]] = latency.get(start, {})
            if any(began < _ms(start + self._bin + self._settle) and _ms(start) < ended for began, ended in off):
                of_start = {key: [_unanswered(one) for one in found] for key, found in of_start.items()}
            yield _Start(
                started_at=start,
                latency=of_start,
                machines=machines.get(start, {}),
                paths=paths.get(start, {}),
                known=known.get(start, {}),
            )

    def _judge_start(self, one: _Start, touched: set[RoomKey], roles: Mapping[str, Role]) -> Iterator[RoomBin]:
        others = one.known.keys() - touched
        whole = {}
        if others:
            bins = self._store.whole_bins(one.started_at, one.started_at + self._bin)
            whole = {(was.site, was.room): was for was in bins if (was.site, was.room) in others}
        measured = {**one.latency, **{key: was.targets for key, was in whole.items()}}
        days = {site: self._day_of(site, one.started_at) for site in {site for site, _ in measured}}
        in_session = {site: day for site, day in days.items() if day is not None}
        if not touched or not in_session:
            return
        middle = one.started_at + self._bin / 2
        found = judge_slice(
            Slice(
                started_at=one.started_at,
                seconds=self._seconds,
                day=next(iter(in_session.values())),
                latency={key: summaries for key, summaries in measured.items() if key[0] in in_session},
                machines=one.machines,
                paths=one.paths,
                roles=roles,
                profiles={site: profiles_at(self._district, site, middle) for site in in_session},
                profiles_digest=self._district.profiles.digest,
            ),
            topology=self._topology,
            baselines=self._usual.settled() if one.known else self._usual.learning(),
        )
        decided = {
            site
            for site, room in touched
            for summary in one.latency[site, room]
            if summary.agent in roles and summary.target.startswith("anchor:")
        }
        for judged in found:
            key = (judged.site, judged.room)
            if key in touched or (key in whole and judged.site in decided):
                yield judged
            elif key in whole and (located := _located_anew(whole[key], judged)):
                yield located

    def _day_of(self, site: str, start: datetime) -> date | None:
        """The school day of the lesson that a bin belongs to; ``None`` out of session."""
        lesson = self._district.calendar_of(site).lesson_at(start + self._bin / 2)
        return lesson.day if lesson else None


def _located_anew(was: RoomBin, judged: RoomBin) -> RoomBin | None:
    """`was` with the cause that it has now; ``None`` where that is the same, or none that other rooms bear on."""
    if was.headline is None or was.headline.quality != "bad" or judged.located is None:
        return None
    if was.located == judged.located or (was.located is not None and was.located.cause == "device"):
        return None
    return replace(was, located=judged.located)


def _unanswered(one: LatencySummary) -> LatencySummary:
    """What was measured to a target that nothing is judged by as long as the district's does not answer."""
    if one.target not in JUDGED_TARGETS:
        return one
    return replace(one, sent=0, received=0, probed_ms=0, histogram=Histogram())


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
