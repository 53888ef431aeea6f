"""A room whose rate is held down and that is otherwise well is bad by throughput alone, beside one that has enough.

`slow` is let have half a megabit each way, which a video lesson's 1 Mbit/s down does not go through, and what is more
than that is dropped instead of queued. Nobody else is on its line, so its latency is as good as its neighbour's. It is
let have more at the end.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.measured_school import HTTP_PORT, Said, measured_school
from tests.end_to_end.outcomes import Outcome, keep
from tests.end_to_end.school import DISTRICT, Link, Shape
from tests.end_to_end.waiting import eventually

pytestmark = [pytest.mark.requires("netns"), pytest.mark.slow]

WITHOUT_DELAY_MS = 20
"""Less than two packets' worth of queue."""

HALF_A_MEGABIT = Link(
    down=Shape(bps=500_000, queue_ms=WITHOUT_DELAY_MS), up=Shape(bps=500_000, queue_ms=WITHOUT_DELAY_MS)
)
PATIENCE_S = 240.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What was said of both rooms, and the rooms while `slow` was bad and after its line was widened."""

    said: dict[str, list[Said]]
    slow: Json
    quiet: Json
    widened: Json


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    folder: Path = tmp_path_factory.mktemp("school")
    rooms = {"slow": HALF_A_MEGABIT, "quiet": Link()}
    url = f"http://{DISTRICT}:{HTTP_PORT}"
    with measured_school(rooms, folder, bin_seconds=5, public_url=url, throughput_every_seconds=40) as measured:
        measured.start()

        def tested() -> tuple[Json, Json] | None:
            slow, quiet = measured.room("slow"), measured.room("quiet")
            return (slow, quiet) if slow["state"] == "bad" and quiet["state"] == "ok" and quiet["throughput"] else None

        slow, quiet = eventually("slow is bad, and quiet was tested and is ok", tested, within_s=PATIENCE_S)
        measured.school.rooms["slow"].shape(Link())

        def recovered() -> Json | None:
            room = measured.room("slow")
            return room if room["state"] == "ok" else None

        widened = eventually("slow is ok once its line is wide", recovered, within_s=PATIENCE_S)
        return Lesson(said={name: measured.said(name) for name in rooms}, slow=slow, quiet=quiet, widened=widened)


def test_a_room_at_half_a_megabit_is_bad_by_throughput_alone(lesson: Lesson) -> None:
    slow = lesson.slow
    assert (slow["state"], slow["profile"], slow["worst"]) == ("bad", "video_lesson", "throughput")
    assert "a video lesson would have frozen" in slow["evidence"]
    assert "Mbit/s arrived down; needs 1 Mbit/s" in slow["evidence"]


def test_the_cause_is_a_limit_of_its_rate_and_no_full_line(
    lesson: Lesson, tmp_path_factory: pytest.TempPathFactory
) -> None:
    truth = {"slow": ("bad", "rate_limit_or_client"), "quiet": ("ok", "undetermined")}
    pages = {"slow": lesson.slow, "quiet": lesson.quiet}
    found = [
        Outcome(part="held down", room=name, truth=truth[name], said=(page["state"], page["cause"]))
        for name, page in pages.items()
    ]
    keep(found, (), tmp_path_factory.getbasetemp() / "causes-of-a-limit.txt")
    assert {one.room: one.said for one in found} == truth


def test_its_latency_is_not_blamed_though_its_line_was_tested(lesson: Lesson) -> None:
    qualities = {score["quality"] for one in lesson.slow["bins"] if one["valid"] for score in one["scores"]}
    assert qualities == {"good"}


def test_each_test_says_what_arrived_and_what_it_cost(lesson: Lesson) -> None:
    down = [one for one in lesson.slow["throughput"] if one["direction"] == "down"]
    assert down
    for one in down:
        assert one["sustained"] is False
        # Left alone early, it is measured over a few packets: roughly, and nowhere near the need.
        assert 350_000 < one["received_bps"] < 700_000, one
        assert 0 < one["used_bytes"] < 200_000


def test_its_neighbour_has_the_rate_and_is_never_bad(lesson: Lesson) -> None:
    assert {one.state for one in lesson.said["quiet"]} <= {"ok", "unknown"}
    assert {one["sustained"] for one in lesson.quiet["throughput"]} == {True}


def test_a_room_whose_line_is_widened_is_ok_after_its_next_test(lesson: Lesson) -> None:
    speaking = [one for one in lesson.widened["throughput"] if one["speaks"]]
    assert {one["direction"] for one in speaking} == {"down", "up"}
    assert {one["sustained"] for one in speaking} == {True}
