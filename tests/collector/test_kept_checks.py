"""Checks that people made: kept with the room, forgotten in time, and never judged."""

import ast
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from collector.board.check_words import check_found
from collector.registry.registry import Registry
from collector.verdict.profiles import default_profiles
from collector.verdict.room_check import RateFound, RoomCheck
from tests.collector.board.districts import NOW, ZONE
from tests.collector.live import live_collector
from tests.end_to_end.waiting import eventually

CHECK = RoomCheck(
    site="oak-hill",
    room="204",
    at=NOW.replace(minute=12, second=0),
    method_version=1,
    profile="video_lesson",
    answer="cannot",
    why="down",
    down=RateFound(required_bps=1_000_000, received_bps=381_000, sustained=False),
    up=RateFound(required_bps=500_000, why="busy"),
    rtt_p50_ms=11.25,
    rtt_p95_ms=None,
    used_bytes=900_000,
)


@pytest.fixture
def registry() -> Registry:
    return Registry.open_registry("sqlite://")


def test_a_check_is_kept_as_it_was(registry: Registry) -> None:
    registry.room_checks.add("a" * 32, CHECK)
    assert registry.room_checks.newest("oak-hill", "204") == [CHECK]
    assert registry.room_checks.newest("oak-hill", "205") == []


def test_the_newest_comes_first(registry: Registry) -> None:
    later = replace(CHECK, at=CHECK.at + timedelta(minutes=5), answer="unknown", why="near")
    registry.room_checks.add("b" * 32, later)
    registry.room_checks.add("a" * 32, CHECK)
    assert registry.room_checks.newest("oak-hill", "204") == [later]
    assert registry.room_checks.newest("oak-hill", "204", 5) == [later, CHECK]


def test_who_checked_may_ask_for_help_for_a_check_that_is_kept(registry: Registry) -> None:
    registry.room_checks.add("a" * 32, CHECK)
    assert registry.room_checks.tell("a" * 32)
    assert registry.room_checks.newest("oak-hill", "204") == [replace(CHECK, told=True)]
    assert not registry.room_checks.tell("b" * 32)


def test_checks_go_with_the_reports(registry: Registry) -> None:
    at_ms = int(CHECK.at.timestamp() * 1000)
    registry.room_checks.add("a" * 32, CHECK)
    for before_ms, left in ((at_ms, 1), (at_ms + 1, 0)):
        registry.forget(codes_before_ms=0, boots_before_ms=0, days_before="2026-01-01", checks_before_ms=before_ms)
        assert len(registry.room_checks.newest("oak-hill", "204", 9)) == left


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "10:12: could not carry a video lesson; 0.38 Mbit/s arrived down, needs 1 Mbit/s."),
        ({"answer": "can", "why": None}, "10:12: could carry a video lesson."),
        ({"told": True, "answer": "can", "why": None}, "video lesson. Whoever checked asked for help."),
        ({"answer": "unknown", "why": "busy"}, "10:12: could not tell: others were using the line."),
        (
            {"answer": "stutters", "why": "latency", "rtt_p95_ms": 132.0},
            "could carry a video lesson, but it may have stuttered; 1 in 20 answers took 132 ms or more.",
        ),
        ({"at": CHECK.at - timedelta(days=1)}, "A teacher’s check on Mon 9 Mar at 10:12: could not"),
        ({"profile": "gone", "why": None, "answer": "can"}, "could carry a gone."),
    ],
)
def test_a_room_s_page_says_what_a_check_found(changed: dict[str, object], said: str) -> None:
    check = replace(CHECK, **changed)  # type: ignore[arg-type]
    assert said in check_found(check, default_profiles(), NOW, ZONE)


def test_a_check_changes_nothing_that_is_judged(tmp_path: Path) -> None:
    with live_collector(tmp_path) as live:
        engine = live.services.engine
        before = eventually("the first round has ended", lambda: engine.now)
        live.services.registry.room_checks.add("a" * 32, replace(CHECK, at=live.clock()))
        live.clock.move(timedelta(minutes=10))
        engine.tick()
        room, was = (district.room("oak-hill", "204") for district in (engine.now, before) if district is not None)
        assert room is not None
        assert was is not None
        assert (room.state, room.tests, room.bins) == (was.state, (), ())
        kept = live.ask("GET", "/v1/rooms/oak-hill/204").body["check"]
        assert (kept["answer"], kept["down"]["received_bps"]) == ("cannot", 381_000)
        assert "teacher" in live.ask("GET", "/rooms/oak-hill/204").body


def test_nothing_that_judges_knows_of_checks() -> None:
    collector = Path(__file__).parents[2] / "collector"
    judging = [
        *(collector / "verdict").glob("*.py"),
        *(collector / name for name in ("engine.py", "snapshot.py", "now.py", "days.py")),
    ]
    for path in judging:
        if path.name == "room_check.py":
            continue
        names = {one.module or "" for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.ImportFrom)}
        assert not [one for one in names if "check" in one], path.name
