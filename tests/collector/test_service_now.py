from datetime import timedelta
from typing import Any

from collector.district.services import ListedService
from collector.service_now import ServiceNow, look_back, resolvers_now, services_now
from collector.store.protocol import Arrival
from tests.collector.builders import MONDAY_10, arrival, latency, service
from wire.service_report import ServiceFailure

LMS = ListedService(service="lms", name="Canvas", host="lms.example.org")
MEET = ListedService(service="meet", name="Meet", host="meet.example.org", every_seconds=3600)
NOW = MONDAY_10 + timedelta(hours=1)


def asked(room: str = "204", minutes_ago: float = 1, *, failure: ServiceFailure | None = None, **other: Any) -> Arrival:
    """What a room's agent learned of the LMS so long ago."""
    place = {name: other.pop(name) for name in ("site", "agent") if name in other}
    failed: dict[str, Any] = {"failure": failure, "failed_in": "connect", "first_byte_us": None} if failure else {}
    started_at = NOW - timedelta(minutes=minutes_ago)
    return arrival(service(**(failed | other)), room=room, started_at=started_at, **place)


def lms(*arrivals: Arrival) -> ServiceNow:
    return services_now([LMS], arrivals, NOW)[0]


def failing_rooms(now: ServiceNow) -> list[str]:
    return [one.room for one in now.incident]


def test_each_service_of_the_list_is_there_even_if_nobody_asked() -> None:
    first, second = services_now([MEET, LMS], [asked()], NOW)

    assert (first.service, first.seen) == (MEET, ())
    assert [(one.site, one.room) for one in second.seen] == [("oak-hill", "204")]


def test_of_a_rooms_agents_the_newest_request_speaks() -> None:
    now = lms(asked(minutes_ago=5, failure="no_answer"), asked(agent="c" * 16, minutes_ago=2))

    assert [one.fails for one in now.seen] == [False]
    assert now.of_room("oak-hill", "204") is not None
    assert now.of_room("oak-hill", "205") is None


def test_what_a_request_took_is_all_its_phases() -> None:
    one = lms(asked(resolve_us=1, connect_us=20, proxy_us=300, tls_us=4000, first_byte_us=50_000, via_proxy=True))

    assert one.seen[0].total_us == 54_321


def test_a_request_says_how_it_is_for_two_intervals_of_a_room() -> None:
    assert lms(asked(minutes_ago=34)).seen
    assert not lms(asked(minutes_ago=36)).seen
    assert look_back([LMS]) == timedelta(minutes=35)
    assert look_back([LMS, MEET]) == timedelta(minutes=125)
    assert look_back([]) == timedelta(0)


def test_a_probe_that_broke_says_nothing_of_the_service() -> None:
    assert lms(asked(failure="probe_broke", failed_in=None)).seen == ()


def test_two_rooms_that_see_it_fail_are_an_incident_and_one_is_not() -> None:
    assert failing_rooms(lms(asked("204", failure="refused"), asked("205"))) == []
    assert failing_rooms(lms(asked("204", failure="refused"), asked("205", failure="no_answer"))) == ["204", "205"]


def test_two_of_many_rooms_are_no_incident() -> None:
    fine = [asked(str(number)) for number in range(7)]

    assert failing_rooms(lms(asked("a", failure="refused"), asked("b", failure="refused"), *fine)) == []
    assert failing_rooms(lms(asked("a", failure="refused"), asked("b", failure="refused"), *fine[:6])) == ["a", "b"]


def test_a_fault_of_one_site_is_an_incident_however_many_sites_there_are() -> None:
    elsewhere = [asked(str(number), site=f"site-{number}") for number in range(20)]
    here = [asked("204", failure="proxy_refused"), asked("205", failure="proxy_refused"), asked("206")]
    single = asked("301", site="site-1", failure="no_answer")

    now = lms(*here, *elsewhere, single)

    assert failing_rooms(now) == ["204", "205"]
    assert [one.room for one in now.of_site("oak-hill")] == ["204", "205", "206"]


def looked_up(room: str = "204", minutes_ago: float = 1, *, lost: int = 0, resolver: int = 1, **other: Any) -> Arrival:
    """What a room's agent learned of a resolver so long ago, by one question."""
    report = latency(sent=1, lost=lost, rtt_us=9_000, target=f"resolver:{resolver}", method="dns")
    return arrival(report, room=room, started_at=NOW - timedelta(minutes=minutes_ago), **other)


def lookups(*arrivals: Arrival) -> ServiceNow:
    found = resolvers_now(arrivals, NOW)
    assert found is not None
    return found


def test_resolvers_that_do_not_answer_are_an_incident_of_two_sites() -> None:
    now = lookups(looked_up("204", lost=1), looked_up("9", site="elm", lost=1, agent="c" * 16))

    assert [(one.site, one.room) for one in now.incident] == [("elm", "9"), ("oak-hill", "204")]
    assert now.incident[0].report.failed_in == "resolve"


def test_resolvers_that_answer_are_none() -> None:
    now = lookups(looked_up("204"), looked_up("205", agent="c" * 16))

    assert (now.incident, [one.total_us for one in now.seen]) == ((), [9_000, 9_000])


def test_one_room_without_its_resolver_is_no_incident() -> None:
    assert not lookups(looked_up("204", lost=1), looked_up("205", agent="c" * 16)).incident


def test_a_machine_asks_its_first_resolver_first() -> None:
    assert lookups(looked_up(lost=1, resolver=1), looked_up(resolver=2)).seen[0].fails
    assert not lookups(looked_up(resolver=1), looked_up(lost=1, resolver=2)).seen[0].fails


def test_questions_of_long_ago_and_other_targets_say_nothing_of_resolvers() -> None:
    assert resolvers_now([looked_up(minutes_ago=6, lost=1), arrival(latency())], NOW) is None
