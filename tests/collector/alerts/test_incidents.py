"""What becomes an incident, and what never does."""

from collector.registry.registry import Registry
from tests.collector.alerts.town import Town, a_district


def test_an_uplink_that_is_down_for_40_rooms_is_one_incident_and_one_end(town: Town) -> None:
    town.bins_of("g", 12)
    town.bins_of("B", 12, cause="site_uplink")
    town.bins_of("g", 12)

    assert town.events == ["opened site:oak-hill outage", "closed site:oak-hill over"]


def test_rooms_that_turn_bad_one_after_the_other_are_one_incident(town: Town) -> None:
    rooms = list(town.bins)
    town.bins_of("g", 12)
    for number in range(20):
        town.bin(dict.fromkeys(rooms[: 4 * number], "B"), cause="undetermined" if number < 7 else "site_uplink")
    for number in range(12):
        town.bin(dict.fromkeys(rooms[: 40 - 4 * number], "B"), cause="site_uplink")
    town.bins_of("g", 12)

    assert town.events == ["opened site:oak-hill outage", "closed site:oak-hill over"]


def test_a_thousand_samples_that_flap_are_no_incident(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=1))
    for pattern in ("Bg", "Bgg", "gggB", "BgBgg", "B.g."):
        for number in range(200):
            town.bin(pattern[number % len(pattern)], cause="room_access")

    assert town.events == []
