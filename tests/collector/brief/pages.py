"""Briefs made by hand, one for each kind of week; the rooms of `a_normal_week` are judged by the real rule."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from collector.brief.brief import (
    MOST_ROOMS,
    Brief,
    BriefRoom,
    BriefUplink,
    Changed,
    Correction,
    Doing,
    Standing,
    Strip,
    StripDay,
)
from collector.verdict.cause_words import pays, where
from collector.verdict.uplinks.load import Load, UplinkWeek
from collector.verdict.uplinks.outlook import Forecast, Level, NoForecast, Outlook, Scenario
from collector.verdict.week_sentence import span
from collector.verdict.weeks import RoomWeek, Verdict
from tests.collector.board.realistic_weeks import two_weeks
from tests.collector.week_builders import MONDAY, a_week
from wire.report_words import Direction

SITES = {"oak-hill": "Oak Hill Elementary", "lakeside": "Lakeside Middle School", "summit": "Summit High School"}
NAMES = (
    "غرفة ٢٠٤",
    "教室 二〇四",
    "कक्षा २०४",
    "Αίθουσα 204",
    "🎵 Music 🎹",
    "Ünïcödé łąb",
    '<script>alert(1)</script>"&',
    "#typst[$x$] *a* @b <c>",
    "abc\u202edef",
    "Room\n\tof lines",
    "W" * 80,
    "The library’s quiet reading room beside the old gymnasium, second floor, left wing",
)
_QUALITY: dict[str, Strip] = {"B": "bad", "b": "bad", "d": "degraded", "n": "degraded", "g": "good"}
_SEVERITY: tuple[Strip, ...] = ("bad", "degraded", "good", "unknown")


def a_brief(**given: Any) -> Brief:
    """A week in which all is fine and nothing is known of uplinks; every value can be given."""
    values: dict[str, Any] = {
        "district_name": "Cedar Valley Schools",
        "time_zone": "America/Chicago",
        "site": None,
        "site_name": None,
        "week": MONDAY,
        "made_at": datetime(2026, 3, 9, 11, 30, tzinfo=UTC),
        "simulated": False,
        "headline": "None of 41 rooms was restricted",
        "lead": "The network got in the way of no lesson that we know of; nothing has to be done.",
        "counts": {"restricted": 0, "at_risk": 0, "unknown": 0, "ok": 41},
        "rooms": (),
        "more_rooms": 0,
        "at_risk": (),
        "bad_minutes": 0.0,
        "measured_minutes": 64_260.0,
        "to_do": (),
        "changes": (),
        "corrections": (),
        "uplinks": (),
        "standings": (),
        "unknowns": (),
        "method": (
            "Rule 1: a room is restricted where more than 5 % of its lesson time was poor, shown with 99 % confidence.",
            "Thresholds 3fa9c1d2; calendar of the district; reports are kept 30 days, judged weeks 6 years.",
        ),
    }
    return Brief(**(values | given))


def a_normal_week(**given: Any) -> Brief:
    """Three of forty rooms restricted by two causes, two uplinks, one with a forecast and one that is too young."""
    weeks = [one for one in two_weeks() if one.week == MONDAY]
    restricted = sorted((one for one in weeks if one.verdict == "restricted"), key=lambda one: -one.bad_minutes)
    rooms = tuple(map(a_room, restricted))[:MOST_ROOMS]
    lost = sum(one.bad_minutes for one in rooms)
    first, *others = rooms
    values: dict[str, Any] = {
        "headline": f"{len(rooms)} of {len(weeks)} rooms could not teach as planned",
        "lead": f"They lost {span(lost)} of lesson time. Three things would mend most of it.",
        "counts": Counter(one.verdict for one in weeks),
        "rooms": rooms,
        "at_risk": tuple(f"{one.room} {SITES[one.site]}" for one in weeks if one.verdict == "at_risk"),
        "bad_minutes": lost,
        "measured_minutes": sum(one.valid_bins * 5.0 for one in weeks),
        "to_do": (
            a_doing(rooms=1, bad_minutes=first.bad_minutes),
            a_doing(
                title="Check the cables and the access points of two rooms",
                why=f"They lost {span(sum(one.bad_minutes for one in others))} in the last week.",
                rooms=len(others),
                confidence="medium",
            ),
            a_doing(
                title="Order more capacity for Lakeside Middle School",
                why="Its line is 75 % full in the busiest hour and reaches 80 % between April and June.",
                budget_line="C1",
                cause="site_uplink",
                confidence=None,
                options=("ask the provider for the next tier", "add a second line"),
            ),
        ),
        "changes": tuple(
            Changed(
                site_name=SITES[one.site],
                room_name=one.room,
                before=one.previous,
                after=one.verdict,
            )
            for one in weeks
            if one.previous != one.verdict
        ),
        "corrections": (
            Correction(
                week=MONDAY - timedelta(weeks=2),
                site_name=SITES["summit"],
                room_name="304",
                mailed="ok",
                now="at_risk",
            ),
        ),
        "uplinks": (growing(), young()),
        "standings": (
            a_standing(),
            a_standing(name="Lakeside Middle School", users=640, capacity_mbps=500, mbps_per_user=0.78, meets=False),
        ),
        "unknowns": (
            "Room 114 of Oak Hill Elementary: no agent was awake in any lesson after Monday.",
            "Two machines of Summit High School have not answered for three days.",
        ),
    }
    return a_brief(**(values | given))


def one_room() -> Brief:
    """A district of one room, which is restricted."""
    return a_brief(
        headline="The only room could not teach as planned",
        lead="It lost 10 h of lesson time.",
        counts={"restricted": 1, "at_risk": 0, "unknown": 0, "ok": 0},
        rooms=(a_room(a_week()),),
        bad_minutes=600.0,
        measured_minutes=1_575.0,
        to_do=(a_doing(),),
    )


def five_thousand() -> Brief:
    """Every list far longer than a page, and every strip as restless as can be."""
    room = a_room(a_week())
    restless = tuple(replace(day, cells=("bad", "degraded", "good", "unknown") * 8) for day in room.strip)
    names = tuple(f"Room {number} of a school with a rather long name" for number in range(900))
    return a_normal_week(
        headline="612 of 5,000 rooms could not teach as planned",
        counts={"restricted": 612, "at_risk": 900, "unknown": 488, "ok": 3_000},
        rooms=tuple(replace(room, room_name=f"Room {number}", strip=restless) for number in range(MOST_ROOMS)),
        more_rooms=600,
        at_risk=names,
        bad_minutes=412_345.0,
        measured_minutes=7_654_321.0,
        changes=tuple(Changed(site_name="S", room_name=one, before="ok", after="at_risk") for one in names),
        corrections=tuple(
            Correction(week=MONDAY, site_name="S", room_name=one, mailed="ok", now="restricted") for one in names
        ),
        uplinks=tuple(replace(growing(), name=f"Uplink {number}") for number in range(200)),
        standings=tuple(a_standing(name=f"School {number}") for number in range(200)),
        unknowns=names,
    )


def nothing_known() -> Brief:
    return a_brief(
        headline="Nothing is known about 41 rooms",
        lead="No room was measured enough in this week to say whether it could teach.",
        counts={"restricted": 0, "at_risk": 0, "unknown": 41, "ok": 0},
        measured_minutes=0.0,
        uplinks=(uncounted(),),
        unknowns=("All 41 rooms: no agent was awake in any lesson. Are the agents running?",),
    )


def any_script() -> Brief:
    """Names in many scripts, and some that would like to be code."""
    base = a_normal_week()
    rooms = tuple(replace(base.rooms[0], room_name=name, site_name=name[::-1]) for name in NAMES)
    return replace(
        base,
        district_name=NAMES[0],
        rooms=rooms,
        at_risk=NAMES,
        changes=tuple(replace(base.changes[0], room_name=name, site_name="S") for name in NAMES),
        unknowns=NAMES,
        uplinks=(replace(growing(), name=NAMES[6]),),
        to_do=tuple(a_doing(title=f"Look at {name}", why=name, options=(name,)) for name in NAMES[6:9]),
    )


def for_a_site() -> Brief:
    """The page of one school, made up."""
    return a_normal_week(site="oak-hill", site_name="Oak Hill Elementary", simulated=True)


def a_doing(**given: Any) -> Doing:
    values: dict[str, Any] = {
        "title": "Survey the Wi-Fi of one room",
        "why": "Room 106 of Oak Hill Elementary lost most of its lessons because of its Wi-Fi.",
        "budget_line": "C2",
        "cause": "room_access",
        "confidence": "high",
        "rooms": 1,
        "bad_minutes": 600.0,
        "options": ("move the access point to another channel", "have the room surveyed", "add an access point"),
    }
    return Doing(**(values | given))


def a_room(week: RoomWeek) -> BriefRoom:
    worst = "Sound and picture froze" if week.worst == "loss" else "Video lessons stuttered"
    return BriefRoom(
        site_name=SITES.get(week.site, "North School"),
        room_name=week.room,
        week=week,
        what=f"{worst} in {len(week.hit_lessons)} of {week.lessons} lessons.",
        cause=where(week.cause, week.example) if week.cause else "",
        pays=pays(week.budget_line),
        bad_minutes=week.bad_minutes,
        since=MONDAY if week.entered else MONDAY - timedelta(weeks=3),
        strip=tuple(
            _day(name, marks)
            for name, marks in zip(("Mon", "Tue", "Wed", "Thu", "Fri"), week.marks.split("|"), strict=False)
        ),
    )


def _day(name: str, marks: str) -> StripDay:
    cells = tuple(_worst(marks[at : at + 3]) for at in range(0, len(marks), 3))
    bad = sum(mark in "Bb" for mark in marks)
    return StripDay(name=name, minutes=15.0, cells=cells, summary=f"{name}: {span(5 * bad)} bad.")


def _worst(marks: str) -> Strip:
    return min((_QUALITY.get(mark, "unknown") for mark in marks), key=_SEVERITY.index)


def uplink_weeks(name: str, shares: list[float | None], capacity: int | None = 500) -> tuple[UplinkWeek, ...]:
    return tuple(
        UplinkWeek(
            uplink=name,
            week=MONDAY - timedelta(weeks=len(shares) - 1 - number),
            method="snmp",
            capacity_mbps=capacity,
            lesson_days=5,
            counted_days=0 if share is None else 5,
            counted_share=0.0 if share is None else 0.98,
            loads={}
            if share is None
            else {
                "down": Load(
                    busy_bps=share * (capacity or 500) * 1e6,
                    busy_hour=10,
                    peak_bps=1.15 * share * (capacity or 500) * 1e6,
                    peak_at=datetime(2026, 3, 4, 16, 20, tzinfo=UTC),
                )
            },
        )
        for number, share in enumerate(shares)
    )


def growing() -> BriefUplink:
    shares: list[float | None] = [0.52 + 0.0085 * number + (0.02 if number % 3 else -0.02) for number in range(26)]
    shares[9] = None
    weeks = uplink_weeks("site:lakeside", shares)
    return an_uplink(
        "Lakeside Middle School",
        weeks,
        level="plan",
        says="75 % full in the busiest hour (10 to 11 o’clock): 376 of 500 Mbit/s, 24 Mbit/s left up to 80 %.",
        ahead="It reaches 80 % between the weeks of 13 April and 8 June 2026, if it grows as it did.",
        forecast=Forecast(
            horizon_weeks=12,
            at_week=date(2026, 6, 1),
            expected=0.84,
            low=0.77,
            high=0.91,
            slope=0.0083,
            slope_low=0.006,
            slope_high=0.0104,
            crosses_from=date(2026, 4, 13),
            crosses_until=date(2026, 6, 8),
        ),
        scenarios=(
            "No growth: not within five years.",
            "20 % more a year: August 2026.",
            "50 % more a year: May 2026.",
        ),
    )


def young() -> BriefUplink:
    return an_uplink(
        "The district’s way out",
        uplink_weeks("district", [0.39, 0.42, 0.4, 0.44], 2_000),
        level="fine",
        says="44 % full in the busiest hour (10 to 11 o’clock): 880 of 2,000 Mbit/s, 720 Mbit/s left up to 80 %.",
        ahead="No forecast yet: 4 weeks of lessons were counted, 21 are needed.",
        forecast=NoForecast(reason="too_few_weeks", known_weeks=4, needed_weeks=21),
    )


def uncounted() -> BriefUplink:
    return an_uplink(
        "The district’s way out",
        (),
        level="unknown",
        says="How full it is is not known.",
        ahead="No forecast: nothing counts what it carries. A reference agent can ask its router (SNMP).",
        forecast=NoForecast(reason="not_counted", known_weeks=0),
    )


def an_uplink(
    name: str,
    weeks: tuple[UplinkWeek, ...],
    *,
    level: Level,
    says: str,
    ahead: str,
    forecast: Forecast | NoForecast,
    scenarios: tuple[str, ...] = (),
) -> BriefUplink:
    direction: Direction = "down"
    newest = next((one for one in reversed(weeks) if not one.missing), None)
    return BriefUplink(
        name=name,
        outlook=Outlook(
            uplink=weeks[0].uplink if weeks else "district",
            direction=direction,
            level=level,
            weeks=weeks,
            newest=newest,
            headroom_bps=None
            if newest is None or not newest.capacity_mbps
            else 0.8e6 * newest.capacity_mbps - newest.loads[direction].busy_bps,
            forecast=forecast,
            scenarios=tuple(Scenario(growth_a_year=one, reaches_at=None) for one in (0.0, 0.2, 0.5)),
        ),
        says=says,
        ahead=ahead,
        scenarios=scenarios,
    )


def a_standing(**given: Any) -> Standing:
    values: dict[str, Any] = {
        "name": "Cedar Valley Schools",
        "users": 1_900,
        "capacity_mbps": 2_000,
        "mbps_per_user": 2_000 / 1_900,
        "target_mbps_per_user": 1.0,
        "source": "the FCC’s goal of 2014",
        "meets": True,
    }
    return Standing(**(values | given))


VERDICTS: tuple[Verdict, ...] = ("restricted", "at_risk", "unknown", "ok")
PAGES = {
    "normal": a_normal_week,
    "fine": a_brief,
    "one-room": one_room,
    "five-thousand": five_thousand,
    "nothing-known": nothing_known,
    "any-script": any_script,
    "site": for_a_site,
}
"""Every kind of page there is."""
