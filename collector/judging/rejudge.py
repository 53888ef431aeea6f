"""Judges what is stored again, by the profiles in force now and the present rule, without reports.

What an agent that speaks for a room measured is in its bin, which is enough to score it. Only where a bin turns bad or
good again, where an anchor or one of several agents may decide, all rooms of that start are judged together from what
bins keep of their targets. What is usual is taken of whole school days, the bin's own included. A machine that could
not measure could not: of old bins nobody knows more. What comes out as it was is left as it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import cast

from collector.days import Days
from collector.district.district import District
from collector.district.in_force import profiles_at, topology_of
from collector.iso_week import monday_of
from collector.judging.spans import by_start, spans
from collector.judging.unwritten import Unwritten
from collector.judging.uplink_rates import machines_by_start
from collector.judging.usual import Settled, Usual, load_days
from collector.registry.registry import Registry
from collector.store.protocol import Store
from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary, ProfileScore, RoomBin, score_of
from collector.verdict.days import RoomDay, site_day
from collector.verdict.marks import STRICTER
from collector.verdict.profiles import BOUNDED_PERCENTILE, Profile
from collector.verdict.slices import Slice, at_ease, judge_slice
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek
from collector.weeks import WEEK, Weeks

KEPT_PERCENTILES = frozenset({50.0, 95.0})
STARTS_AT_ONCE = 12

Changed = dict[RoomKey, dict[datetime, RoomBin]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRejudged:
    """A school day that was judged again: how many bins and room-days there were, and how many came out otherwise."""

    day: date
    bins: int
    changed_bins: int
    rooms: int
    changed_rooms: int


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What a bin keeps of what the agent that spoke for its room measured."""

    p50_ms: float | None
    p95_ms: float | None
    loss: float | None

    def rtt_ms(self, percentile: float) -> float | None:
        """See `LatencySummary.rtt_ms`."""
        return self.p95_ms if percentile == 95 else self.p50_ms


class Rejudge:
    """Judges one district again; with `write` what comes out otherwise is kept. What reads or writes the store may
    raise `StoreUnavailable`."""

    def __init__(
        self, store: Store, registry: Registry, district: District, *, bin_seconds: int, write: bool, now: datetime
    ) -> None:
        self._store = store if write else cast(Store, Unwritten(store))
        self._district = district
        self._seconds = bin_seconds
        self._bin = timedelta(seconds=bin_seconds)
        agents = registry.agents()
        self._roles = {one.agent: one.role for one in agents if one.role != "room"}
        self._references = sorted(
            {(stay.site, stay.room) for one in agents if one.role == "reference" for stay in one.stays}
        )
        usual = Usual(self._store, district, bin_seconds=bin_seconds, clock=lambda: now)
        self._days = Days(self._store, district, usual, bin_seconds=bin_seconds, settle_seconds=0)
        self._weeks = Weeks(self._store, district, self._days)
        self._topology = topology_of(district)
        self._usual = Baselines()
        self._lessons = district.profiles.in_force()
        self._scores: dict[tuple[object, ...], tuple[ProfileScore, ...]] = {}
        self._seen: list[tuple[RoomKey, date]] = []
        self._last: date | None = None
        judging = [one for one in district.profiles if one.judges != "never"]
        needs = [need for one in judging for need in one.rtt if need.percentile <= BOUNDED_PERCENTILE]
        self._kept = all(need.percentile in KEPT_PERCENTILES for need in needs)
        self._narrow = any(need.unacceptable_ms * STRICTER <= need.optimal_ms for need in needs) or any(
            one.loss.unacceptable * STRICTER <= one.loss.optimal for one in judging
        )

    def school_days(self, first: date, last: date) -> list[date]:
        """The days from `first` to `last`, both included, on which a site has lessons."""
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        sites = {one.site for one in self._district.sites}
        return [day for day in days if any(self._district.calendar_of(site).lessons_on(day) for site in sites)]

    def run(self, days: Sequence[date]) -> Iterator[DayRejudged]:
        """Judge these school days (ascending) again."""
        if days:
            load_days(self._store, self._usual, days[0] - timedelta(days=1))
        for day in days:
            yield self._rejudge(day)
            self._last = day

    def weeks(self) -> list[tuple[RoomWeek | None, RoomWeek]]:
        """Judge the weeks of these days again, and those that stand on them. Returns those that came out
        otherwise, each with what it was."""
        through = self._store.newest_week()
        if through is None and self._last is not None:
            through = monday_of(self._last) - WEEK
        return self._weeks.rewrite(self._seen, through=through)

    def _rejudge(self, day: date) -> DayRejudged:
        span = self._days.span(day)
        assert span is not None, "a school day has lessons"
        known = {room: days[0] for room, days in self._store.room_days_between(day, day).items()}
        for room, was in known.items():
            self._usual.set_day(room, day, was.minima)
        bins = self._store.bins_between(*span)
        changed, apart, near = self._score_alone(bins)
        apart |= self._decided_by_anchors(*span)
        for start, room, one in self._judge_together(sorted(apart), bins, changed):
            changed[room][start] = one
        made = self._remake(day, bins, changed, near, known)
        if made:
            of_site: dict[str, list[RoomDay]] = defaultdict(list)
            for of_room in (known | made).values():
                of_site[of_room.site].append(of_room)
            sites = {site for site, _ in made}
            self._store.write_days(list(made.values()), [site_day(of_site[site]) for site in sorted(sites)])
        # The bins go last, and all weeks are looked at: whoever was interrupted finds the same work again.
        if any(changed.values()):
            self._store.write_bins([one for found in changed.values() for one in found.values()], judged_through=None)
        self._seen += ((room, day) for room in known | made)
        return DayRejudged(
            day=day,
            bins=sum(map(len, bins.values())),
            changed_bins=sum(map(len, changed.values())),
            rooms=len(known | made),
            changed_rooms=len(made),
        )

    def _score_alone(self, bins: Mapping[RoomKey, Sequence[RoomBin]]) -> tuple[Changed, set[datetime], set[RoomKey]]:
        """The bins whose scores change but not whether they are bad, the starts whose rooms must be judged together,
        and the rooms with bins that were or are anything but perfect."""
        changed: Changed = defaultdict(dict)
        apart: set[datetime] = set()
        near: set[RoomKey] = set()
        digest = self._district.profiles.digest
        for room, found in bins.items():
            for one in found:
                if not one.scores:
                    continue
                scores = self._score(one)
                if min(score.qoo for score in (*scores, *one.scores)) < 100 or self._narrow:
                    near.add(room)
                same = scores == one.scores
                turned = not same and _is_bad(scores) != _is_bad(one.scores)
                if turned or not self._kept or one.anchor or (one.agents > 1 and not same):
                    apart.add(one.started_at)
                elif not same:
                    changed[room][one.started_at] = replace(one, scores=scores, profiles_digest=digest)
        return changed, apart, near

    def _score(self, one: RoomBin) -> tuple[ProfileScore, ...]:
        profiles = self._in_force(one.site, one.started_at)
        key = (profiles[0].name if profiles else "", len(profiles), one.p50_ms, one.p95_ms, one.sent, one.received)
        scores = self._scores.get(key)
        if scores is None:
            spoken = cast(LatencySummary, _Spoken(one.p50_ms, one.p95_ms, one.loss))
            scores = tuple(score_of(spoken, profile) for profile in profiles) if self._kept else one.scores
            if len(self._scores) > 1_000_000:
                self._scores.clear()
            self._scores[key] = scores
        return scores

    def _in_force(self, site: str, start: datetime) -> tuple[Profile, ...]:
        if not self._district.assessments:
            return self._lessons
        return profiles_at(self._district, site, start + self._bin / 2)

    def _decided_by_anchors(self, start: datetime, end: datetime) -> set[datetime]:
        """The starts at which an anchor may have been bad by a profile in force, as sites' references saw them."""
        return {
            one.started_at
            for one in (self._store.whole_bins(start, end, rooms=self._references) if self._references else ())
            for summary in one.targets
            if summary.agent in self._roles and summary.target.startswith("anchor:") and summary.sent
            if _is_bad(score_of(summary, profile) for profile in self._in_force(one.site, one.started_at))
        }

    def _judge_together(
        self, starts: Sequence[datetime], bins: Mapping[RoomKey, Sequence[RoomBin]], scored: Changed
    ) -> Iterator[tuple[datetime, RoomKey, RoomBin]]:
        """Of `bins` those of these starts that come out otherwise; `scored` are those of which the scores are known
        to. What was measured is read of those alone that do not stand as they are."""
        rooms_at: dict[datetime, dict[RoomKey, RoomBin]] = {start: {} for start in starts}
        for room, found in bins.items():
            for was in found:
                if was.started_at in rooms_at:
                    rooms_at[was.started_at][room] = was
        for group in spans(starts, at_most=STARTS_AT_ONCE):
            first, end = group[0], group[-1] + self._bin
            machines = machines_by_start(self._store, first, end, bin_seconds=self._seconds)
            paths = by_start(self._store.paths_between(first, end, bin_seconds=self._seconds))
            standing_at = {
                start: {
                    room
                    for room, was in rooms_at[start].items()
                    if self._stands(room, scored.get(room, {}).get(start, was))
                }
                for start in group
            }
            apart = {room for start in group for room in rooms_at[start].keys() - standing_at[start]}
            for one in self._store.whole_bins(first, end, rooms=apart) if apart else ():
                if one.started_at in standing_at and (one.site, one.room) not in standing_at[one.started_at]:
                    rooms_at[one.started_at][one.site, one.room] = one
            for start in group:
                of_start = rooms_at.pop(start)
                middle = start + self._bin / 2
                sites = {site for site, _ in of_start}
                days = [self._district.calendar_of(site).lesson_at(middle) for site in sites]
                lesson = next((one for one in days if one), None)
                if lesson is None:
                    continue
                now = {room: scored.get(room, {}).get(start, was) for room, was in of_start.items()}
                standing = standing_at[start]
                known_machines = machines.get(start, {})
                judged = judge_slice(
                    Slice(
                        started_at=start,
                        seconds=self._seconds,
                        day=lesson.day,
                        latency={room: was.targets for room, was in of_start.items() if room not in standing},
                        machines=known_machines,
                        paths=paths.get(start, {}),
                        roles=self._roles,
                        profiles={site: self._in_force(site, start) for site in sites},
                        profiles_digest=self._district.profiles.digest,
                    ),
                    topology=self._topology,
                    baselines=Settled(self._usual),
                    standing=[now[room] for room in standing],
                )
                for one in judged:
                    room = (one.site, one.room)
                    changed = _otherwise(of_start[room], one, room in known_machines)
                    if changed is not None:
                        yield start, room, changed

    def _stands(self, room: RoomKey, one: RoomBin) -> bool:
        """Whether a bin bears witness as it is."""
        if not self._kept or one.agents > 1 or room in self._references or not at_ease(one):
            return False
        return not _is_bad((*one.scores, *self._score(one)))

    def _remake(
        self,
        day: date,
        bins: Mapping[RoomKey, Sequence[RoomBin]],
        changed: Changed,
        near: Iterable[RoomKey],
        known: Mapping[RoomKey, RoomDay],
    ) -> dict[RoomKey, RoomDay]:
        """The rooms' days that come out otherwise. Throughput tests that are past their retention count as they did."""
        unmarked = {room for room, one in known.items() if not one.marks}
        rooms = {room for room, found in changed.items() if found} | set(near) | unmarked | (bins.keys() - known.keys())
        span = self._days.span(day)
        tests = self._store.tests_between(*span) if span and rooms else {}
        made = {}
        for room in rooms:
            now = [changed.get(room, {}).get(one.started_at, one) for one in bins.get(room, ())]
            remade = self._days.remade(room, day, now, tests.get(room), known.get(room))
            if remade is not None and remade != known.get(room):
                made[room] = remade
        return made


def _is_bad(scores: Iterable[ProfileScore]) -> bool:
    return any(score.quality == "bad" for score in scores)


def _otherwise(was: RoomBin, judged: RoomBin, machine_known: bool) -> RoomBin | None:
    """What a bin is now, without histograms; ``None`` where it is what it was."""
    if was.located is not None and was.located.cause == "device" and not machine_known:
        return None
    if was.located is not None and not machine_known and _is_bad(judged.scores):
        # What else pointed to the cause went with the reports.
        judged = replace(judged, located=was.located)
    same = (was.valid, was.scores, was.anchor, was.located) == (
        judged.valid,
        judged.scores,
        judged.anchor,
        judged.located,
    )
    return None if same else replace(judged, targets=())
