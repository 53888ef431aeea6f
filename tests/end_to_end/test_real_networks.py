"""Rooms on real networks: which state each is said to be in, and why, while its own network suffers.

One lesson in one school, read over HTTP. At first all rooms are well. Then pupils download in `crowded`,
`lossy` loses 8 % of what it sends, and the agent of `silent` is stopped; at last the pupils go home. `walled`
has no UDP at any time, and `quiet` has nothing but neighbours.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.bystander import Bystander, Ping, percentile_ms
from tests.end_to_end.measured_school import MeasuredSchool, Said, measured_school
from tests.end_to_end.pupils import pupils
from tests.end_to_end.school import Count, Link

pytestmark = [pytest.mark.requires("netns"), pytest.mark.slow]

ROOMS = dict.fromkeys(("quiet", "crowded", "lossy", "silent", "walled"), Link())
BIN_S = 5
PROBES_PER_BIN = 10 * BIN_S
OLDEST_S = 6 * BIN_S + 7 + BIN_S
"""Data older than this says nothing of now: a state looks back six bins, from a report, a push and five
seconds ago, and the sixth bin back has just begun."""

LOST_PERMILLE = 80
VIDEO_LESSON_MS = 200

Json = dict[str, Any]
Span = tuple[float, float]
"""From one Unix time to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """How it went: all that was said of each room, and each room with its bins `after` it. Before `well_at`
    nothing was done to any. `pings` are those of a bystander in the room."""

    said: dict[str, Sequence[Said]]
    after: dict[str, Json]
    well_at: float
    suffering: Span
    relief: Span
    udp: dict[str, Count]
    pings: dict[str, Sequence[Ping]]

    def said_of(self, room: str, since: float, until: float = math.inf) -> list[Said]:
        """What was said of a room within a time, oldest first."""
        return [one for one in self.said[room] if since <= one.taken_at < until]

    def bins(self, room: str, since: float, until: float) -> list[Json]:
        """A room's valid bins within a time, less a second at either end: a report there is half of another time."""
        bins: list[Json] = self.after[room]["bins"]
        return [one for one in bins if one["valid"] and since + 1 <= began_at(one) <= until - 1 - BIN_S]


def began_at(one: Json) -> float:
    return datetime.fromisoformat(one["started_at"]).timestamp()


def qualities(bins: Sequence[Json], profile: str = "video_lesson") -> list[tuple[str, str | None]]:
    """The quality of each bin for a profile, and its worst dimension."""
    scores = (score for one in bins for score in one["scores"] if score["profile"] == profile)
    return [(score["quality"], score["worst"]) for score in scores]


def give(measured: MeasuredSchool, folder: Path) -> Lesson:
    school, rooms = measured.school, measured.school.rooms
    rooms["walled"].block_udp()
    measured.start()
    with (
        Bystander(rooms["crowded"], school.address) as in_crowded,
        Bystander(rooms["quiet"], school.address) as in_quiet,
    ):
        measured.wait_for(**dict.fromkeys(ROOMS, "ok"))
        well_at = time.time()
        rooms["lossy"].lose(LOST_PERMILLE)
        with pupils(school, rooms["crowded"], folder):
            crowded_at = time.time()
            measured.agents["silent"].stop()
            measured.wait_for(crowded="bad", lossy="bad", silent="unknown")
            suffering = (crowded_at, time.time())
        gone_at = time.time()
        measured.wait_for(crowded="ok")
        relief = (gone_at, time.time())
        after = measured.rooms()
    for name in ROOMS:
        if name != "silent":
            measured.agents[name].stop()
    return Lesson(
        said={name: measured.said(name) for name in ROOMS},
        after=after,
        well_at=well_at,
        suffering=suffering,
        relief=relief,
        udp={name: rooms[name].udp_count() for name in ("lossy", "walled")},
        pings={"crowded": in_crowded.pings(), "quiet": in_quiet.pings()},
    )


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    folder = tmp_path_factory.mktemp("school")
    with measured_school(ROOMS, folder, bin_seconds=BIN_S) as measured:
        return give(measured, folder)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_with_nothing_wrong_is_ok_as_soon_as_it_is_known(lesson: Lesson, room: str) -> None:
    states = [one.state for one in lesson.said_of(room, 0, lesson.well_at)]
    assert states[-1] == "ok"
    assert states == sorted(states, reverse=True), "unknown, and from some moment on ok"


def test_a_crowded_room_is_bad_for_a_video_lesson_by_its_latency(lesson: Lesson) -> None:
    crowded = lesson.said_of("crowded", *lesson.suffering)[-1].room
    assert (crowded["state"], crowded["profile"], crowded["worst"]) == ("bad", "video_lesson", "latency")
    assert "a video lesson would have frozen: 1 in 20 packets took longer than" in crowded["evidence"]
    assert set(qualities(lesson.bins("crowded", *lesson.suffering))) == {("bad", "latency")}


def test_a_crowded_room_is_ok_again_when_its_pupils_have_gone(lesson: Lesson) -> None:
    assert lesson.after["crowded"]["state"] == "ok", lesson.after["crowded"]["evidence"]
    assert set(qualities(lesson.bins("crowded", *lesson.relief))) == {("good", None)}


def test_the_latency_that_condemns_a_room_is_what_a_bystander_feels(lesson: Lesson) -> None:
    bins = lesson.bins("crowded", *lesson.suffering)
    assert bins
    for one in bins:
        felt = [ping for ping in lesson.pings["crowded"] if 0 <= ping.sent_at - began_at(one) < BIN_S]
        assert VIDEO_LESSON_MS < one["p95_ms"] == pytest.approx(percentile_ms(felt, 95), rel=0.2)


def test_its_idle_neighbour_is_ok_all_the_time(lesson: Lesson) -> None:
    assert {one.state for one in lesson.said_of("quiet", lesson.well_at)} == {"ok"}
    bins = lesson.after["quiet"]["bins"]
    assert began_at(bins[-1]) > lesson.relief[0] - BIN_S
    assert {quality for profile in ("video_lesson", "cloud_docs_lms") for quality, _ in qualities(bins, profile)} == {
        "good"
    }
    assert percentile_ms(lesson.pings["quiet"], 95) < percentile_ms(lesson.pings["crowded"], 95) / 10


def test_a_room_that_loses_8_percent_is_bad_by_loss(lesson: Lesson) -> None:
    bad = [one.room for one in lesson.said_of("lossy", lesson.well_at) if one.state == "bad"]
    assert {(one["profile"], one["worst"]) for one in bad} == {("video_lesson", "loss")}
    assert all("packets were lost; limit 5 %" in one["evidence"] for one in bad)


def test_the_loss_that_is_measured_is_what_the_network_lost(lesson: Lesson) -> None:
    bins = lesson.bins("lossy", lesson.well_at, lesson.relief[1])
    probes = PROBES_PER_BIN * len(bins)
    lost = sum(one["loss"] for one in bins) / len(bins)
    network = lesson.udp["lossy"]
    # 95 % of samples this large are this close; these are most of the very packets that the network counted.
    close = 1.96 * math.sqrt(network.share * (1 - network.share) / probes)
    assert lost == pytest.approx(network.share, abs=close)
    assert probes > network.seen / 2


def test_a_room_whose_agent_is_stopped_becomes_unknown_and_is_not_ok_again(lesson: Lesson) -> None:
    states = [one.state for one in lesson.said_of("silent", lesson.suffering[0])]
    assert set(states) == {"ok", "unknown"}
    assert states == sorted(states), "ok, and from some moment on unknown"
    assert "No measurements since" in lesson.after["silent"]["evidence"]


def test_no_room_is_ok_by_old_data(lesson: Lesson) -> None:
    for room in ROOMS:
        for one in lesson.said_of(room, 0):
            if one.state == "ok":
                assert one.data_ended_at is not None
                assert one.taken_at - one.data_ended_at < OLDEST_S, one


def test_where_udp_is_blocked_the_room_is_still_measured_and_says_how(lesson: Lesson) -> None:
    assert lesson.udp["walled"].seen == lesson.udp["walled"].dropped > 0
    assert {one.state for one in lesson.said_of("walled", lesson.well_at)} == {"ok"}
    walled = lesson.after["walled"]
    assert {one["method"] for one in walled["bins"] if one["valid"]} == {"tcp_connect"}
    assert "1 in 20 connections took longer than" in walled["evidence"]
    (reading,) = (one for one in walled["readings"] if one["target"] == "district")
    assert (reading["method"], reading["failure"], reading["loss"]) == ("tcp_connect", None, 0)
