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


def test_a_cause_of_yesterday_is_not_that_of_today(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    town.bins_of("g", 40)
    town.bins_of("B", 4, cause="room_access")
    town.bins_of("g", 48)
    town.bins_of("B", 3)
    town.bins_of("B", 3, cause="site_uplink")

    (one,) = registry.incidents.open()
    assert (one.about, one.cause) == ("site:oak-hill", "site_uplink")


def test_a_cause_that_shows_two_bins_later_is_waited_for(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    town.bins_of("g", 12)
    town.bins_of("B", 4)
    assert town.events == []
    town.bin("B", cause="site_uplink")

    assert town.events == ["opened site:oak-hill outage"]
    (one,) = registry.incidents.open()
    assert (one.cause, one.confidence) == ("site_uplink", "high")


def test_where_no_cause_ever_shows_it_is_told_all_the_same(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    town.bins_of("g", 12)
    town.bins_of("B", 5)

    assert town.events == ["opened site:oak-hill outage"]
    (one,) = registry.incidents.open()
    assert (one.cause, one.where) == ("undetermined", "")


def test_rooms_that_turn_out_to_be_their_sites_stay_one_incident(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    rooms = list(town.bins)
    town.bins_of("g", 12)
    for number in range(16):
        town.bin(dict.fromkeys(rooms[:2], "B"), cause="undetermined" if number < 11 else "room_access")
    town.bins_of("B", 6, cause="site_uplink")
    town.bins_of("g", 12)

    assert town.events == ["opened rooms:oak-hill live", "closed site:oak-hill over"]
    (one,) = registry.incidents.newest(5)
    assert len(one.rooms) == 8


def test_the_provider_is_one_incident_of_the_district(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=6, sites=3))
    town.bins_of("g", 12)
    town.bins_of("B", 8, cause="isp_egress")
    town.bins_of("g", 12)

    assert town.events == ["opened district outage", "closed district over"]


def test_sites_that_go_bad_one_after_the_other_are_the_district(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=6, sites=3))
    order = ("oak-hill", "lakeside", "elm-grove")
    town.bins_of("g", 12)
    for number in range(12):
        bad = {key: "B" for key in town.bins if number >= order.index(key[0])}
        town.bin(bad)
    town.bins_of("g", 12)

    assert town.events == ["opened district outage", "closed district over"]


def test_two_sites_of_five_are_two_incidents(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=5, sites=5))
    town.bins_of("g", 12)
    for _ in range(8):
        town.bin({key: "B" for key in town.bins if key[0] in {"oak-hill", "lakeside"}}, cause="site_uplink")

    assert sorted(town.events) == ["opened site:lakeside outage", "opened site:oak-hill outage"]


def test_one_rooms_wi_fi_that_is_bad_half_a_day_is_one_incident(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    town.bins_of("g", 24)
    for number in range(36):
        town.bin({("oak-hill", "103"): "B" if number % 6 < 3 else "g"}, cause="room_access")

    assert town.events == ["opened rooms:oak-hill half_day"]
    (one,) = registry.incidents.open()
    assert (one.severity, one.rooms, one.cause) == ("minor", (("oak-hill", "103"),), "room_access")


def test_a_machine_in_trouble_is_no_alert(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    town.bins_of("g", 12)
    for _ in range(20):
        town.bin({("oak-hill", "103"): "B"}, cause="device")

    assert town.events == []


def test_trouble_that_goes_on_in_the_morning_is_the_same_incident(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    town.bins_of("g", 72)
    town.bins_of("B", 24, cause="site_uplink")
    town.bins_of("g", 8)

    assert town.events == ["opened site:oak-hill outage", "closed site:oak-hill over"]
    (one,) = registry.incidents.newest(1)
    assert sorted(one.lost_s) == ["2026-11-16", "2026-11-17"]


def test_a_room_that_nobody_measures_any_more_leaves_its_incident(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    town.bins_of("g", 12)
    for _ in range(14):
        town.bin({("oak-hill", "103"): "B"}, cause="room_access")
    for _ in range(26):
        town.bin({("oak-hill", "103"): "."})

    assert town.events == ["opened rooms:oak-hill live", "closed rooms:oak-hill not_measured"]


def test_what_was_told_of_is_no_evidence_for_telling_again(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=8))
    town.bins_of("g", 4)
    room = ("oak-hill", "103")
    for letter in "B" * 20 + "g" * 8 + "BBB" + "g" * 8:
        town.bin({room: letter}, cause="room_access")

    assert town.events == ["opened rooms:oak-hill live", "closed rooms:oak-hill over"]
