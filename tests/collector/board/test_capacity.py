"""How much a room's line gave stands on its page, beside the tests that it is judged by."""

from datetime import timedelta
from typing import Any

from collector.board.pages import room_page
from collector.capacity_now import capacity_now
from tests.collector.board.districts import NOW, a_district, a_room, a_site
from tests.collector.board.reader import Element, read
from tests.collector.builders import arrival, throughput

FULL: dict[str, Any] = {"method": "capacity", "required_bps": None, "offered_bps": None}
FULL |= {"sustained": None, "ended_by": "time"}


def page(*tests: dict[str, Any]) -> Element:
    """The page of a room where these capacity tests ran, a minute apart."""
    arrivals = [
        arrival(throughput(seq, **FULL | one), site="north", room="101", started_at=NOW - timedelta(minutes=9 - seq))
        for seq, one in enumerate(tests, start=1)
    ]
    district = a_district(a_site(a_room("101"), a_room("102")), capacity=capacity_now(arrivals))
    room = district.room("north", "101")
    assert room is not None
    return read(room_page(district, room, now=NOW))


def rows(found: Element) -> list[dict[str, str]]:
    """What the table says of each direction."""
    body = found.one("table", class_="capacity").one("tbody")
    return [{one.attributes["data-label"]: one.text for one in row.all("td")} for row in body.all("tr")]


def test_a_rooms_page_shows_its_newest_capacity_test_in_each_direction() -> None:
    shown = rows(
        page(
            {"direction": "down", "received_bps": 10_000_000},
            {"direction": "down", "received_bps": 94_000_000},
            {"direction": "up", "received_bps": 12_000_000},
        )
    )

    assert [(one["Direction"], one["Arrived"].replace("\N{NO-BREAK SPACE}", " ")) for one in shown] == [
        ("down", "94 Mbit/s"),
        ("up", "12 Mbit/s"),
    ]
    assert {one["Outcome"] for one in shown} == {"ran its time"}


def test_a_capacity_that_the_machine_limited_is_at_least_that_much() -> None:
    (shown,) = rows(page({"direction": "down", "received_bps": 94_000_000, "at_ceiling": True}))

    assert shown["Arrived"].startswith("≥")
    assert shown["Outcome"] == "ran its time; as fast as the machine that tests can"


def test_a_capacity_test_that_could_not_be_says_why() -> None:
    (shown,) = rows(page({"direction": "up", "received_bps": None, "failure": "refused", "ended_by": None}))

    assert shown["Arrived"] == "–"
    assert shown["Outcome"]


def test_a_room_without_a_capacity_test_has_no_such_table() -> None:
    assert not [one for one in page().all("table") if "capacity" in one.attributes.get("class", "")]
