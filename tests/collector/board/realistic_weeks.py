"""Two judged weeks of the district of `tests.collector.board.realistic`: seeded bursts, judged by the real rule."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from random import Random

from collector.demo.simulated_district import SILENT, TROUBLES, Trouble, simulated_district
from collector.now import DistrictNow
from collector.verdict.causes import Cause, Located
from collector.verdict.days import RoomDay, Seconds
from collector.verdict.profiles import default_profiles
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek, room_week
from tests.collector.board.districts import TIMETABLE, ZONE
from tests.collector.week_builders import BINS, MONDAY, compared, located
from wire.histogram import Histogram

SEED = 5
QUIET = Trouble(share=0.012, burst_seconds=600)


@cache
def two_weeks() -> tuple[RoomWeek, ...]:
    """The week before the last and the last one, of every room."""
    found = []
    for one in simulated_district(ZONE).rooms:
        before = None
        for monday in (MONDAY - timedelta(weeks=1), MONDAY):
            days = tuple(_days((one.site, one.room), monday))
            before = room_week(days, site=one.site, room=one.room, week=monday, before=before)
            found.append(before)
    return tuple(found)


def with_weeks(district: DistrictNow) -> DistrictNow:
    """`district`, its rooms with their weeks, as the engine gives them."""
    weeks: dict[RoomKey, tuple[RoomWeek, ...]] = {}
    for one in two_weeks():
        weeks[one.site, one.room] = (*weeks.get((one.site, one.room), ()), one)
    return replace(
        district,
        sites=tuple(
            replace(site, rooms=tuple(replace(room, weeks=weeks[room.site, room.room]) for room in site.rooms))
            for site in district.sites
        ),
    )


def _days(key: RoomKey, monday: datetime | object) -> Iterator[RoomDay]:
    assert monday in {MONDAY, MONDAY - timedelta(weeks=1)}
    first = monday == MONDAY - timedelta(weeks=1)
    trouble = TROUBLES.get(key, QUIET)
    trouble = Trouble(
        room_ms=trouble.room_ms,
        uplink_ms=trouble.uplink_ms,
        loss=trouble.loss,
        burst_seconds=1200,
        share=0.02 if key == ("oak-hill", "111") and first else min(0.45, trouble.share),
    )
    chance = Random(f"{SEED} {key} {monday}")
    for number in range(5):
        day = MONDAY + timedelta(days=number - (7 if first else 0))
        marks = "".join(_marks(trouble, chance, asleep=key in SILENT and not first and number > 0))
        lessons = TIMETABLE.lessons_on(day)
        bad = sum(mark in "Bb" for mark in marks)
        cause = _cause(key, trouble)
        yield RoomDay(
            site=key[0],
            room=key[1],
            day=day,
            started_at=datetime.combine(day, time(0), tzinfo=ZONE).astimezone(UTC),
            closed_seconds=BINS * 300,
            seconds=Seconds(valid=300 * sum(mark in "Bbndg" for mark in marks), bad=300 * bad),
            by_profile={},
            sent=0,
            received=0,
            histogram=Histogram(),
            worst=("loss" if trouble.loss > 0.05 else "latency") if bad else None,
            profile="video_lesson" if bad else None,
            profiles_digest=default_profiles().digest,
            marks=marks,
            lessons=len(lessons),
            hit_lessons=tuple(
                lesson.label
                for at, lesson in enumerate(lessons)
                if sum(one in "Bb" for one in marks[9 * at : 9 * at + 9]) >= 3
            ),
            causes={cause.cause: bad} if bad else {},
            sure={cause.cause: bad if cause.confidence == "high" else 0} if bad else {},
            example=cause if bad else None,
            example_at=lessons[2].started_at + timedelta(minutes=10) if bad else None,
        )


def _marks(trouble: Trouble, chance: Random, *, asleep: bool) -> Iterator[str]:
    """A two-state Markov chain of bins, as long as a day."""
    leave = min(1.0, 300 / trouble.burst_seconds)
    enter = leave * trouble.share / (1 - trouble.share) if trouble.share < 1 else 1.0
    bad = chance.random() < trouble.share
    for _ in range(BINS):
        if asleep:
            yield "."
        elif chance.random() < 0.02:
            yield "?"
        else:
            yield chance.choice("BBBb") if bad else chance.choices("gdn", (40, 2, 1))[0]
        bad = chance.random() >= leave if bad else chance.random() < enter


def _cause(key: RoomKey, trouble: Trouble) -> Located:
    causes: dict[RoomKey, Cause] = {("oak-hill", "111"): "room_access", ("lakeside", "203"): "room_access"}
    if trouble.uplink_ms:
        return located(
            cause="site_uplink",
            confidence="medium",
            rule="L3",
            room=(compared(p95_ms=3.4), compared("district", 168.0, usual_ms=14.0)),
            reference=(),
            bad_peers=0,
            peers=12,
            medium=None,
        )
    lost = trouble.loss > 0.05
    return located(
        cause=causes.get(key, "room_access"),
        room=(
            compared(p95_ms=6.0 if lost else 312.0, loss=0.114 if lost else 0.031),
            compared("district", 24.0 if lost else 331.0, usual_ms=14.0, loss=trouble.loss),
        ),
        reference=(compared(p95_ms=4.2), compared("district", 17.0, usual_ms=12.0)),
        bad_peers=0,
        peers=12,
        medium="wired" if lost else "wifi",
        signs=() if lost else ("many_retries",),
    )
