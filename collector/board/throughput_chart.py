"""Throughput tests of one direction against the need: a line for each test, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from collector.board import phrases
from collector.board.throughput_words import outcome, value
from collector.now import DistrictNow, RoomNow
from collector.verdict.evidence import rate
from collector.verdict.profiles import Profiles
from collector.verdict.room_state import State
from collector.verdict.throughput import SPEAKS_FOR, ThroughputTest, need_bps
from wire.report_words import Direction

NEWEST_TESTS = 10
WIDTH = 344.0
LEFT = 70.0
RIGHT = 228.0
ROW = 25.0
TOP = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one or more profiles need, as a line at `x`; the axis has its value."""

    x: float
    value: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One test. `x` is ``None`` when no rate is known; `speaks` says that it tells of now."""

    y: float
    x: float | None
    at: str
    state: State
    value: str
    spoken: str
    test: ThroughputTest
    speaks: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputChart:
    """The newest tests of one direction, drawn and in words."""

    direction: Direction
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    row: float
    needs: tuple[Need, ...]
    marks: tuple[Mark, ...]
    all_tests: int
    summary: str


def throughput_charts(
    district: DistrictNow, room: RoomNow, profiles: Profiles, now: datetime
) -> tuple[ThroughputChart, ...]:
    """A chart for each direction that was tested."""
    directions: tuple[Direction, ...] = ("down", "up")
    return tuple(
        _chart(direction, of_direction, district=district, room=room, profiles=profiles, now=now)
        for direction in directions
        if (of_direction := [one for one in reversed(room.tests) if one.direction == direction])
    )


def _chart(
    direction: Direction,
    newest_first: Sequence[ThroughputTest],
    *,
    district: DistrictNow,
    room: RoomNow,
    profiles: Profiles,
    now: datetime,
) -> ThroughputChart:
    shown = newest_first[:NEWEST_TESTS]
    by_need: dict[int, list[str]] = {}
    for profile in profiles.in_force():
        by_need.setdefault(need_bps(profile, direction), []).append(profile.label)
    most = 1.5 * max(by_need)
    marks = tuple(
        _mark(
            test,
            y=TOP + ROW * (number + 0.5),
            most=most,
            district=district,
            room=room,
            profiles=profiles,
            now=now,
        )
        for number, test in enumerate(shown)
    )
    return ThroughputChart(
        direction=direction,
        width=WIDTH,
        left=LEFT,
        right=RIGHT,
        height=TOP + ROW * len(shown) + 20,
        top=TOP,
        bottom=TOP + ROW * len(shown),
        row=ROW,
        needs=tuple(
            Need(x=_x(need, most), value=f"{need / 1e6:g}", text=f"{' and '.join(labels)} {rate(need)}")
            for need, labels in sorted(by_need.items(), reverse=True)
        ),
        marks=marks,
        all_tests=len(newest_first),
        summary=_summary(direction, newest_first, room, profiles),
    )


def _mark(
    test: ThroughputTest,
    *,
    y: float,
    most: float,
    district: DistrictNow,
    room: RoomNow,
    profiles: Profiles,
    now: datetime,
) -> Mark:
    zone = district.time_zone
    today = test.ended_at.astimezone(zone).date() == now.astimezone(zone).date()
    day = "" if today else f"{test.ended_at.astimezone(zone):%a} "
    said = value(test)
    return Mark(
        y=round(y, 1),
        x=None if test.received_bps is None else _x(test.received_bps, most),
        at=f"{day}{phrases.clock(test.ended_at, zone)}",
        state=outcome(test, profiles),
        value=said,
        spoken=said.replace("≥", "at least"),
        test=test,
        speaks=test in room.speaking,
    )


def _x(bps: int, most: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * min(1.0, bps / most), 1)


def _summary(direction: Direction, tests: Sequence[ThroughputTest], room: RoomNow, profiles: Profiles) -> str:
    found = [outcome(one, profiles) for one in tests]
    spent = sum(one.used_bytes for one in tests)
    said = (
        f"{phrases.counted(len(tests), 'test')} {direction}: {found.count('ok')} had enough, {found.count('bad')} too "
        f"little, {found.count('unknown')} could not tell; they used {phrases.volume(spent)}."
    )
    if not any(one.direction == direction for one in room.speaking):
        minutes = int(SPEAKS_FOR.total_seconds() // 60)
        said += f" None that could tell is from the last {minutes} minutes, so the rate now is not known."
    return said
