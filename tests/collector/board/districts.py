"""Small districts to render: every value can be given, none has to be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from collector.district.calendar import Calendar, Lesson, LessonTime
from collector.now import DistrictNow, LessonCell, LessonQuality, RoomNow, SiteNow
from collector.store.protocol import Reading
from collector.verdict.bins import ProfileScore, Quality, RoomBin
from collector.verdict.profiles import default_profiles
from collector.verdict.room_state import RoomState, State
from collector.verdict.throughput import ThroughputTest

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 3, 10, 15, 31, 7, tzinfo=UTC)
"""Tuesday, 10:31:07 in `ZONE`, in the lesson 10:15 to 11:00."""
IN_THE_EVENING = datetime(2026, 3, 11, 1, 0, tzinfo=UTC)
"""Tuesday, 20:00 in `ZONE`."""

STATES: tuple[State, ...] = ("bad", "degraded", "ok", "unknown", "no_lesson")

_DAY = tuple(
    LessonTime(start=time(*start), end=time(*end))
    for start, end in (
        ((8, 0), (8, 45)),
        ((8, 50), (9, 35)),
        ((9, 40), (10, 10)),
        ((10, 15), (11, 0)),
        ((11, 5), (11, 50)),
        ((12, 40), (13, 25)),
        ((13, 30), (14, 15)),
    )
)
TIMETABLE = Calendar(time_zone=ZONE, lessons_by_weekday=dict.fromkeys(range(5), _DAY))


def a_lesson(day: date = date(2026, 3, 10), number: int = 3) -> Lesson:
    """A lesson of `day`; number 3 is 10:15 to 11:00."""
    return TIMETABLE.lessons_on(day)[number]


def a_cell(quality: LessonQuality = "good", lesson: Lesson | None = None, **given: Any) -> LessonCell:
    seconds: dict[str, int] = {
        "bad_seconds": 1500 if quality == "bad" else 0,
        "degraded_seconds": 900 if quality == "degraded" else 0,
        "valid_seconds": 600 if quality == "unknown" else 2700,
        "closed_seconds": 2700,
    }
    return LessonCell(lesson=lesson or a_lesson(), quality=quality, **(seconds | given))


def a_strip(qualities: Sequence[LessonQuality] = ("good",) * 12, until: datetime = NOW) -> tuple[LessonCell, ...]:
    """The last lessons before `until`, one for each of `qualities`, oldest first."""
    lessons = TIMETABLE.last_lessons(until, len(qualities))
    return tuple(a_cell(quality, lesson) for quality, lesson in zip(qualities, lessons, strict=True))


def a_bin(quality: Quality | None = "good", **given: Any) -> RoomBin:
    """A bin that was `quality` for every profile; invalid for ``None``."""
    qoo = {"bad": 0.0, "degraded": 38.0, "good": 100.0}
    p95 = {"bad": 412.0, "degraded": 161.0, "good": 23.4, None: 30.0}[quality]
    scores = tuple(
        ProfileScore(
            profile=profile.name, qoo=qoo[quality], quality=quality, worst=None if quality == "good" else "latency"
        )
        for profile in default_profiles().in_force()
        if quality is not None
    )
    values: dict[str, Any] = {
        "site": "north",
        "room": "101",
        "started_at": NOW.replace(minute=25, second=0),
        "seconds": 300,
        "valid": quality is not None,
        "target": "district",
        "method": "stamp",
        "agents": 1,
        "sent": 300,
        "received": 299,
        "probed_share": 1.0 if quality else 0.41,
        "p50_ms": p95 / 2,
        "p95_ms": p95,
        "p99_ms": p95 * 1.6,
        "gateway_p95_ms": 2.4,
        "gateway_loss": 0.0,
        "repaired": False,
        "scores": scores,
        "profiles_digest": default_profiles().digest,
    }
    return RoomBin(**(values | given))


def a_reading(**given: Any) -> Reading:
    values: dict[str, Any] = {
        "target": "district",
        "method": "stamp",
        "ended_at": NOW - timedelta(seconds=4),
        "sent": 60,
        "received": 60,
        "p50_ms": 11.2,
        "p95_ms": 23.4,
        "failure": None,
        "repaired": False,
    }
    return Reading(**(values | given))


def a_test(**given: Any) -> ThroughputTest:
    """A test at 10:12 that held the megabit a second that it was asked for."""
    values: dict[str, Any] = {
        "agent": "a" * 16,
        "direction": "down",
        "ended_at": NOW.replace(minute=12, second=30),
        "required_bps": 1_000_000,
        "offered_bps": 1_250_000,
        "received_bps": 1_190_000,
        "sustained": True,
        "used_bytes": 740_000,
        "duration_ms": 4_100,
        "ended_by": "decided",
        "idle_rtt_ms": 11.0,
        "working_p95_ms": 48.0,
        "failure": None,
    }
    return ThroughputTest(**(values | given))


def a_room(room: str = "101", state: State = "ok", site: str = "north", **given: Any) -> RoomNow:
    quality: Quality | None = "bad" if state == "bad" else "degraded" if state == "degraded" else None
    values: dict[str, Any] = {
        "name": room,
        "simulated": False,
        "seats": 28,
        "agents": 1,
        "state": RoomState(state=state, deciding=a_bin(quality) if quality else None),
        "evidence": EVIDENCE[state],
        "strip": a_strip(),
        "coverage": 0.98,
        "newest_report_at": NOW - timedelta(seconds=4),
        "readings": (a_reading(),),
        "bins": (a_bin(),),
    }
    return RoomNow(site=site, room=room, **(values | given))


EVIDENCE: dict[State, str] = {
    "bad": "At 10:25 a video lesson would have frozen: 1 in 20 packets took longer than 412 ms; limit 200 ms.",
    "degraded": "At 10:25 a video lesson would have stuttered: 1 in 20 packets took longer than 161 ms; limit 100 ms.",
    "ok": "10:25: 1 in 20 packets took longer than 23 ms, none was lost.",
    "unknown": "Not enough measurements to judge; the newest is from Tue 09:12:44.",
    "no_lesson": "No lesson now, so nothing is judged.",
}


def a_site(*rooms: RoomNow, site: str = "north", name: str = "North School", simulated: bool = False) -> SiteNow:
    return SiteNow(site=site, name=name, simulated=simulated, rooms=rooms)


def a_district(*sites: SiteNow, now: datetime = NOW, **given: Any) -> DistrictNow:
    """The district at `now`, every site with the lessons that the timetable has then, or with those `given`."""
    lessons: dict[str, Any] = {
        "lesson": TIMETABLE.lesson_at(now),
        "last_lesson": next(iter(TIMETABLE.last_lessons(now, 1)), None),
        "next_lesson": TIMETABLE.next_lesson(now),
    }
    lessons |= {name: given.pop(name) for name in lessons.keys() & given.keys()}
    values: dict[str, Any] = {
        "name": "Lakeside Schools",
        "time_zone": ZONE,
        "taken_at": now - timedelta(seconds=2),
        "bin_seconds": 300,
        "stale_seconds": 185.0,
        "sites": tuple(replace(site, **lessons) for site in sites),
    }
    return DistrictNow(**(values | given))


def a_mixed_district() -> DistrictNow:
    """Three sites, one of them measured, with a room in each state."""
    simulated = [
        a_room(f"{site}-{state}", state, site, simulated=True) for site in ("oak", "elm") for state in STATES[:4]
    ]
    return a_district(
        a_site(*simulated[:4], site="oak", name="Oak School", simulated=True),
        a_site(*simulated[4:], site="elm", name="Elm School", simulated=True),
        a_site(a_room("here", site="here"), site="here", name="This network"),
    )
