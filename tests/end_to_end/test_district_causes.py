"""A district of two schools on real networks: which rooms are said to suffer, and from what, while one thing at a time
goes wrong for a room, a school or all.

One lesson in five parts, each as long as it takes. At first all is well. In the second some rooms have a trouble of
their own: pupils download in `crowded`, `lossy` loses 8 % of what it sends, the agent of `starved` gets little of its
machine, and that of `stopped` is stopped. In the third the uplink of one school is filled, in the fourth the way out of
the district, and then all go home. From the second part on the resolver takes six seconds for a name, and one service
cannot be reached.
"""

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.bystander import Bystander, Ping, percentile_ms
from tests.end_to_end.collector_process import CollectorFolder
from tests.end_to_end.internet import ADDRESS, ADDRESSED, ANCHORS, NAMED
from tests.end_to_end.measured_district import MeasuredDistrict, measured_district
from tests.end_to_end.measured_school import Said
from tests.end_to_end.outcomes import Outcome, Verdict, keep, outcomes
from tests.end_to_end.pupils import bulk, pupils
from tests.end_to_end.starved import starved
from tests.end_to_end.waiting import eventually

pytestmark = [pytest.mark.requires("netns"), pytest.mark.slow, pytest.mark.timeout(1200)]

NORTH = ("crowded", "lossy", "north-3", "north-4")
SOUTH = ("starved", "stopped", "south-3", "south-4")
ROOMS = (*NORTH, *SOUTH)
BIN_S = 5
LOST_PERMILLE = 80
SLOW_NAMES_S = 6
SERVICES_PATIENCE_S = 240.0
"""References ask a service once a minute, and rooms a third as often."""

QUIET = "north-3"
VIDEO_LESSON_MS = 200
OLDEST_S = 6 * BIN_S + 7 + BIN_S
"""Data older than this says nothing of now: a state looks back six bins, from a report, a push and five
seconds ago, and the sixth bin back has just begun."""

LOOKING_UP = "Looking up names"

Json = dict[str, Any]
WELL: Verdict = ("ok", "undetermined")
TRUTH: Mapping[str, Mapping[str, Verdict]] = {
    "well": dict.fromkeys(ROOMS, WELL),
    "rooms": dict.fromkeys(ROOMS, WELL)
    | {
        "crowded": ("bad", "room_access"),
        "lossy": ("bad", "room_access"),
        "starved": ("unknown", "device"),
        "stopped": ("unknown", "undetermined"),
    },
    "uplink": dict.fromkeys(NORTH, ("bad", "site_uplink")) | dict.fromkeys(SOUTH, WELL),
    "egress": dict.fromkeys(ROOMS, ("bad", "isp_egress")),
    "at home": dict.fromkeys(ROOMS, WELL),
}
"""By the part of the lesson."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """How it went: what was said of each room at the end of each part, all that was said of it in that part, and the
    causes of the bins within it. The services' `incidents` before the fourth: what fails, and how, as the board says.
    Of the second part, which is `suffering`, the pages of rooms at its end, and the pings of a bystander in two rooms.
    """

    ends: Mapping[str, Mapping[str, Said]]
    said: Mapping[str, Mapping[str, Sequence[Said]]]
    bins: Sequence[Outcome]
    incidents: Mapping[str, str]
    pages: Mapping[str, Json]
    pings: Mapping[str, Sequence[Ping]]
    suffering: tuple[float, float]


def give(district: MeasuredDistrict, folder: Path) -> Lesson:
    network, measured = district.network, district.measured
    rooms = network.school.rooms
    ends: dict[str, Mapping[str, Said]] = {}
    spans: dict[str, tuple[float, float]] = {}

    def part(name: str) -> None:
        began_at = time.time()
        ends[name] = measured.wait_for_causes(TRUTH[name])
        spans[name] = (began_at, time.time())

    measured.start()
    part("well")
    wait_for_usual(district)
    district.internet.resolver.slow_s = SLOW_NAMES_S
    district.internet.lose_all_to(ADDRESS)
    rooms["lossy"].lose(LOST_PERMILLE)
    measured.agents["stopped"].stop()
    with (
        Bystander(rooms["crowded"], network.address) as in_crowded,
        Bystander(rooms[QUIET], network.address) as in_quiet,
        pupils(network.school, rooms["crowded"], folder),
        starved(measured.agents["starved"]),
    ):
        part("rooms")
        pages = measured.rooms()
    rooms["lossy"].pass_all()
    measured.agents["stopped"].start()
    north = network.sites["north"].router
    with bulk("office", network.district, network.address, north, folder):
        part("uplink")
    incidents = eventually(
        "both services have an incident", lambda: seen_incidents(district), within_s=SERVICES_PATIENCE_S
    )
    with bulk("everybody", network.internet, ANCHORS["east"], network.district, folder):
        part("egress")
    part("at home")
    for agent in measured.agents.values():
        agent.stop()
    said = {name: between(district, ends, name) for name in ends}
    measured.look_away()
    measured.collector.stop()
    return Lesson(
        ends=ends,
        said=said,
        bins=located_bins(measured.collector, spans),
        incidents=incidents,
        pages=pages,
        pings={"crowded": in_crowded.pings(), QUIET: in_quiet.pings()},
        suffering=spans["rooms"],
    )


def wait_for_usual(district: MeasuredDistrict) -> None:
    """Wait until enough bins are known of every room for what is usual there."""
    measured = district.measured

    def known() -> bool:
        return all(sum(one["valid"] for one in measured.room(room)["bins"]) >= 4 for room in ROOMS)

    eventually("four bins of each room", known)


def seen_incidents(district: MeasuredDistrict) -> dict[str, str] | None:
    """What fails by the board, and how, once both do."""
    page = district.network.district.call(district.measured.collector.board)
    told = re.findall(r"([\w ]+) fails in \d+ of \d+ rooms that asked lately: ([^<]*)", page)
    incidents = {what.strip(): how for what, how in told}
    return incidents if incidents.keys() >= {LOOKING_UP, ADDRESSED} else None


def between(district: MeasuredDistrict, ends: Mapping[str, Mapping[str, Said]], part: str) -> dict[str, list[Said]]:
    """What was said of each room from the end of the part before until that of `part`."""
    order = list(ends)
    at = {name: max(one.taken_at for one in ends[name].values()) for name in order}
    since = at[order[order.index(part) - 1]] if order.index(part) else 0.0
    return {room: [one for one in district.measured.said(room, since) if one.taken_at <= at[part]] for room in ROOMS}


def located_bins(collector: CollectorFolder, spans: Mapping[str, tuple[float, float]]) -> list[Outcome]:
    """The cause of each bin that has one and lies within a part, less the second in which that begins."""
    with collector.opened() as store:
        rows = store.execute("SELECT room, epoch(started_at), located FROM bins WHERE located IS NOT NULL").fetchall()
    bins = []
    for room, started_at, text in rows:
        located = json.loads(text)
        for part, (began_at, ended_at) in spans.items():
            if room in TRUTH[part] and began_at + 1 <= started_at <= ended_at - BIN_S:
                truth, said = TRUTH[part][room][1], located["cause"]
                kind = f"{located['confidence']} confidence"
                bins.append(Outcome(part=part, room=room, truth=("bad", truth), said=(kind, said)))
    return bins


def suffering_bins(lesson: Lesson, room: str) -> list[tuple[float, Json]]:
    """A room's valid bins within the second part, less a second at either end, each with the time of its beginning."""
    began_at, ended_at = lesson.suffering
    bins = [(datetime.fromisoformat(one["started_at"]).timestamp(), one) for one in lesson.pages[room]["bins"]]
    return [(at, one) for at, one in bins if one["valid"] and began_at + 1 <= at <= ended_at - 1 - BIN_S]


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    folder = tmp_path_factory.mktemp("district")
    with measured_district({"north": NORTH, "south": SOUTH}, folder, bin_seconds=BIN_S) as district:
        return give(district, folder)


@pytest.fixture(scope="module")
def found(lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    """What came of each room in each part; printed, and kept with all bins in ``causes.txt``."""
    every = [one for part, truth in TRUTH.items() for one in outcomes(part, truth, lesson.ends[part])]
    keep(every, lesson.bins, tmp_path_factory.getbasetemp() / "causes.txt")
    return every


@pytest.mark.parametrize("part", TRUTH)
def test_exactly_the_rooms_that_suffer_are_said_to_and_from_what_they_do(found: list[Outcome], part: str) -> None:
    of_part = {one.room: one.said for one in found if one.part == part}
    assert of_part == TRUTH[part]


def test_a_cause_of_which_a_bin_is_sure_is_right(lesson: Lesson) -> None:
    sure = [one for one in lesson.bins if one.said[0] == "high confidence"]
    assert {one.part for one in sure} >= {"uplink", "egress"}
    assert [one for one in sure if one.said[1] != one.truth[1]] == []


@pytest.mark.parametrize("part", [part for part in TRUTH if part != "at home"])
def test_no_room_without_trouble_is_ever_bad(lesson: Lesson, part: str) -> None:
    for room, (state, _) in TRUTH[part].items():
        bad_before = part == "uplink" and room in ("crowded", "lossy")
        if state != "bad" and not bad_before:
            said = [one.room["evidence"] for one in lesson.said[part][room] if one.state == "bad"]
            assert said == [], room


def test_no_room_is_ok_by_old_data(lesson: Lesson) -> None:
    for said in lesson.said.values():
        for one in (one for of_room in said.values() for one in of_room if one.state == "ok"):
            assert one.data_ended_at is not None
            assert one.taken_at - one.data_ended_at < OLDEST_S, one


def test_a_crowded_room_is_bad_for_a_video_lesson_by_its_latency(lesson: Lesson) -> None:
    crowded = lesson.ends["rooms"]["crowded"].room
    assert (crowded["profile"], crowded["worst"]) == ("video_lesson", "latency")
    assert "a video lesson would have frozen: 1 in 20 packets took longer than" in crowded["evidence"]


def test_the_latency_that_condemns_a_room_is_what_a_bystander_feels(lesson: Lesson) -> None:
    bins = suffering_bins(lesson, "crowded")
    assert bins
    for began_at, one in bins:
        felt = [ping for ping in lesson.pings["crowded"] if 0 <= ping.sent_at - began_at < BIN_S]
        assert VIDEO_LESSON_MS < one["p95_ms"] == pytest.approx(percentile_ms(felt, 95), rel=0.2)


def test_its_neighbour_feels_nothing_of_it(lesson: Lesson) -> None:
    assert {score["quality"] for _, one in suffering_bins(lesson, QUIET) for score in one["scores"]} == {"good"}
    assert percentile_ms(lesson.pings[QUIET], 95) < percentile_ms(lesson.pings["crowded"], 95) / 10


def test_a_room_that_loses_8_percent_is_bad_by_loss(lesson: Lesson) -> None:
    lossy = lesson.ends["rooms"]["lossy"].room
    assert (lossy["profile"], lossy["worst"]) == ("video_lesson", "loss")
    assert "packets were lost; limit 5 %" in lossy["evidence"]


def test_a_room_whose_agent_is_stopped_becomes_unknown_and_is_not_ok_again(lesson: Lesson) -> None:
    states = [one.state for one in lesson.said["rooms"]["stopped"]]
    assert set(states) == {"ok", "unknown"}
    assert states == sorted(states), "ok, and from some moment on unknown"
    assert "No measurements since" in lesson.ends["rooms"]["stopped"].room["evidence"]


def test_a_machine_that_gets_no_time_makes_no_room_bad_or_ok(lesson: Lesson) -> None:
    states = [one.state for one in lesson.said["rooms"]["starved"]]
    assert set(states) == {"ok", "unknown"}
    assert states == sorted(states), "ok, and from some moment on unknown"


def test_slow_names_and_a_dead_service_are_service_incidents(lesson: Lesson) -> None:
    assert lesson.incidents[LOOKING_UP].startswith("no answer in time, looking up the name.")
    assert lesson.incidents[ADDRESSED].startswith("no answer in time, connecting.")
    assert NAMED not in lesson.incidents
