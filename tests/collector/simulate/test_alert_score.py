"""What ``make score`` holds of alerts, on fewer rooms and with seeds of its own."""

from datetime import timedelta

import pytest

from collector.simulate.alert_score import (
    CASES,
    FALSE_HALF_DAY,
    FALSE_LIVE,
    AlertScore,
    alert_text,
    sum_of,
)
from collector.simulate.burn_alone import RoomCase, flapping, incidents, outage_delays, told_of
from collector.simulate.rule_alone import FULL_DAY
from collector.simulate.seeds import CHECKED
from collector.simulate.watched import Watched
from tests.collector.board.troubles import an_incident

HEALTHY = CASES[0]


def test_healthy_rooms_are_told_of_no_oftener_than_promised() -> None:
    case = RoomCase(share=HEALTHY[0], burst_minutes=HEALTHY[1], rooms=120, weeks=6)

    told = sum_of([told_of(case, seed=seed) for seed in CHECKED[:2]])

    assert told.room_weeks == 1440
    assert 0 < told.opened["live"] <= FALSE_LIVE * told.room_weeks
    assert told.opened.get("half_day", 0) <= FALSE_HALF_DAY * told.room_weeks


def test_what_flaps_is_told_to_nobody() -> None:
    assert set(flapping(1000).values()) == {0}


def test_an_outage_of_a_room_is_told_of_within_an_hour() -> None:
    delays = outage_delays((18, 24), seed=CHECKED[0], rooms=60)

    assert len(delays) == 60
    assert max(delays) <= 12


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ("g" * 20 + "B" * 20 + "g" * 20, [(31, "live")]),
        ("g" * 20 + "B" * 10 + "g" * 20, []),
        ("g" * 20 + "B" * 20 + "g" * 6 + "B" * 20, [(31, "live"), (57, "live")]),
        ("g" * 20 + "B" * 20 + "g" * 5 + "B" * 20, [(31, "live")]),
    ],
)
def test_an_incident_opens_once_and_anew_only_after_half_an_hour_without(
    marks: str, found: list[tuple[int, str]]
) -> None:
    assert incidents(marks, day=FULL_DAY) == found


def test_the_text_says_how_late_and_how_often() -> None:
    one = an_incident(first_rooms=40)
    late = (one.opened_at - one.began_at) / timedelta(minutes=1)
    weeks = [Watched(week=week, opened=(one,), notices=2, room_weeks=64) for week in (1, 2, 3, 4)]

    said = alert_text(AlertScore(figures=(), delays=(45, 55, 60), missed=1, flaps=0, weeks=tuple(weeks)))

    assert "| one room, from its first bad bin | 55 min | 60 min | 3 | 1 |" in said
    assert f"| 40 rooms, an uplink | {late:g} min | {late:g} min | 1 |  |" in said
    assert "| nothing is wrong | 2 |" in said
