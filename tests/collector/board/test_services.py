"""How services stand on the pages: evidence beside the rooms."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from collector.board.pages import district_page, room_page, site_page
from collector.board.service_words import FAILURES, KIND_WORDS, PHASES, certificate_words, result_words
from collector.district.services import ListedService, ServiceKind
from collector.now import DistrictNow
from collector.service_now import services_now
from tests.collector.board.districts import NOW, a_district, a_room, a_site
from tests.collector.board.reader import Element, read
from tests.collector.builders import arrival, service
from wire.service_report import ServiceFailure, ServicePhase

LMS = ListedService(service="lms", name="Canvas", host="lms.example.org", kind="lms")
MEET = ListedService(service="meet", name="Meet", host="meet.example.org", kind="meeting")
DOWN: dict[str, Any] = {"failure": "no_answer", "failed_in": "connect", "connect_us": None, "tls_us": None}
DOWN |= {"first_byte_us": None, "status": None, "certificate_days": None}


def seen(*of_rooms: tuple[str, dict[str, Any]], services: tuple[ListedService, ...] = (LMS,)) -> DistrictNow:
    """A school of three rooms with what some of them learned of its services."""
    arrivals = [
        arrival(service(seq, **values), site="north", room=room, started_at=NOW - timedelta(seconds=30 * seq))
        for seq, (room, values) in enumerate(of_rooms, start=1)
    ]
    rooms = a_site(a_room("101"), a_room("102"), a_room("103"))
    return a_district(rooms, services=services_now(services, arrivals, NOW))


def room(district: DistrictNow, name: str = "101") -> Element:
    found = district.room("north", name)
    assert found is not None
    return read(room_page(district, found, now=NOW))


def site(district: DistrictNow) -> Element:
    found = district.site("north")
    assert found is not None
    return read(site_page(district, found, now=NOW))


def board(district: DistrictNow) -> Element:
    return read(district_page(district, now=NOW))


def cells(page: Element) -> dict[str, str]:
    (row,) = page.one("section", class_="services-section").one("tbody").all("tr")
    named = {one.attributes["data-label"]: one.text.replace("\N{NO-BREAK SPACE}", " ") for one in row.all("td")}
    return named | {"Service": row.one("th").text}


def test_a_rooms_page_shows_a_request_in_its_phases() -> None:
    phases = {"resolve_us": 1_500, "connect_us": 12_000, "proxy_us": 230_000, "tls_us": 34_000, "first_byte_us": 56_000}
    shown = cells(room(seen(("101", phases | {"via_proxy": True}))))

    assert shown["Service"] == "Canvas learning platform"
    assert shown["Result"] == "answers"
    names = ("Name", "Connect", "Proxy", "TLS", "First byte")
    assert [shown[name] for name in names] == ["1.5 ms", "12 ms", "230 ms", "34 ms", "56 ms"]
    assert (shown["Certificate"], shown["Age"]) == ("expires in 61 days", "30 s")


def test_a_service_that_is_called_what_it_is_says_so_once() -> None:
    named = replace(LMS, name="Learning platform")

    assert cells(room(seen(("101", {}), services=(named,))))["Service"] == "Learning platform"


def test_a_rooms_page_says_in_words_what_fails_and_leaves_open_what_was_not_reached() -> None:
    shown = cells(room(seen(("101", DOWN))))

    assert shown["Result"] == "no answer in time, connecting"
    assert [shown[name] for name in ("Name", "Connect", "TLS", "Certificate")] == ["2.0 ms", "–", "–", "–"]


@pytest.mark.parametrize(("days", "state"), [(14, None), (13, "degraded"), (0, "degraded"), (-1, "bad")])
def test_a_certificate_that_ends_soon_is_marked(days: int, state: str | None) -> None:
    page = room(seen(("101", {"certificate_days": days})))

    cell = next(one for one in page.all("td") if one.attributes.get("data-label") == "Certificate")
    marked = [one.attributes["class"] for one in cell.all("span") if "state" in one.attributes.get("class", "")]
    assert marked == ([] if state is None else [f"state is-{state}"])


def test_where_no_service_was_asked_pages_are_silent_about_them() -> None:
    nothing = seen()

    for page in (room(nothing), site(nothing), room(seen(("102", {})), "101")):
        assert list(page.all("section", class_="services-section")) == []


def test_a_sites_page_counts_the_rooms_that_see_a_service_fail() -> None:
    shown = cells(site(seen(("101", DOWN), ("102", {"certificate_days": 9}), ("103", {"first_byte_us": 99_000}))))

    assert shown["Result"] == "no answer in time, connecting"
    assert shown["Fails in"] == "1 of 3 rooms"
    assert shown["Usual time"] == "118 ms"  # the median of 90 and 146
    assert shown["Certificate"] == "expires in 9 days"


def test_where_rooms_see_it_fail_in_different_ways_the_commonest_is_told() -> None:
    refused = DOWN | {"failure": "refused"}

    assert cells(site(seen(("101", DOWN), ("102", DOWN))))["Result"] == "no answer in time, connecting"
    assert cells(site(seen(("101", DOWN), ("102", refused), ("103", DOWN))))["Result"] == (
        "mostly no answer in time, connecting"
    )


def test_the_first_page_tells_of_a_service_that_fails_for_two_rooms_and_judges_no_room_by_it() -> None:
    page = board(seen(("101", DOWN), ("102", DOWN), ("103", {})))

    assert page.one("p", class_="is-incident").text == (
        "Service incident. Canvas (learning platform) fails in 2 of 3 rooms that asked lately: "
        "no answer in time, connecting. Rooms are not judged by it."
    )
    assert list(board(seen(("101", DOWN), ("102", {}))).all("p", class_="is-incident")) == []


def test_an_incident_of_one_school_says_where() -> None:
    only_north = seen(("101", DOWN), ("102", DOWN))
    south = a_site(a_room("301", site="south"), site="south", name="South School")
    (line,) = board(replace(only_north, sites=(*only_north.sites, south))).all("p", class_="is-incident")

    assert "fails in 2 of 2 rooms that asked lately, all at North School: no answer" in line.text


def test_an_incident_of_one_school_counts_the_rooms_elsewhere_too() -> None:
    places = (("north", "101", DOWN), ("north", "102", DOWN), *(("south", str(301 + one), {}) for one in range(10)))
    arrivals = [
        arrival(service(seq, **values), site=site, room=room, started_at=NOW - timedelta(seconds=seq))
        for seq, (site, room, values) in enumerate((*places, ("south", "399", DOWN)), start=1)
    ]
    schools = (a_site(a_room("101")), a_site(a_room("301", site="south"), site="south", name="South School"))
    (line,) = board(a_district(*schools, services=services_now((LMS,), arrivals, NOW))).all("p", class_="is-incident")

    assert "fails in 3 of 13 rooms that asked lately, 2 of them at North School: no answer" in line.text


def test_where_all_services_fail_the_reader_is_sent_to_the_way_out() -> None:
    meet_too = [
        (room, DOWN | {"target": target}) for target in ("service:lms", "service:meet") for room in ("101", "102")
    ]
    lines = [one.text for one in board(seen(*meet_too, services=(LMS, MEET))).all("p", class_="is-incident")]

    assert len(lines) == 3
    assert lines[2].startswith("All listed services fail, so look at the way out of the district")


def test_every_failure_phase_and_kind_has_words() -> None:
    assert FAILURES.keys() == set(get_args(ServiceFailure))
    assert PHASES.keys() == set(get_args(ServicePhase))
    assert KIND_WORDS.keys() == set(get_args(ServiceKind))


def test_a_result_names_phase_and_status_where_there_are_any() -> None:
    refused = service(failure="proxy_refused", failed_in="proxy", status=407, via_proxy=True, first_byte_us=None)
    broken = service(failure="probe_broke", failed_in=None, first_byte_us=None, status=None)

    assert result_words(refused) == "the proxy or filter refuses it (HTTP 407)"
    assert result_words(broken) == "the probe broke"
    assert result_words(service(failure="refused", failed_in="tls", first_byte_us=None, status=None)) == (
        "the connection was refused or cut, setting up encryption"
    )


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (30, "expires in 30 days"),
        (1, "expires in 1 day"),
        (0, "expires today"),
        (-1, "expired 1 day ago"),
        (-40, "expired 40 days ago"),
    ],
)
def test_certificates_are_told_in_days(days: int, words: str) -> None:
    assert certificate_words(days) == words
