"""A brief for each kind of week, written as they really are from weeks that the real rule judged."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collector.brief.brief import MOST_ROOMS, Brief, Changed, Correction, Standing
from collector.brief.write import write_brief
from collector.demo.simulated_district import simulated_district
from collector.judged_weeks import NamedWeek
from collector.verdict.marks import MarkQuality
from collector.verdict.uplinks.outlook import Outlook
from collector.verdict.week_sentence import VERDICT_WORDS
from collector.verdict.weeks import RoomWeek
from tests.collector.board.districts import TIMETABLE, ZONE
from tests.collector.board.realistic_weeks import two_weeks
from tests.collector.brief.outlooks import full, growing, uncounted, young
from tests.collector.week_builders import MONDAY, a_week

MADE_AT = datetime(2026, 3, 9, 11, 30, tzinfo=UTC)
SITES = {"oak-hill": "Oak Hill Elementary", "lakeside": "Lakeside Middle School", "summit": "Summit High School"}
DISTRICT = replace(simulated_district(ZONE), name="Cedar Valley Schools", calendar=TIMETABLE)
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


def a_brief(weeks: Iterable[RoomWeek], *, simulated: bool = False, **given: Any) -> Brief:
    """The page of these weeks."""
    order = list(VERDICT_WORDS)
    rooms = [
        NamedWeek(
            week=one,
            site_name=SITES.get(one.site, "North School"),
            room_name=one.room,
            simulated=simulated,
            known=True,
        )
        for one in sorted(weeks, key=lambda one: (order.index(one.verdict), -one.bad_minutes))
    ]
    values: dict[str, Any] = {"week": MONDAY, "district": DISTRICT, "made_at": MADE_AT}
    return write_brief(rooms, **(values | given))


def a_normal_week(outlooks: tuple[Outlook, ...] = (), **given: Any) -> Brief:
    """Six of forty rooms restricted by two causes, two uplinks: one with a forecast and one that is too young."""
    weeks = [one for one in two_weeks() if one.week == MONDAY]
    since = {(one.site, one.room): MONDAY - timedelta(weeks=0 if one.entered else 3) for one in weeks if one.standing}
    corrections = (a_correction("304"),)
    written = a_brief(weeks, since=since, corrections=corrections, outlooks=outlooks or (growing(), young()), **given)
    below = a_standing(name=SITES["lakeside"], users=640, capacity_mbps=500, mbps_per_user=0.78, meets=False)
    return replace(written, standings=(a_standing(), below))


def a_fine_week() -> Brief:
    return a_brief((a_week(str(number), "ok", previous="ok") for number in range(101, 142)), outlooks=(young(),))


def one_room() -> Brief:
    """A district of one room, which is restricted."""
    return a_brief([a_week()])


def five_thousand() -> Brief:
    """Every list far longer than a page, and every strip as restless as can be."""
    base = a_normal_week(outlooks=(growing(), full()))
    cells: tuple[MarkQuality, ...] = ("bad", "degraded", "good", "unknown")
    restless = tuple(replace(day, cells=cells * 16) for day in base.rooms[0].strip)
    names = tuple(f"Room {number} of a school with a rather long name" for number in range(900))
    return replace(
        base,
        headline="The network restricted lessons in 612 of 5,000 rooms",
        counts={"restricted": 612, "at_risk": 900, "unknown": 488, "ok": 3_000},
        rooms=tuple(replace(base.rooms[0], room_name=f"Room {number}", strip=restless) for number in range(MOST_ROOMS)),
        more_rooms=600,
        at_risk=names,
        bad_minutes=412_345.0,
        measured_minutes=7_654_321.0,
        changes=tuple(Changed(site_name="S", room_name=one, before="ok", after="at_risk") for one in names),
        corrections=tuple(a_correction(one) for one in names),
        uplinks=tuple(replace(base.uplinks[number % 2], name=f"Uplink {number}") for number in range(200)),
        standings=tuple(a_standing(name=f"School {number}") for number in range(200)),
        unknowns=names,
        later=base.to_do * 50,
    )


def nothing_known() -> Brief:
    return a_brief((a_week(str(number), "unknown") for number in range(101, 142)), outlooks=(uncounted(),))


def any_script() -> Brief:
    """Names in many scripts, and some that would like to be code."""
    base = a_normal_week()
    return replace(
        base,
        district_name=NAMES[0],
        rooms=tuple(replace(base.rooms[0], room_name=name, site_name=f"At {name}") for name in NAMES),
        at_risk=NAMES,
        changes=tuple(replace(base.changes[0], room_name=name, site_name="S") for name in NAMES),
        unknowns=NAMES,
        uplinks=(replace(base.uplinks[0], name=NAMES[6]),),
        to_do=tuple(replace(base.to_do[0], title=f"Look at {name}", why=name, options=(name,)) for name in NAMES[6:9]),
    )


def for_a_site() -> Brief:
    """The page of one school, made up."""
    weeks = [one for one in two_weeks() if one.week == MONDAY]
    return a_brief(weeks, simulated=True, site="oak-hill", outlooks=(young(),))


def a_correction(room_name: str) -> Correction:
    before = MONDAY - timedelta(weeks=2)
    return Correction(
        week=before,
        site="summit",
        room=room_name.lower(),
        site_name=SITES["summit"],
        room_name=room_name,
        mailed="ok",
        now="at_risk",
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


PAGES: dict[str, Callable[[], Brief]] = {
    "normal": a_normal_week,
    "fine": a_fine_week,
    "one-room": one_room,
    "five-thousand": five_thousand,
    "nothing-known": nothing_known,
    "any-script": any_script,
    "site": for_a_site,
}
"""Every kind of page there is."""
