"""Nobody is condemned for the silence of what bandroom itself asks: its own reflector, or anchors behind a filter."""

from collections.abc import Mapping

import pytest

from collector.verdict.cause_words import comparison
from collector.verdict.causes import Cause
from collector.verdict.topology import RoomKey
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


def test_two_machines_that_are_off_are_not_the_way_out_while_a_third_answers() -> None:
    assert bad_rooms(Told(rooms=CALM, references=to_anchors(a=SILENT, b=SILENT, c=24.0))) == {}
    assert set(bad_rooms(Told(rooms=CALM, references=to_anchors(a=SILENT, b=SILENT, c=300.0))).values()) == {
        "isp_egress"
    }


def test_anchors_that_all_fell_silent_are_behind_a_filter_for_all_that_is_known() -> None:
    found = bad_rooms(Told(rooms=CALM, references=to_anchors(a=SILENT, b=SILENT)))
    assert (len(found), set(found.values())) == (6, {"remote_service"})


def test_anchors_that_answer_late_or_in_part_are_the_way_out() -> None:
    found = bad_rooms(Told(rooms=CALM, references=to_anchors(a=(22.0, 0.6), b=SILENT)))
    assert (len(found), set(found.values())) == (6, {"isp_egress"})


@pytest.mark.parametrize(
    "references",
    [
        {"oak": {**WIRED_NOBODY, **INTERNET}},
        {"oak": {**WIRED_NOBODY, **INTERNET}, "elm": {**WIRED_NOBODY, **INTERNET}},
    ],
)
@pytest.mark.parametrize("schools", [("oak",), ("oak", "elm")])
def test_a_reflector_that_answers_nobody_while_the_internet_is_fine_is_no_line(
    schools: tuple[str, ...], references: Mapping[str, Mapping[str, Seen]]
) -> None:
    rooms = {key: seen for name in schools for key, seen in site(name, 3, 0, NOBODY).items()}
    told = Told(rooms=rooms, references={name: seen for name, seen in references.items() if name in schools})
    assert set(bad_rooms(told).values()) == {"remote_service"}


def test_the_evidence_names_what_was_silent() -> None:
    nobody = Told(rooms=site("oak", 2, 0, NOBODY), references={"oak": {**WIRED_NOBODY, **INTERNET}})
    assert comparison(nobody.located()) == (
        "the school's reflector took 3 ms (usually 2 ms), the district's reflector answered nothing, "
        "the school's wired reference answered nothing at the same time, 1 of 1 other room was bad"
    )
    filtered = Told(rooms=CALM, references=to_anchors(a=SILENT, b=SILENT))
    assert "a on the Internet from the school's wired reference answered nothing" in comparison(filtered.located())


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


def test_without_anchors_a_silence_of_all_is_not_put_down_to_the_reflector() -> None:
    told = Told(rooms=site("oak", 3, 0, NOBODY), references={"oak": WIRED_NOBODY})
    assert "remote_service" not in set(bad_rooms(told).values())
