"""A week that is known by heart: three schools, eight rooms, hostile names, written as the collector writes it.

Lessons are the five hours before `now`, every day. What the panels must make of it stands in ``test_queries.py``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from collector.district.district import Site
from collector.publish_standings import standing_lines
from collector.store import influx_schema as schema
from collector.store.influx_lines import line
from collector.store.influx_schema import Measurement
from tests.collector.live import a_district
from tests.dashboards.known_rooms import OAK_HILL, ROOMS, Room
from tests.dashboards.known_uplinks import known_bins, known_uplink_weeks
from tests.dashboards.known_verdicts import known_weeks
from tests.influx import Influx

BIN = timedelta(minutes=5)
LESSONS = timedelta(hours=5)
DAYS = 40

SAYS = {
    "bad": (
        "At 10:15 a video lesson would have frozen: 1 in 20 packets took longer than 320 ms; limit 200 ms.",
        "Open the room and compare the gateway's times: if they rise with it, look at its Wi-Fi or cable.",
    ),
    "degraded": (
        "At 10:15 a video lesson was strained: 1 in 20 packets took longer than 160 ms; limit 200 ms.",
        "Open the room and compare the gateway's times.",
    ),
    "ok": ("Measured in the last 15 minutes: 1 in 20 packets took longer than 40 ms.", ""),
    "unknown": ("Nothing was measured in the last 30 minutes.", "See whether the room's PC is on and online."),
    "no_lesson": ("There is no lesson now.", ""),
}
READINGS = {
    "good": {"p50_ms": 12.0, "p95_ms": 40.0, "p99_ms": 80.0, "loss": 0.0, "qoo": 100.0},
    "degraded": {"p50_ms": 30.0, "p95_ms": 160.0, "p99_ms": 210.0, "loss": 0.004, "qoo": 40.0},
    "bad": {"p50_ms": 90.0, "p95_ms": 320.0, "p99_ms": 600.0, "loss": 0.02, "qoo": 0.0},
}


def write_known_week(influx: Influx, now: datetime) -> None:
    """`now` is a whole multiple of five minutes."""
    influx.write("reports", *_now_lines(now), *_throughput(now))
    influx.write("bins", *_bins(now), *known_bins(now))
    influx.write("days", *_days(now), *known_weeks(), *known_uplink_weeks(), *_standings(now))


def write_after_school(influx: Influx, now: datetime) -> None:
    """What the collector tells in the half hour after the lessons of the known week."""
    for minute in range(1, 31):
        at = now + timedelta(minutes=minute)
        lines = [site_now_line(site, at, now) for site in ("oak-hill", "river", "west")]
        lines += [room_now_line(one, at, now) for one in ROOMS]
        influx.write("reports", *lines, collector_now_line(at, now))


def ms(instant: datetime) -> int:
    """Milliseconds since 1970."""
    return int(instant.timestamp() * 1000)


def week_time(monday: date) -> datetime:
    """The time of a week's points."""
    return datetime.combine(monday, time(12), tzinfo=UTC)


def began_ms(room: str, now: datetime) -> int:
    """When the state that a room has now began."""
    (found,) = (one for one in ROOMS if one.room == room)
    return ms(now - timedelta(minutes=found.began_minutes_ago))


def _now_lines(now: datetime) -> Iterator[str]:
    for minutes in range(1, 24 * 60, 5):
        at = now - timedelta(minutes=minutes)
        for one in ROOMS:
            yield room_now_line(one, at, now)
    # A room that is no more: it was bad when it was last told of.
    gone = Room(site="oak-hill", site_name=OAK_HILL, room="gone", name="Gone", state="bad", began_minutes_ago=600)
    yield room_now_line(gone, now - timedelta(hours=3), now)
    for minutes in range(24 * 60):
        at = now - timedelta(minutes=minutes, seconds=30)
        yield from (site_now_line(site, at, now) for site in ("oak-hill", "river", "west"))
        yield collector_now_line(at, now)
    for minutes in (0, 1, 2):
        yield from agent_lines(now - timedelta(minutes=minutes, seconds=30), now, newest=minutes == 0)


def _state(one: Room, at: datetime, now: datetime) -> str:
    if not now - LESSONS <= at <= now:
        return "no_lesson"
    if one.state in {"bad", "degraded"} and at < now - timedelta(minutes=one.began_minutes_ago):
        return "ok"
    return one.state


def room_now_line(one: Room, at: datetime, now: datetime) -> str:
    """A room as it was told of at `at`."""
    state = _state(one, at, now)
    evidence, next_step = SAYS[state]
    reading = READINGS.get({"ok": "good"}.get(state, state))
    troubled = state in {"bad", "degraded"}
    fields = {
        "site_name": one.site_name,
        "room_name": one.name,
        "label": schema.label_of(one.name, one.room),
        "state": state,
        "level": schema.LEVELS[state],
        "cause": "undetermined",
        "worst": "latency" if troubled else None,
        "profile": "video_lesson" if troubled else None,
        "evidence": evidence,
        "next_step": next_step,
        "since_ms": ms(now - timedelta(minutes=one.began_minutes_ago)),
        "p95_ms": reading and reading["p95_ms"],
        "loss": reading and reading["loss"],
        "down_bps": 1_190_000 if one.room == "101" else None,
        "up_bps": 600_000 if one.room == "101" else None,
        "coverage": 0.1 if state == "unknown" else 0.97,
        "lessons": 12,
        "bad_lessons": 3 if state == "bad" else 0,
        "agents": 1,
        "newest_report_ms": None if state == "unknown" else ms(at - timedelta(seconds=40)),
        "in_session": state != "no_lesson",
    }
    return _line(schema.ROOM_NOW, {"site": one.site, "room": one.room}, fields, at)


def site_now_line(site: str, at: datetime, now: datetime, **otherwise: int) -> str:
    """A site as it was told of at `at`, with some fields as they are given."""
    rooms = [one for one in ROOMS if one.site == site]
    states = [_state(one, at, now) for one in rooms]
    fields = {
        "site_name": rooms[0].site_name,
        "label": schema.label_of(rooms[0].site_name, site),
        "rooms": len(rooms),
        **{state: states.count(state) for state in schema.LEVELS},
        "reporting_rooms": len(rooms) - states.count("unknown"),
        "in_session": "no_lesson" not in states,
    } | otherwise
    return _line(schema.SITE_NOW, {"site": site}, fields, at)


def collector_now_line(at: datetime, now: datetime, **otherwise: int) -> str:
    """It takes 40 reports a minute, one of them a duplicate, and was started again twelve hours ago."""
    minutes_ago = (now - at) // timedelta(minutes=1)
    running = (12 * 60 if minutes_ago < 12 * 60 else 24 * 60) - minutes_ago
    fields = {
        "version": "0.4.0",
        "received": 40 * running,
        "stored": 39 * running,
        "duplicate": running,
        "rejected": 0,
        "deferred": 0,
        "judged_bins": running,
        "failing": False,
        "rooms": 8,
        "enrolled_agents": 8,
        "reporting_agents": 5,
        "behind_agents": 1,
        "silent_agents": 1 if minutes_ago < 60 else 0,
        "never_reported_agents": 1,
        "outdated_agents": 2,
        "repaired_agents": 1,
        "in_session": now - LESSONS <= at <= now,
    } | otherwise
    return _line(schema.COLLECTOR_NOW, {}, fields, at)


AGENT_STATES = {
    "101": ("reporting", "0.3.9", False),
    "lab": ("behind", "0.4.0", False),
    "music": ("reporting", "0.4.0", True),
    "library": ("never_reported", "", False),
    "201": ("reporting", "0.4.0", False),
    "art": ("silent", "0.3.9", False),
    "301": ("reporting", "0.4.0", False),
    "302": ("reporting", "0.4.0", False),
}


def agent_lines(at: datetime, now: datetime, *, newest: bool) -> Iterator[str]:
    """The fleet as it was told of at `at`."""
    for one in ROOMS:
        state, version, repaired = AGENT_STATES[one.room]
        # Before, all was well with all of them.
        state = state if newest else "reporting"
        told = state != "never_reported"
        fields = {
            "site_name": one.site_name,
            "room_name": one.name,
            "role": "room",
            "state": state,
            "level": schema.AGENT_LEVELS[state],
            "version": version if told else None,
            "outdated": version == "0.3.9",
            "platform": "linux" if told else None,
            "newest_report_ms": ms(now - timedelta(hours=2 if state == "silent" else 0, minutes=1)) if told else None,
            "waiting_reports": (180 if state == "behind" else 0) if told else None,
            "dropped_reports": 0 if told else None,
            "quarantined_reports": 0 if told else None,
            "clock_repaired": repaired,
            "clock_synchronised": not repaired,
        }
        place = {"site": one.site, "room": one.room, "agent": f"agent-{one.room}"}
        yield _line(schema.AGENT_NOW, place, fields, at)


def quality(room: str, minutes_ago: int) -> str | None:
    """What the bin was that began so many minutes ago; ``None`` where too little was measured.

    101: bad for 25 minutes; lab: degraded for two hours; art: bad for 90 minutes; 302: bad for an hour that ended an
    hour ago, and for the last 15 minutes; 201: bad in the first hour of three days ago.
    """
    of_day, day = minutes_ago % (24 * 60), minutes_ago // (24 * 60)
    if room == "library":
        return None
    if room == "201":
        return "bad" if day == 3 and of_day > 240 else "good"
    today = {
        "101": of_day <= 25,
        "lab": of_day <= 120,
        "art": of_day <= 90,
        "302": of_day <= 15 or 60 < of_day <= 120,
    }
    if day == 0 and today.get(room, False):
        return "degraded" if room == "lab" else "bad"
    return "good"


def _bins(now: datetime) -> Iterator[str]:
    for day in range(9):
        for bin_of_day in range(1, LESSONS // BIN + 1):
            minutes_ago = day * 24 * 60 + bin_of_day * 5
            at = now - timedelta(minutes=minutes_ago)
            for one in ROOMS:
                yield from bin_lines(one, quality(one.room, minutes_ago), at)


def bin_lines(one: Room, found: str | None, at: datetime) -> Iterator[str]:
    """A bin of a room: its own point, each profile's and each target's."""
    place = {"site": one.site, "room": one.room}
    reading = READINGS[found or "good"]
    sent = 300 if found else 20
    fields = dict.fromkeys(schema.ROOM_BIN.fields) | {
        "seconds": 300,
        "valid": found is not None,
        "target": "district",
        "method": "stamp",
        "agents": 1,
        "sent": sent,
        "received": round(sent * (1 - reading["loss"])),
        "probed_share": sent / 300,
        **{name: reading[name] for name in ("p50_ms", "p95_ms", "p99_ms", "loss")},
        "repaired": False,
        "scores": "[]",
        "profiles_digest": "x",
        "qoo": reading["qoo"] if found else None,
        "quality": found,
        "valid_seconds": 300 if found else 0,
        "degraded_seconds": 300 if found == "degraded" else 0,
        "bad_seconds": 300 if found == "bad" else 0,
    }
    yield _line(schema.ROOM_BIN, place, fields, at)
    for profile, better in (("video_lesson", 0), ("cloud_docs_lms", 45)):
        qoo = min(100.0, reading["qoo"] + better)
        of_profile = {
            "qoo": qoo if found else None,
            "quality": found and ("bad" if qoo == 0 else "degraded" if qoo < 50 else "good"),
            "worst": "latency" if found and qoo < 100 else None,
        }
        yield _line(schema.PROFILE_BIN, {**place, "profile": profile}, of_profile, at)
    for target, factor in (("gateway", 0.1), ("site", 0.5), ("district", 1.0)):
        tags = {**place, "agent": f"agent-{one.room}", "target": target, "method": "stamp"}
        of_target = {
            "sent": sent,
            "received": sent,
            "probed_ms": 1000 * sent,
            "histogram": "",
            "repaired": False,
            "loss": reading["loss"] if target == "district" else 0.0,
            **{name: reading[name] * factor for name in ("p50_ms", "p95_ms", "p99_ms")},
        }
        yield _line(schema.TARGET_BIN, tags, of_target, at)


def _throughput(now: datetime) -> Iterator[str]:
    """Of 101 alone: every half hour, and the newest test found too little on the way down."""
    for place, direction in enumerate(("down", "up")):
        for number in range(10):
            need = 1_000_000 if direction == "down" else 500_000
            got = 640_000 if (direction, number) == ("down", 0) else need * 119 // 100
            fields = dict.fromkeys(schema.THROUGHPUT.fields) | {
                "boot": "b",
                "seq": 2 * number + place,
                "stored_us": 1,
                "repaired": False,
                "duration_ms": 5000,
                "method_version": 1,
                "required_bps": need,
                "offered_bps": need * 5 // 4,
                "received_bps": got,
                "sustained": got >= need,
                "used_bytes": 700_000,
            }
            tags = {"site": "oak-hill", "room": "101", "agent": "agent-101", "target": "district"}
            tags |= {"method": "sufficiency", "direction": direction}
            yield _line(schema.THROUGHPUT, tags, fields, now - timedelta(minutes=12 + 30 * number))


def _days(now: datetime) -> Iterator[str]:
    """Of five hours four and a half were measured; on every fifth day half an hour of 101 was bad."""
    midnight = now.replace(hour=0, minute=0)
    for ago in range(1, DAYS + 1):
        at = midnight - timedelta(days=ago)
        for one in ROOMS:
            bad = 1800 if one.room == "101" and ago % 5 == 0 else 0
            yield _line(schema.ROOM_DAY, {"site": one.site, "room": one.room}, _day(at, bad, rooms=1), at)
        for site in ("oak-hill", "river", "west"):
            rooms = sum(one.site == site for one in ROOMS)
            bad = 1800 if site == "oak-hill" and ago % 5 == 0 else 0
            counts = {"rooms": rooms, "measured_rooms": rooms, "troubled_rooms": int(bad > 0)}
            of_room = ("worst", "profile", "cause", "histogram", "profiles_digest")
            fields = {name: value for name, value in _day(at, bad, rooms).items() if name not in of_room} | counts
            yield _line(schema.SITE_DAY, {"site": site}, fields, at)


def _standings(now: datetime) -> Iterator[str]:
    """Of yesterday and today: Oak Hill has since been given twice the capacity."""
    for ago, mbps in ((1, 250), (0, 500)):
        site = Site(site="oak-hill", name=OAK_HILL, uplink_mbps=mbps, users=640)
        yield from standing_lines(replace(a_district(), sites=(site,)), (now - timedelta(days=ago)).date())


def _day(at: datetime, bad: int, rooms: int) -> dict[str, object]:
    return {
        "date": at.date().isoformat(),
        "closed_seconds": 18_000 * rooms,
        "valid_seconds": 16_200 * rooms,
        "degraded_seconds": 900 * rooms,
        "bad_seconds": bad,
        "bad_share": bad / (16_200 * rooms),
        "sent": 16_200 * rooms,
        "received": 16_200 * rooms,
        "loss": 0.02 if bad else 0.001,
        "p50_ms": 12.0,
        "p95_ms": 220.0 if bad else 40.0,
        "p99_ms": 600.0 if bad else 80.0,
        "worst": "latency" if bad else None,
        "profile": "video_lesson" if bad else None,
        "cause": None,
        "histogram": "",
        "profiles_digest": "x",
    }


def _line(measurement: Measurement, tags: Mapping[str, str], fields: Mapping[str, object], at: datetime) -> str:
    return line(measurement, tags, {**dict.fromkeys(measurement.fields), **fields}, ms(at) * 1_000_000)
