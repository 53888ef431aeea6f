"""A scenario, judged: slices through the same `judge_slice`, `room_day` and `room_week` that judge a real district."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from collector.simulate.course import course_of
from collector.simulate.scenario import BIN_SECONDS, Scenario
from collector.simulate.slices_of import Measuring
from collector.simulate.truth import Truth, truths
from collector.verdict.baselines import Baselines, Measured
from collector.verdict.bins import RoomBin
from collector.verdict.days import LessonBins, RoomDay, room_day
from collector.verdict.marks import speaks
from collector.verdict.profiles import Profiles, default_profiles
from collector.verdict.slices import judge_slice
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek, room_week
from wire.histogram import Histogram


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedDay:
    """A day of lessons: the judged bins and the day of every room."""

    day: date
    bins: tuple[RoomBin, ...]
    rooms: tuple[RoomDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedWeek:
    """A week: its days, the verdict on every room, and the truth."""

    week: date
    days: tuple[JudgedDay, ...]
    verdicts: tuple[RoomWeek, ...]
    truths: tuple[Truth, ...]


def judge_scenario(
    scenario: Scenario,
    *,
    seed: int,
    weeks: int | None = None,
    histograms: bool = False,
    profiles: Profiles | None = None,
) -> Iterator[JudgedWeek]:
    """Judge the first `weeks`, all by default, one after the other, by the shipped `profiles` where no others are
    given. Days hold their round trips only with `histograms`: no verdict needs them."""
    profiles = profiles or default_profiles()
    topology = scenario.topology()
    baselines = Baselines()
    measuring = Measuring(scenario, profiles, seed=seed)
    before: dict[RoomKey, RoomWeek] = {}
    rooms = [(one.site, one.room) for one in scenario.rooms]
    for week in range(1, (weeks or scenario.weeks) + 1):
        if not scenario.days(week):
            continue
        course = course_of(scenario, week, seed=seed)
        bins: dict[date, list[RoomBin]] = defaultdict(list)
        for one in measuring.slices(course):
            bins[one.day] += judge_slice(one, topology=topology, baselines=baselines)
        days = [
            JudgedDay(
                day=day,
                bins=tuple(bins[day]),
                rooms=tuple(_days(scenario, day, rooms, bins[day], profiles, histograms=histograms)),
            )
            for day in scenario.days(week)
        ]
        verdicts = [
            room_week(
                [room for one in days for room in one.rooms if (room.site, room.room) == key],
                site=key[0],
                room=key[1],
                week=scenario.monday(week),
                before=before.get(key),
            )
            for key in rooms
        ]
        before = {(one.site, one.room): one for one in verdicts}
        yield JudgedWeek(
            week=scenario.monday(week),
            days=tuple(days),
            verdicts=tuple(verdicts),
            truths=tuple(truths(scenario, course)),
        )


def _days(
    scenario: Scenario,
    day: date,
    rooms: Sequence[RoomKey],
    bins: Sequence[RoomBin],
    profiles: Profiles,
    *,
    histograms: bool,
) -> Iterator[RoomDay]:
    lessons = scenario.lessons(day)
    closed = int(sum((lesson.ended_at - lesson.started_at).total_seconds() for lesson, _ in lessons))
    of_rooms: dict[RoomKey, list[RoomBin]] = defaultdict(list)
    for one in bins:
        of_rooms[one.site, one.room].append(one)
    for key in rooms:
        yield room_day(
            site=key[0],
            room=key[1],
            day=day,
            started_at=datetime.combine(day, time(0), tzinfo=scenario.calendar.time_zone).astimezone(UTC),
            closed_seconds=closed,
            bin_seconds=BIN_SECONDS,
            lessons=[LessonBins(label=lesson.label, starts=starts) for lesson, starts in lessons],
            bins=of_rooms[key],
            histograms=_merged(of_rooms[key]) if histograms else {},
            profiles=profiles,
        )


def _merged(bins: Sequence[RoomBin]) -> Mapping[Measured, Histogram]:
    merged: dict[Measured, Histogram] = defaultdict(Histogram)
    for one in bins:
        if speaks(one):
            for target in one.targets:
                merged[target.target, target.method].merge(target.histogram)
    return merged
