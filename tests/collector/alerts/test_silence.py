"""Who should be heard and is not, services that fail, and the collector's own trouble."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from collector.district.services import ListedService
from collector.registry.registry import Registry
from collector.service_now import ServiceNow, ServiceSeen
from tests.collector.alerts.town import A_DAY, Town, a_bin, a_district
from tests.collector.builders import service
from wire.enrolment import EnrolmentRequest

LMS = ListedService(service="lms", name="Canvas", host="lms.example.org", kind="lms")
MEET = ListedService(service="meet", name="Meet", host="meet.example.org")


def enrolled(town: Town, site: str, room: str, role: Any = "room") -> None:
    """An agent that stands there."""
    now_ms = int(town.clock().timestamp() * 1000)
    code = town.registry.make_code(site=site, room=room, role=role, uses=1, expires_ms=now_ms + 1000)
    digest = f"{hash((site, room)) & (2**256 - 1):064x}"
    town.registry.enrol(EnrolmentRequest(version=1, code=code, token_sha256=digest), now_ms=now_ms)


@pytest.fixture
def town(registry: Registry) -> Town:
    return Town(registry, a_district(rooms=5, sites=2))


def at_oak_hill(town: Town, letter: str) -> dict[tuple[str, str], str]:
    return {key: letter for key in town.bins if key[0] == "oak-hill"}


def test_a_site_that_falls_silent_is_one_incident_that_ends_when_it_is_heard(town: Town) -> None:
    town.bins_of("g", 12)
    for _ in range(8):
        town.bin(at_oak_hill(town, "."))
    town.bins_of("g", 8)

    assert town.events == ["opened site:oak-hill silence", "closed site:oak-hill over"]


def test_bins_that_arrive_after_the_silence_open_nothing_more(town: Town) -> None:
    town.bins_of("g", 12)
    starts = []
    for _ in range(12):
        town.bin(at_oak_hill(town, "."))
        starts.append(town.bins["lakeside", "101"][-1].started_at)
    for key in at_oak_hill(town, "."):
        town.bins[key] += [a_bin(key, start, "B", "site_uplink") for start in starts]
    town.bins_of("g", 9)

    assert town.events == ["opened site:oak-hill silence", "closed site:oak-hill over"]
    (one,) = town.registry.incidents.newest(5)
    assert sum(one.lost_s.values()) == 5 * 12 * 300, "what it cost is known afterwards"


def test_pcs_that_go_to_sleep_one_by_one_are_no_incident(town: Town) -> None:
    town.bins_of("g", 12)
    rooms = list(at_oak_hill(town, "."))
    for number in range(60):
        town.bin(dict.fromkeys(rooms[: number // 6], "."))

    assert town.events == []


def test_a_site_whose_pcs_are_all_asleep_in_the_morning_is_no_incident(town: Town) -> None:
    town.bins_of("g", 84)
    for _ in range(40):
        town.bin(at_oak_hill(town, "."))

    assert town.events == []


def test_a_reference_that_is_silent_in_the_morning_speaks_for_its_site(town: Town) -> None:
    enrolled(town, "oak-hill", "101", role="reference")
    town.bins_of("g", 84)
    for _ in range(8):
        town.bin(at_oak_hill(town, "."))

    assert town.events == ["opened site:oak-hill silence"]


def test_all_sites_that_fall_silent_are_one_incident_of_the_district(registry: Registry) -> None:
    town = Town(registry, a_district(rooms=5, sites=3))
    town.bins_of("g", 12)
    town.bins_of(".", 8)
    town.bins_of("g", 8)

    assert town.events == ["opened district silence", "closed district over"]


def test_a_collector_that_was_off_has_heard_nobody_and_says_nothing(town: Town) -> None:
    town.bins_of("g", 12)
    town.clock.move(timedelta(hours=1))
    town.restart()
    town.look()
    town.bins_of("g", 6)

    assert town.events == []


def test_a_machine_that_is_awake_and_measures_nothing_is_told_of(town: Town) -> None:
    enrolled(town, "oak-hill", "101")
    for _ in range(30):
        town.bin({("oak-hill", "101"): "?"})

    assert town.events == ["opened silent:oak-hill silence"]
    town.bins_of("g", 2)
    assert town.events[-1] == "closed silent:oak-hill over"


def test_a_room_of_which_no_word_came_for_a_week_of_lessons_is_told_of(town: Town) -> None:
    enrolled(town, "oak-hill", "101")
    town.bins_of("g", 12)
    gone = town.clock()
    said = []
    for _ in range(8):
        town.clock.move(timedelta(days=1))
        town.heard = dict.fromkeys(town.heard, town.clock()) | {("oak-hill", "101"): gone}
        town.look()
        said.append(len(town.events))

    assert said == [0, 0, 0, 0, 0, 0, 1, 1], "seven days on it is the same weekday, and 35 lesson hours later"
    assert town.events == ["opened silent:oak-hill silence"]


@pytest.mark.parametrize("letter", ["?", "."])
def test_a_room_that_is_silent_is_not_over_because_school_is(town: Town, letter: str) -> None:
    enrolled(town, "oak-hill", "101")
    town.bins_of("g", 2)
    if letter == ".":
        town.clock.move(timedelta(days=7, hours=1))
    for _ in range(2 * A_DAY):
        if town.district.calendar.lesson_at(town.clock()) is None:
            town.look_at(town.clock() + timedelta(minutes=20))
            town.look_at(town.clock() + timedelta(minutes=20))
        town.bin({("oak-hill", "101"): letter})
    assert town.events == ["opened silent:oak-hill silence"], "one, and no end every evening"

    town.bin({("oak-hill", "101"): "."})
    assert len(town.events) == 1, "a machine that sleeps says nothing of the network"
    town.bins_of("g", 2)
    assert town.events[1:] == ["closed silent:oak-hill over"]


def test_a_room_whose_machine_is_at_home_is_not_silent(town: Town) -> None:
    enrolled(town, "oak-hill", "101")
    enrolled(town, "lakeside", "101")
    town.bins_of("g", 12)
    long_ago = town.clock()
    town.clock.move(timedelta(days=8))
    for key in town.heard:
        town.heard[key] = town.clock()
    for site in ("oak-hill", "lakeside"):
        town.heard[site, "101"] = long_ago
    town.store.away = [
        SimpleNamespace(site="lakeside", room="101", started_at=town.clock() - timedelta(days=1))  # type: ignore[list-item]
    ]
    town.look()

    assert town.events == ["opened silent:oak-hill silence"]


def seen(town: Town, *, failing: bool, listed: ListedService = LMS) -> ServiceNow:
    """All rooms have asked."""
    report = service(failure="no_answer", failed_in="connect", first_byte_us=None) if failing else service()
    return ServiceNow(
        service=listed,
        seen=tuple(ServiceSeen(site=s, room=r, started_at=town.clock(), report=report) for s, r in town.bins),
    )


def test_a_provider_outage_is_one_incident_of_the_service(town: Town) -> None:
    town.bins_of("g", 6)
    for number in range(14):
        town.services = (seen(town, failing=2 <= number < 8), seen(town, failing=False, listed=MEET))
        town.bin("g")

    assert town.events == ["opened service:lms service", "closed service:lms over"]


def test_a_service_that_fails_for_a_moment_is_none(town: Town) -> None:
    for number in range(20):
        town.services = (seen(town, failing=number % 3 == 0), seen(town, failing=False, listed=MEET))
        town.bin("g")

    assert town.events == []


def test_services_that_fail_because_the_line_does_are_no_incidents_of_theirs(town: Town) -> None:
    town.bins_of("g", 12)
    for _ in range(8):
        failing = seen(town, failing=True)
        town.services = (
            ServiceNow(service=LMS, seen=tuple(one for one in failing.seen if one.site == "oak-hill")),
            seen(town, failing=False, listed=MEET),
        )
        town.bin(at_oak_hill(town, "B"), cause="site_uplink")

    assert town.events == ["opened site:oak-hill outage"]


def test_all_services_that_fail_together_are_one_incident(town: Town) -> None:
    for _ in range(6):
        town.services = (seen(town, failing=True), seen(town, failing=True, listed=MEET))
        town.bin("g")

    assert town.events == ["opened services service"]


def test_the_collectors_own_trouble_is_said_once_and_nothing_else_meanwhile(town: Town) -> None:
    town.bins_of("g", 12)
    town.trouble = "the store did not take the last reports: it is away"
    town.bins_of("B", 12, cause="site_uplink")
    town.trouble = None
    town.bins_of("g", 12)

    assert town.events == ["opened collector collector", "closed collector over"]


def test_trouble_of_a_moment_is_not_said(town: Town) -> None:
    for number in range(12):
        town.trouble = "away" if number % 2 else None
        town.bin("g")

    assert town.events == []


def test_a_collector_that_died_in_trouble_does_not_stay_in_it(town: Town) -> None:
    town.trouble = "away"
    town.bins_of("g", 3)
    town.trouble = None
    town.restart()
    town.bins_of("g", 4)

    assert town.events == ["opened collector collector", "closed collector over"]
