from pathlib import Path

import pytest

from collector.district.district import District
from collector.district.district_file import load_district
from collector.names import name_to_ask, resolvers_for, services_for
from collector.settings import Settings
from tests.collector.test_files import GOOD_DISTRICT, write
from wire.enrolment import Role

SERVICES = """
[[services]]
id = "lms"
name = "Canvas"
host = "LMS.example.org"
path = "/login"
kind = "lms"
every_seconds = 120

[[services]]
id = "meet"
host = "meet.example.org"
port = 8443
every_seconds = 3600
"""


def district(tmp_path: Path, services: str = SERVICES) -> District:
    return load_district(write(tmp_path, GOOD_DISTRICT + services))


def test_services_are_read_and_need_no_more_than_a_host(tmp_path: Path) -> None:
    lms, meet = district(tmp_path).services

    assert (lms.target, lms.name, lms.host, lms.port, lms.path, lms.kind) == (
        ("service:lms", "Canvas", "lms.example.org", 443, "/login", "lms")
    )
    assert (meet.target, meet.name, meet.port, meet.path, meet.kind) == ("service:meet", "meet", 8443, "/", "other")
    assert district(tmp_path, "").services == ()


@pytest.mark.parametrize(
    ("role", "intervals_ms"), [("reference", [120_000, 3_600_000]), ("edge", [120_000, 3_600_000])]
)
def test_references_and_edges_ask_as_often_as_the_district_says(
    role: Role, intervals_ms: list[int], tmp_path: Path
) -> None:
    assert [one.interval_ms for one in services_for(role, district(tmp_path))] == intervals_ms


def test_rooms_ask_three_times_as_sparsely_and_at_least_once_an_hour(tmp_path: Path) -> None:
    assert [one.interval_ms for one in services_for("room", district(tmp_path))] == [360_000, 3_600_000]


def test_resolvers_are_asked_for_the_first_service(tmp_path: Path) -> None:
    of_a_room = resolvers_for("room", district(tmp_path), Settings())
    of_a_reference = resolvers_for("reference", district(tmp_path), Settings())

    assert [(one.alias, one.method, one.host, one.port) for one in of_a_room] == [
        ("resolver:1", "dns", "lms.example.org", 53),
        ("resolver:2", "dns", "lms.example.org", 53),
    ]
    assert [one.interval_ms for one in of_a_room] == [60_000] * 2
    assert [one.interval_ms for one in of_a_reference] == [10_000] * 2


@pytest.mark.parametrize(
    ("services", "settings", "name"),
    [
        (SERVICES, Settings(public_host="bandroom.example.org"), "lms.example.org"),
        ("", Settings(public_host="bandroom.example.org"), "bandroom.example.org"),
        ("", Settings(public_url="https://rooms.example.org:8443/base"), "rooms.example.org"),
        ("", Settings(public_host="192.0.2.7", public_url="https://rooms.example.org"), "rooms.example.org"),
        ('[[services]]\nid = "lms"\nhost = "192.0.2.9"\n', Settings(public_host="2001:db8::7"), None),
        ("", Settings(public_host="localhost"), None),
        ("", Settings(), None),
    ],
    ids=range(7),
)
def test_a_name_of_the_districts_own_is_asked_for_or_none(
    services: str, settings: Settings, name: str | None, tmp_path: Path
) -> None:
    assert name_to_ask(district(tmp_path, services), settings) == name
    assert bool(resolvers_for("room", district(tmp_path, services), settings)) == (name is not None)


@pytest.mark.parametrize("host", ["lms.example.org", "192.0.2.7", "2001:db8::7", "a", "x-1.example", "_"])
def test_a_host_is_a_name_or_an_address(host: str, tmp_path: Path) -> None:
    text = f'[[services]]\nid = "lms"\nhost = "{host}"\n'
    if host == "_":
        with pytest.raises(Exception, match="is not a host"):
            district(tmp_path, text)
    else:
        assert district(tmp_path, text).services[0].host == host


def test_more_services_than_every_agent_can_ask_are_too_many(tmp_path: Path) -> None:
    many = "".join(f'[[services]]\nid = "s{number}"\nhost = "s{number}.example"\n' for number in range(21))

    with pytest.raises(Exception, match="are 21; every agent asks each of them, so at most 20"):
        district(tmp_path, many)
