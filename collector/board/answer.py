"""The sentence at the top of the board: which rooms cannot teach right now.

It never says more than the data: when the newest data is old it speaks of then instead of now, and
a room of which nothing is known is never counted as one that can teach.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.board.phrases import STATE_WORDS, clock, counted, lesson_result, long_day
from collector.district.calendar import Lesson
from collector.now import DistrictNow, LessonCell, RoomNow, SiteNow
from collector.verdict.room_state import State

STATE_MEANINGS: dict[State, str] = {
    "bad": "a lesson cannot be held",
    "degraded": "a lesson would stutter",
    "unknown": "too little measured to say",
    "ok": "enough for a lesson",
    "no_lesson": "nothing is judged",
}
"""What each state means for a lesson, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old the newest data is, and whether that is too old to speak of now.

    Simulated data proves nothing about measuring, so it counts only where every room is simulated.
    """

    newest_at: datetime | None
    age_seconds: float | None
    stale: bool
    mixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A room that cannot teach, and why."""

    room: RoomNow
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rooms are in a state. How a lesson went has the shape of a state, a good one that of ``ok``."""

    state: State
    word: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The headline, the sentences under it, the rooms it is about and the counts; `of_now` is false
    when every room's data is too old to speak of now, or no lesson is on. `in_session` is whether one is."""

    headline: str
    lede: tuple[str, ...]
    troubles: tuple[Trouble, ...]
    counts: tuple[Count, ...]
    of_now: bool
    in_session: bool = True


def freshness(rooms: Iterable[RoomNow], district: DistrictNow, now: datetime) -> Freshness:
    """The age of the newest data of `rooms`, which are of `district`."""
    known = list(rooms)
    measured = [room for room in known if not room.simulated]
    newest = max((room.newest_report_at for room in measured or known if room.newest_report_at), default=None)
    age = None if newest is None else max(0.0, (now - newest).total_seconds())
    return Freshness(
        newest_at=newest,
        age_seconds=age,
        stale=age is None or age > district.stale_seconds,
        mixed=0 < len(measured) < len(known),
    )


def answer(district: DistrictNow, rooms: Sequence[RoomNow], now: datetime) -> Answer:
    """The answer about `rooms` of `district` at `now`; the rooms that cannot teach keep their order."""
    if not rooms:
        return Answer(
            headline="No rooms yet",
            lede=("Rooms appear here once the district's rooms.csv names them.",),
            troubles=(),
            counts=(),
            of_now=True,
        )
    theirs = {room.site for room in rooms}
    sites = [site for site in district.sites if site.site in theirs]
    on = {site.site for site in sites if site.lesson is not None}
    if not on:
        return _of_last_lesson(sites, rooms, now)
    off = [one for one in rooms if one.site not in on]
    return _of_now(district, [one for one in rooms if one.site in on], off, now)


def last_lesson_cell(room: RoomNow) -> LessonCell | None:
    """How the last lesson of its site went in `room`; ``None`` when there was none."""
    return room.strip[-1] if room.strip else None


def _of_now(district: DistrictNow, rooms: Sequence[RoomNow], off: Sequence[RoomNow], now: datetime) -> Answer:
    """The answer about `rooms`, which have a lesson; those that are `off` have none, and none of them can fail."""
    by_state: dict[State, list[RoomNow]] = {state: [] for state in STATE_MEANINGS}
    for room in (*rooms, *off):
        by_state[room.state.state].append(room)
    bad = by_state["bad"]
    newest = max((room.newest_report_at for room in rooms if room.newest_report_at), default=None)
    old_at = newest if newest is not None and (now - newest).total_seconds() > district.stale_seconds else None
    when = f"at {clock(old_at, district.time_zone)}" if old_at else "right now"
    headline = _headline(
        bad=len(bad),
        degraded=len(by_state["degraded"]),
        unknown=len(by_state["unknown"]) + len(by_state["no_lesson"]) - len(off),
        total=len(rooms),
        past=old_at is not None,
        when=when,
    )
    return Answer(
        headline=headline,
        lede=(*_simulated_share(bad), *_off(off)),
        troubles=tuple(Trouble(room=room, why=room.evidence) for room in bad),
        counts=tuple(
            Count(state=state, word=STATE_WORDS[state], count=len(by_state[state]), meaning=meaning)
            for state, meaning in STATE_MEANINGS.items()
            if state != "no_lesson" or by_state[state]
        ),
        of_now=old_at is None,
    )


def _off(rooms: Sequence[RoomNow]) -> tuple[str, ...]:
    if not rooms:
        return ()
    sites = len({one.site for one in rooms})
    have = "has" if len(rooms) == 1 else "have"
    return (f"{counted(len(rooms), 'room')} of {counted(sites, 'other site')} {have} no lesson now.",)


def _of_last_lesson(sites: Sequence[SiteNow], rooms: Sequence[RoomNow], now: datetime) -> Answer:
    following = min((one.next_lesson for one in sites if one.next_lesson), key=_begins, default=None)
    coming = (f"The next begins {long_day(following)}, {following.label}.",) if following else ()
    lasts = {one.last_lesson for one in sites if one.last_lesson}
    last = max(lasts, key=_begins, default=None)
    if last is None:
        return Answer(
            headline="No lesson now",
            lede=("The timetable has no lesson in the last 60 days.", *coming),
            troubles=(),
            counts=(_no_lesson_count(len(rooms)),),
            of_now=False,
            in_session=False,
        )
    latest = "The last one was" if len(lasts) == 1 else "Not all sites had the same last one; the latest was"
    cells = [(room, last_lesson_cell(room)) for room in rooms]
    bad = [(room, cell) for room, cell in cells if cell is not None and cell.quality == "bad"]
    tally = {
        quality: sum(cell is not None and cell.quality == quality for _, cell in cells)
        for quality in ("bad", "degraded", "good")
    }
    unknown = len(rooms) - sum(tally.values())
    return Answer(
        headline=_headline(
            bad=tally["bad"],
            degraded=tally["degraded"],
            unknown=unknown,
            total=len(rooms),
            past=True,
            when="in the last lesson",
        ),
        lede=(
            f"No lesson now. {latest} {long_day(last)}, {last.label}.",
            *coming,
            *_simulated_share([room for room, _ in bad]),
        ),
        troubles=tuple(Trouble(room=room, why=_past_why(cell, now)) for room, cell in bad),
        counts=(
            Count(state="bad", word="bad", count=tally["bad"], meaning="the lesson could not be held"),
            Count(state="degraded", word="degraded", count=tally["degraded"], meaning="it would have stuttered"),
            Count(state="ok", word="good", count=tally["good"], meaning="enough for the lesson"),
            Count(state="unknown", word="unknown", count=unknown, meaning="too little measured to say"),
            _no_lesson_count(len(rooms)),
        ),
        of_now=False,
        in_session=False,
    )


def _begins(lesson: Lesson) -> datetime:
    return lesson.started_at


def _past_why(cell: LessonCell, now: datetime) -> str:
    return f"{cell.lesson.label}: {lesson_result(cell, now)}."


def _no_lesson_count(count: int) -> Count:
    return Count(state="no_lesson", word="no lesson", count=count, meaning="now, so nothing is judged")


def _headline(*, bad: int, degraded: int, unknown: int, total: int, past: bool, when: str) -> str:
    all_rooms = counted(total, "room")
    can = "could" if past else "can"
    if bad:
        return f"{bad} of {all_rooms} {'could not' if past else 'cannot'} teach {when}"
    if unknown == total:
        return f"Nothing {'was' if past else 'is'} known {when} about {all_rooms}"
    if degraded:
        struggle = "struggled" if past else ("struggles" if degraded == 1 else "struggle")
        none = "none failed" if past else "none fails"
        if unknown:
            none = "none is known to have failed" if past else "none is known to fail"
        return f"{degraded} of {all_rooms} {struggle} {when}; {none}"
    if unknown:
        return f"{total - unknown} of {all_rooms} {can} teach {when}; {unknown} unknown"
    return f"All {all_rooms} {can} teach {when}" if total > 1 else f"The room {can} teach {when}"


def _simulated_share(rooms: list[RoomNow]) -> tuple[str, ...]:
    simulated = sum(room.simulated for room in rooms)
    if not simulated:
        return ()
    if len(rooms) == 1:
        return ("It is simulated.",)
    if simulated < len(rooms):
        return (f"{simulated} of them {'is' if simulated == 1 else 'are'} simulated.",)
    return ("Both are simulated." if simulated == 2 else f"All {simulated} are simulated.",)
