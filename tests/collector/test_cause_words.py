"""A cause is said with the comparison that names it, and Wi-Fi only where it is one."""

from typing import Any

import pytest

from collector.verdict.cause_words import because, comparison, pays, where
from collector.verdict.causes import BudgetLine, Cause
from tests.collector.week_builders import compared, located

WIRED = "its own access (Wi-Fi, access point or cable)"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"medium": "wifi"}, "its Wi-Fi"),
        ({"medium": "wired"}, WIRED),
        ({"medium": None}, WIRED),
        ({"medium": None, "signs": ("weak_signal",)}, "its Wi-Fi"),
        ({"medium": None, "signs": ("many_retries",)}, "its Wi-Fi"),
        ({"medium": None, "signs": ("link_errors",)}, WIRED),
    ],
)
def test_wi_fi_is_said_only_of_a_machine_that_is_known_to_be_on_it(given: dict[str, Any], words: str) -> None:
    assert where("room_access", located(**given)) == words
    assert because("room_access", located(**given)) == f"because of {words}"


def test_wi_fi_is_not_said_of_another_cause() -> None:
    assert "Wi-Fi" not in where("site_uplink", located(medium="wifi", cause="site_uplink"))


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (None, ""),
        ("undetermined", ""),
        ("mixed", "for more than one cause"),
        ("site_uplink", "because of the line from the school to the district"),
        ("device", "because of the machine that measures"),
    ],
)
def test_a_cause_that_is_not_known_is_not_said(cause: Cause | None, words: str) -> None:
    assert because(cause) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (None, ""),
        ("C1", "C1 (E-rate category 1, lines to the Internet)"),
        ("C2", "C2 (E-rate category 2, inside the building)"),
        ("vendor", "the service's vendor"),
    ],
)
def test_who_pays_has_its_category(line: BudgetLine | None, words: str) -> None:
    assert pays(line) == words


GATEWAY = compared(p95_ms=3.1)
SITE = compared("site", 4.0)
DISTRICT = compared("district", 231.0, usual_ms=12.0)
ANCHOR = compared("anchor:north.example", 480.0, usual_ms=18.0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {},
            ("its own gateway took 210 ms (usually 3 ms), the school's wired reference 12 ms at the same time, "
            "1 of 7 other rooms was bad"),
        ),
        (
            {"room": (compared(p95_ms=4.0, loss=0.081),), "reference": (), "bad_peers": 0},
            "its own gateway took 4 ms (usually 3 ms) and lost 8 %, none of 7 other rooms was bad",
        ),
        (
            {"cause": "site_uplink", "room": (GATEWAY, SITE, DISTRICT), "reference": (), "bad_peers": 6},
            ("the school's reflector took 4 ms (usually 3 ms), the district's reflector 231 ms (usually 12 ms), "
            "6 of 7 other rooms were bad"),
        ),
        (
            {"cause": "isp_egress", "room": (GATEWAY, DISTRICT), "reference": (compared("district", 14.0), ANCHOR)}
            | {"peers": 1, "bad_peers": 1},
            ("the district's reflector from the school's wired reference took 14 ms (usually 3 ms), "
            "north.example on the Internet from the school's wired reference 480 ms (usually 18 ms), "
            "1 of 1 other room was bad"),
        ),
        (
            {"cause": "site_lan", "room": (GATEWAY, compared("site", 140.0)), "reference": (), "peers": 0}
            | {"shared": "switch SW-2", "signs": ("link_errors",)},
            ("its own gateway took 3.1 ms (usually 3 ms), the school's reflector 140 ms (usually 3 ms), the bad "
            "rooms have switch SW-2 in common and no good one has, its interface counted errors"),
        ),
        (
            {"room": (compared(p95_ms=None, usual_ms=None, loss=1.0),), "reference": (), "peers": 0},
            "its own gateway answered nothing",
        ),
        (
            {"room": (compared(p95_ms=210.0, usual_ms=None),), "reference": (DISTRICT,), "peers": 0},
            ("its own gateway took 210 ms, the school's wired reference to the district's reflector 231 ms "
            "at the same time"),
        ),
        (
            {"cause": "device", "signs": ("busy_machine", "stepped_clock")},
            "its processors were busy; its clock was set",
        ),
        ({"room": (), "reference": (), "peers": 0}, ""),
        ({"cause": "undetermined", "room": (GATEWAY, DISTRICT), "reference": (), "peers": 0},
         "its own gateway took 3.1 ms (usually 3 ms), the district's reflector 231 ms (usually 12 ms)"),
    ],
)  # fmt: skip
def test_the_comparison_names_what_was_held_against_what(given: dict[str, Any], words: str) -> None:
    assert comparison(located(**given)) == words


def test_what_located_says_of_the_medium_survives_a_store() -> None:
    one = located(signs=("weak_signal",))

    assert type(one).from_text(one.to_text()) == one
