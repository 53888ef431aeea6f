"""The page of a week as a value: what it says, of how much, and never more than is known."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from collector.brief.brief import MOST_ROOMS, Brief
from collector.brief.tables import csv_files
from collector.brief.write import write_brief
from collector.district.calendar import Calendar, LessonTime
from collector.district.district import District, Site
from collector.district.rooms_csv import Room
from collector.judged_weeks import NamedWeek
from collector.verdict.causes import Cause
from collector.verdict.days import TestCount as Counted
from collector.verdict.weeks import RoomWeek
from tests.collector.board.districts import TIMETABLE
from tests.collector.uplink_weeks import looked_at, weeks_of
from tests.collector.week_builders import MONDAY, a_week, located

MADE_AT = datetime(2026, 3, 9, 12, 30, tzinfo=UTC)
JARGON = (
    "p95 p99 p50 qoo wilson bin bins jitter rtt latency percentile throughput goodput quantile lan wan isp egress "
    "uplink snmp stamp icmp dns agent agents digest hash outlier conformal theil sla dscp ssid"
)


def a_district(*rooms: tuple[str, str], **given: Any) -> District:
    sites = dict.fromkeys(["north", *(site for site, _ in rooms)])
    values: dict[str, Any] = {
        "name": "Lakeside Schools",
        "calendar": TIMETABLE,
        "sites": tuple(Site(site=one, name=f"{one.title()} School") for one in sites),
        "rooms": tuple(Room(site=site, room=room) for site, room in rooms),
    }
    return District(**(values | given))


def named(*weeks: RoomWeek, **given: Any) -> list[NamedWeek]:
    values: dict[str, Any] = {"simulated": False, "known": True}
    return [
        NamedWeek(week=one, site_name=f"{one.site.title()} School", room_name=one.room, **(values | given))
        for one in weeks
    ]


def a_brief(*weeks: RoomWeek, rooms: Sequence[NamedWeek] | None = None, **given: Any) -> Brief:
    found = named(*weeks) if rooms is None else rooms
    district = a_district(*((one.week.site, one.week.room) for one in found))
    values: dict[str, Any] = {"week": MONDAY, "district": district, "made_at": MADE_AT}
    return write_brief(found, **(values | given))


def by(cause: Cause, room: str = "204", **given: Any) -> RoomWeek:
    """A restricted room by that cause."""
    values: dict[str, Any] = {"cause": cause, "causes": {cause: 120}, "example": located(cause=cause, medium=None)}
    return a_week(room, **(values | given))


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        (["restricted"], "The network restricted lessons in the one room"),
        (["ok"], "The network did not restrict lessons in the one room"),
        (["unknown"], "Nothing is known of the one room"),
        (["restricted", "ok"], "The network restricted lessons in 1 of 2 rooms"),
        (["restricted"] * 2 + ["ok"] * 3, "The network restricted lessons in 2 of 5 rooms"),
        (["restricted"] * 2, "The network restricted lessons in all 2 rooms"),
        (["ok"] * 2, "The network did not restrict lessons in any of 2 rooms"),
        (["at_risk"] * 2, "The network did not restrict lessons in any of 2 rooms"),
        (["unknown"] * 2, "Nothing is known of all 2 rooms"),
        (
            ["ok", "unknown"],
            "The network is not known to have restricted lessons in any room; nothing is known of 1 of 2 rooms",
        ),
        (["restricted"] * 1200 + ["ok"] * 3800, "The network restricted lessons in 1,200 of 5,000 rooms"),
    ],
)
def test_the_headline_counts_and_never_says_more_than_is_known(verdicts: list[Any], words: str) -> None:
    weeks = [a_week(str(number), verdict) for number, verdict in enumerate(verdicts)]

    assert a_brief(*weeks).headline == words


def test_the_lead_says_what_it_cost_and_whose_budget_mends_it() -> None:
    brief = a_brief(
        a_week("204", previous="ok"),
        by("isp_egress", "205", previous="restricted"),
        by("undetermined", "206"),
        a_week("207", "at_risk", previous="ok"),
        a_week("208", "unknown", previous="ok"),
    )

    assert brief.lead == (
        "Of 78 h 45 min of lesson time measured in these rooms, 30 h was too poor to teach online. Who pays to fix "
        "it: E-rate category 2, inside the building (1 room, 10 h); E-rate category 1, lines to the Internet "
        "(1 room, 10 h); not known yet (1 room, 10 h). The week before, 1 room was restricted. How full the lines to "
        "the Internet are is not known."
    )
    assert (brief.bad_minutes, brief.measured_minutes) == (1800.0, 4 * 315 * 5)


def test_a_week_of_which_nothing_is_known_does_not_call_that_well() -> None:
    brief = a_brief(a_week("204", "unknown"), a_week("205", "unknown"))

    assert "does not mean that all was well" in brief.lead
    assert [one.title for one in brief.to_do] == ["Get rooms 204 and 205 at North School measured"]
    assert brief.rooms == ()


def test_a_week_without_lessons_has_no_page() -> None:
    with pytest.raises(ValueError, match="a week without lessons has no page"):
        a_brief()


def test_a_restricted_room_has_what_cause_and_payer() -> None:
    week = a_week()
    (room,) = a_brief(week, since={("north", "204"): date(2026, 2, 9)}).rooms

    assert room.what == (
        "38 % of its measured lesson time, at least 31 % with 99 % confidence, was too poor for lessons, mostly "
        "because the network answered too late. That is 10 h, and 3 of 35 lessons were hit."
    )
    assert (room.cause, room.pays) == ("its Wi-Fi", "C2 (E-rate category 2, inside the building)")
    assert room.measured == ""
    assert (room.bad_minutes, room.since) == (600.0, date(2026, 2, 9))
    assert [day.name for day in room.strip] == ["Mon", "Tue", "Wed", "Thu", "Fri"]
    assert room.strip[0].cells.count("bad") == 24
    assert room.strip[0].summary == "120 min too poor for lessons, 195 min good"


def test_of_a_room_that_was_measured_in_part_that_is_said() -> None:
    day = "B" * 20 + "g" * 30 + "." * 13

    assert a_brief(a_week(marks="|".join([day] * 5))).rooms[0].measured == "79 % measured"


def test_a_room_restricted_by_its_speed_alone_says_in_how_many_hours() -> None:
    slow = a_week(
        "204",
        marks="|".join(["g" * 63] * 5),
        lower=0.0,
        bad_days=0,
        by_tests=True,
        entered_by="tests",
        tests={"down": Counted(passed=2, told=30), "up": Counted(passed=30, told=30)},
        cause="rate_limit_or_client",
        confidence="low",
    )
    brief = a_brief(slow)

    assert brief.rooms[0].what == (
        "In 28 of the 30 hours in which its speed was tested, receiving was too slow for lessons."
    )
    assert brief.to_do[0].title == "Have somebody look for a speed limit in room 204 at North School"
    assert brief.to_do[0].why == "1 room: too slow in 28 of 30 tested hours."
    assert "It is too slow in speed tests; that is not counted in minutes." in brief.lead


def test_forty_rooms_behind_one_line_are_one_thing_to_do() -> None:
    weeks = [by("site_uplink", str(number)) for number in range(40)]
    brief = a_brief(*weeks, a_week("900", site="south"))

    assert [one.title for one in brief.to_do] == [
        "Have the line from North School to the district checked",
        "Have the Wi-Fi of room 900 at South School checked",
    ]
    first = brief.to_do[0]
    assert (first.rooms, first.bad_minutes, first.budget_line) == (40, 24_000.0, "C1")


@pytest.mark.parametrize(
    ("week", "title"),
    [
        (a_week(), "Have the Wi-Fi of room 204 at North School checked"),
        (a_week("Library"), "Have the Wi-Fi of Library at North School checked"),
        (a_week("体育館"), "Have the Wi-Fi of 体育館 at North School checked"),
        (by("room_access"), "Have the access point and cable of room 204 at North School checked"),
        (
            by("room_access", example=located(shared="ap AP-12")),
            "Have the access point AP-12 at North School checked",
        ),
        (by("site_lan"), "Have the network inside North School checked"),
        (by("site_uplink"), "Have the line from North School to the district checked"),
        (by("isp_egress"), "Have the provider check the district's Internet connection"),
        (by("remote_service"), "Ask the vendor of the online service what went wrong"),
        (by("device"), "Have the PC that measures in room 204 at North School checked"),
        (by("mixed"), "Have room 204 at North School looked at: the causes differ"),
        (by("undetermined"), "Find out what disturbs room 204 at North School"),
        (a_week(cause=None), "Find out what disturbs room 204 at North School"),
    ],
)
def test_each_cause_goes_to_whoever_can_mend_it(week: RoomWeek, title: str) -> None:
    (doing,) = a_brief(week).to_do

    assert doing.title == title
    assert doing.options


def test_there_are_at_most_three_things_and_what_mends_most_comes_first() -> None:
    weeks = [
        *(a_week(f"1{number}", site="north") for number in range(2)),
        *(by("site_lan", f"2{number}", site="south") for number in range(5)),
        by("isp_egress", "30", site="east"),
        by("undetermined", "40", site="west", marks="|".join(["B" * 63] * 5)),
    ]
    brief = a_brief(*weeks)

    assert [one.title for one in brief.to_do] == [
        "Have the network inside South School checked",
        "Find out what disturbs room 40 at West School",
        "Have the Wi-Fi of rooms 10 and 11 at North School checked",
    ]
    (fourth,) = brief.later
    assert fourth.title == "Have the provider check the district's Internet connection"
    assert f"to_do_4,{fourth.bad_minutes:.0f},{fourth.title}." in csv_files(brief)["page.csv"].decode()


def test_the_first_half_of_the_page_has_no_jargon() -> None:
    causes: tuple[Cause, ...] = (
        "room_access", "site_lan", "site_uplink", "isp_egress", "rate_limit_or_client", "mixed", "undetermined",
    )  # fmt: skip
    tests = {"down": Counted(passed=2, told=30)}
    for cause in causes:
        for worst in ("latency", "loss", "throughput"):
            brief = a_brief(
                by(cause, worst=worst),
                by(cause, "205", by_tests=True, entered_by="tests", tests=tests),
                by(cause, "206", entered_by=None, lower=0.0),
                a_week("207", "unknown"),
                a_week("208", "at_risk"),
            )
            first_half = [brief.headline, brief.lead]
            for doing in brief.to_do:
                first_half += [doing.title, doing.why, *doing.options]
            for room in brief.rooms:
                first_half += [room.what, room.cause, room.pays]
            words = set(re.findall(r"[\w-]+", " ".join(first_half).lower()))
            assert not words & set(JARGON.split())


def test_a_page_names_the_worst_rooms_and_counts_the_others() -> None:
    brief = a_brief(*(a_week(str(number)) for number in range(MOST_ROOMS + 5)), a_week("900", "ok"))

    assert (len(brief.rooms), brief.more_rooms, len(brief.judged)) == (MOST_ROOMS, 5, MOST_ROOMS + 6)
    assert brief.bad_minutes == 600.0 * (MOST_ROOMS + 5)
    assert brief.counts == {"restricted": MOST_ROOMS + 5, "at_risk": 0, "unknown": 0, "ok": 1}


def test_what_changed_into_and_out_of_restricted_comes_first() -> None:
    brief = a_brief(
        a_week("1", previous="ok"),
        a_week("2", previous="restricted"),
        a_week("3", "ok", previous="at_risk"),
        a_week("4", "ok", previous="restricted"),
        a_week("5", "ok"),
    )

    assert [(one.room_name, one.before, one.after) for one in brief.changes] == [
        ("1", "ok", "restricted"),
        ("4", "restricted", "ok"),
        ("3", "at_risk", "ok"),
    ]


def test_a_sites_page_is_of_its_rooms_alone() -> None:
    brief = a_brief(a_week("204"), a_week("300", site="south"), a_week("301", "ok", site="south"), site="south")

    assert (brief.site, brief.site_name) == ("south", "South School")
    assert brief.headline == "The network restricted lessons in 1 of 2 rooms"
    assert {one.week.site for one in brief.judged} == {"south"}
    assert all("North" not in one.title for one in brief.to_do)


def test_a_simulated_room_says_so() -> None:
    brief = a_brief(rooms=named(a_week(), simulated=True))

    assert brief.simulated
    assert brief.rooms[0].simulated


def test_what_is_not_known_is_said() -> None:
    silent = a_week("1", "unknown", standing=True)
    little = a_week("2", "unknown", marks="|".join(["g" * 10 + "?" * 53] * 5))
    near = replace(a_week("3", "ok"), if_stricter="at_risk")
    left = named(a_week("9", "ok"), known=False)
    district = a_district(("north", "1"), ("north", "2"), ("north", "3"), ("north", "77"))
    said = a_brief(rooms=[*named(silent, little, near, by("undetermined", "4")), *left], district=district).unknowns

    assert said == (
        "Of 1 room nothing is known, because its measuring machine was silent all week: room 1 at North School.",
        "Too little was measured in 1 room: room 2 at North School.",
        "1 room had been restricted before; whether it has recovered is not known: room 1 at North School.",
        (
            "The verdict of 1 room is near the limit and would be another if that were a tenth stricter or laxer: "
            "room 3 at North School."
        ),
        "What restricts 1 room is not determined yet: room 4 at North School.",
        "1 room of this week is no longer in the district: room 9 at North School.",
        "1 room had no lessons in this week, or was not there yet.",
        "Nothing counts what the lines to the Internet carry, so how full they are is not known.",
        "How many people use the network is not written in the district's file, so no guidance is beside it.",
    )


def test_limits_that_changed_are_said() -> None:
    before = [replace(a_week(), profiles_digest="f" * 16, rule_version=0)]

    said = " ".join(a_brief(a_week(), before=before).unknowns)
    assert "The limits changed since the week before" in said
    assert "The rule changed since the week before" in said
    assert "changed" not in " ".join(a_brief(a_week(), before=[a_week()]).unknowns)


def test_a_line_that_is_full_is_one_thing_to_do_with_the_rooms_behind_it() -> None:
    full = replace(looked_at(weeks_of([0.85] * 4)), uplink="site:north")
    other = replace(looked_at(weeks_of([0.75] * 4)), uplink="district")

    first, second = a_brief(by("site_uplink"), outlooks=(full, other)).to_do
    assert (first.title, first.rooms) == ("Order a faster line for North School", 1)
    assert first.why == (
        "1 room: 10 h of lesson time was too poor to teach online; in its busiest hour the line is 85 % full."
    )
    assert (second.title, second.budget_line) == ("Plan a faster Internet connection for the district", "C1")
    assert second.why == "In its busiest hour the line is 75 % full. No room is restricted by it yet."


@pytest.mark.parametrize(
    ("users", "egress_mbps", "held"),
    [
        (100, 200, [("FCC", 1.0, 100, True), ("small", 2.8, 300, False)]),
        (999, 2_797, [("FCC", 1.0, 999, True), ("small", 2.8, 2_797, False)]),
        (1_000, 2_000, [("FCC", 1.0, 1_000, True), ("medium", 2.0, 2_000, True)]),
        (20_000, 10_000, [("FCC", 1.0, 20_000, False), ("large", 1.4, 28_000, False)]),
    ],
)
def test_capacity_is_held_against_guidance_by_the_districts_size(
    users: int, egress_mbps: int, held: list[tuple[str, float, int, bool]]
) -> None:
    district = a_district(("north", "204"), users=users, egress_mbps=egress_mbps)
    found = a_brief(a_week(), district=district).standings

    assert [(one.target_mbps_per_user, round(one.target_mbps), one.meets) for one in found] == [one[1:] for one in held]
    assert all(part in one.source for one, (part, *_) in zip(found, held, strict=True))
    assert found[0].mbps_per_user == egress_mbps / users


def test_a_site_is_held_against_the_guidance_of_its_district() -> None:
    sites = (
        Site(site="north", name="North School", users=600, uplink_mbps=600),
        Site(site="south", name="S", users=500),
    )
    found = a_brief(a_week(), district=a_district(("north", "204"), sites=sites)).standings

    assert [(one.name, one.target_mbps_per_user, one.meets) for one in found] == [
        ("North School", 1.0, True),
        ("North School", 2.0, False),
    ]


def test_the_footer_has_rule_limits_lessons_and_retention() -> None:
    text = " ".join(a_brief(a_week()).method)

    assert "Rule 1; limits " in text
    assert a_week().profiles_digest in text
    assert "5 days with any in this week" in text
    assert "reports 30 days, judged lesson time 400 days, sums of school days and weeks 2,190 days" in text


def test_lessons_that_differ_by_site_are_said_so() -> None:
    hours = (LessonTime(start=time(8), end=time(9)),)
    short = Calendar(time_zone=ZoneInfo("America/Chicago"), lessons_by_weekday={0: hours})
    district = a_district(("north", "204"), ("south", "1"), site_calendars={"south": short})

    assert "1 to 5 days, by site," in " ".join(a_brief(a_week(), district=district).method)
