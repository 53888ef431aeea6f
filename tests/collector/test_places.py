"""A room is named to the commands by its slug or by what it is called."""

import pytest
import typer

from collector.district.district import District, Site
from collector.district.rooms_csv import Room
from collector.main import _place
from tests.collector.live import a_district

ROOMS = (
    Room(site="oak-hill", room="room-204-lab", name="Room 204, lab"),
    Room(site="oak-hill", room="aula", name="Aula"),
    Room(site="oak-hill", room="7", name="aula"),
)


@pytest.fixture
def district() -> District:
    plain = a_district()
    return District(
        name=plain.name, calendar=plain.calendar, sites=(Site(site="oak-hill", name="Oak Hill"),), rooms=ROOMS
    )


@pytest.mark.parametrize(
    ("site", "room", "slug"),
    [
        ("oak-hill", "room-204-lab", "room-204-lab"),
        ("Oak Hill", "Room 204, lab", "room-204-lab"),
        ("oak-hill", "Aula", "aula"),
        ("oak-hill", "aula", "aula"),
    ],
)
def test_a_room_is_found_by_slug_or_name_and_the_slug_goes_first(
    district: District, site: str, room: str, slug: str
) -> None:
    assert _place(district, site, room) == ("oak-hill", slug)


@pytest.mark.parametrize(("site", "room"), [("oak", "aula"), ("oak-hill", "Room 205")])
def test_another_is_refused(district: District, site: str, room: str) -> None:
    with pytest.raises(typer.Exit):
        _place(district, site, room)
