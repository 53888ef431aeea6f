"""Nobody is condemned for the silence of what bandroom itself asks: its own reflector, or anchors behind a filter."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from collector.district.rooms_csv import Room
from collector.registry.registry import Registry
from collector.store.duckdb_store import DuckDbStore
from collector.verdict.causes import Cause
from collector.verdict.topology import RoomKey
from tests.collector.builders import arrival, latency
from tests.collector.school import MONDAY, School, a_school, at
from tests.collector.slice_builders import GOOD, INTERNET, WIRED, Seen, Told, site

SILENT = (20.0, 1.0)
NOBODY: Mapping[str, Seen] = {**GOOD, "district": SILENT}
WIRED_NOBODY: Mapping[str, Seen] = {**WIRED, "district": SILENT}
CALM: Mapping[RoomKey, Mapping[str, Seen]] = site("oak", 0, 3, GOOD) | site("elm", 0, 3, GOOD)


def to_anchors(**seen: Seen) -> dict[str, Mapping[str, Seen]]:
    """What the references of both schools see."""
    one = {**WIRED, **{f"anchor:{name}": found for name, found in seen.items()}}
    return {"oak": one, "elm": one}


def bad_rooms(told: Told) -> dict[RoomKey, Cause | None]:
    """Those whose bin is bad, each with its cause."""
    return {
        key: one.located.cause if one.located else None
        for key, one in told.bins().items()
        if one.headline and one.headline.quality == "bad"
    }


def test_anchors_that_never_answered_say_nothing_of_the_internet() -> None:
    assert bad_rooms(Told(rooms=CALM, references=to_anchors(a=SILENT, b=SILENT), known=False)) == {}


def test_one_that_never_answered_does_not_decide_beside_one_that_does() -> None:
    references = to_anchors(a=SILENT, b=300.0)
    assert len(bad_rooms(Told(rooms=CALM, references=references, known=False))) == 6
    references = to_anchors(a=SILENT, b=25.0)
    assert bad_rooms(Told(rooms=CALM, references=references, known=False)) == {}


def test_the_silence_of_a_single_anchor_is_that_machines_own() -> None:
    assert bad_rooms(Told(rooms=CALM, references=to_anchors(a=SILENT))) == {}


def test_anchors_that_all_fell_silent_are_behind_a_filter_for_all_that_is_known() -> None:
    found = bad_rooms(Told(rooms=CALM, references=to_anchors(a=SILENT, b=SILENT)))
    assert (len(found), set(found.values())) == (6, {"remote_service"})


def test_anchors_that_answer_late_or_in_part_are_the_way_out() -> None:
    found = bad_rooms(Told(rooms=CALM, references=to_anchors(a=(22.0, 0.6), b=SILENT)))
    assert (len(found), set(found.values())) == (6, {"isp_egress"})


@pytest.mark.parametrize(
    "references",
    [
        {},
        {"oak": WIRED_NOBODY},
        {"oak": WIRED_NOBODY, "elm": WIRED_NOBODY},
        {"oak": {**WIRED_NOBODY, **INTERNET}},
        {"oak": {**WIRED_NOBODY, **INTERNET}, "elm": {**WIRED_NOBODY, **INTERNET}},
    ],
)
@pytest.mark.parametrize("schools", [("oak",), ("oak", "elm")])
def test_a_reflector_that_answers_nobody_is_no_line(
    schools: tuple[str, ...], references: Mapping[str, Mapping[str, Seen]]
) -> None:
    rooms = {key: seen for name in schools for key, seen in site(name, 3, 0, NOBODY).items()}
    told = Told(rooms=rooms, references={name: seen for name, seen in references.items() if name in schools})
    assert set(bad_rooms(told).values()) == {"remote_service"}


def test_a_school_that_alone_has_no_answer_has_its_line_down() -> None:
    told = Told(rooms=site("oak", 3, 0, NOBODY) | site("elm", 0, 3, GOOD), references={"oak": WIRED_NOBODY})
    assert set(bad_rooms(told).values()) == {"site_uplink"}


def test_a_school_whose_anchors_are_silent_with_the_reflector_has_its_line_down() -> None:
    reference = {**WIRED_NOBODY, "anchor:a": SILENT, "anchor:b": SILENT}
    told = Told(rooms=site("oak", 3, 0, NOBODY), references={"oak": reference})
    assert set(bad_rooms(told).values()) == {"site_uplink"}


def test_a_room_whose_gateway_is_silent_as_well_has_its_own_access_down() -> None:
    told = Told(rooms={("oak", "1"): {"gateway": (3.0, 1.0), "site": SILENT, "district": SILENT}})
    assert bad_rooms(told) == {("oak", "1"): "room_access"}


def test_rooms_are_not_restricted_for_the_days_that_the_collector_was_off(tmp_path: Path) -> None:
    registry = Registry.open_registry(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    rooms = ("201", "202", "203")
    district = replace(a_school(), rooms=tuple(Room(site="oak-hill", room=room) for room in rooms))
    school = School(DuckDbStore.open_store(None), registry, district)
    for number in range(5):
        for agent, room in enumerate(rooms):
            school.store.write_reports(
                [
                    arrival(
                        latency(2 * step + place + 1, lost=lost, sent=300, duration_ms=300_000, target=target),
                        started_at=at(MONDAY + timedelta(days=number), 10) + step * timedelta(minutes=5),
                        room=room,
                        agent=f"{agent}".rjust(16, "a"),
                        boot=f"{number}".rjust(16, "b"),
                    )
                    for step in range(24)
                    for place, (target, lost) in enumerate((("gateway", 0), ("district", 0 if number < 2 else 300)))
                ]
            )
    school.over(MONDAY)

    assert [school.weeks(room)[0].verdict for room in rooms] == ["at_risk"] * 3
    assert {school.weeks(room)[0].cause for room in rooms} == {"remote_service"}
    school.store.close()
    registry.close()
