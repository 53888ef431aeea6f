"""Where a site has a reflector, its rooms measure to it and are away where it does not answer."""

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collector.district.district import REFLECTOR_PORT, Site
from collector.district.district_file import load_district
from collector.registry.registry import Registry
from tests.collector.live import Live, a_district, live_collector
from tests.collector.test_anchors import join
from tests.collector.test_files import GOOD_DISTRICT, write
from wire.codec import decode, encode
from wire.enrolment import AgentConfig, EnrolmentRequest, ReflectorPlan, Role
from wire.version import WIRE_VERSION

HOST = "10.20.0.9"
SITES = (
    Site(site="oak-hill", name="Oak Hill", reflector=HOST, reflector_port=9001),
    Site(site="lakeside", name="Lakeside", reflector="ref.lakeside.example"),
    Site(site="bare", name="Without"),
)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path, district=replace(a_district(), sites=SITES)) as running:
        yield running


def join_at(live: Live, site: str, role: Role) -> str:
    """The token of a new agent there."""
    registry, now_ms = live.services.registry, int(live.clock().timestamp() * 1000)
    token = f"{role} at {site}"
    code = registry.make_code(site=site, room="204", role=role, uses=1, expires_ms=now_ms + 1000)
    digest = hashlib.sha256(token.encode()).hexdigest()
    registry.enrol(EnrolmentRequest(version=3, code=code, token_sha256=digest), now_ms=now_ms)
    return token


def answered(live: Live, token: str, version: int = WIRE_VERSION) -> Any:
    said = live.ask("GET", f"/v1/agent/config?version={version}", headers={"Authorization": f"Bearer {token}"})
    assert said.status == 200
    return said.body


def config(live: Live, site: str, role: Role, version: int = WIRE_VERSION) -> AgentConfig:
    """What an agent there is told."""
    import json

    return decode(AgentConfig, json.dumps(answered(live, join_at(live, site, role), version)))


def test_a_room_measures_to_its_sites_reflector_and_proves_its_presence_there(live: Live) -> None:
    told = config(live, "oak-hill", "room")

    (site,) = (one for one in told.targets if one.alias == "site")
    assert (site.method, site.host, site.port, site.tcp_port) == ("stamp", HOST, 9001, None)
    assert told.presence is not None
    assert (told.presence.host, told.presence.port, told.presence.key) == (HOST, 9001, site.key)
    assert site.key is not None
    assert re.fullmatch("[0-9a-f]{64}", site.key)
    assert told.reflector is None


def test_the_reference_of_the_site_reflects_with_the_key_of_its_rooms(live: Live) -> None:
    room, reference = config(live, "oak-hill", "room"), config(live, "oak-hill", "reference")

    assert room.presence is not None
    assert reference.reflector == ReflectorPlan(port=9001, key=room.presence.key)
    assert reference.presence is None
    assert "site" not in {one.alias for one in reference.targets}


def test_each_site_has_a_key_of_its_own_and_the_port_is_the_usual_one_where_none_is_named(live: Live) -> None:
    here, there = config(live, "oak-hill", "room"), config(live, "lakeside", "room")

    assert here.presence is not None
    assert there.presence is not None
    assert here.presence.key != there.presence.key
    assert (there.presence.host, there.presence.port) == ("ref.lakeside.example", REFLECTOR_PORT)


@pytest.mark.parametrize("role", ["room", "reference", "edge"])
def test_a_site_without_a_reflector_is_as_it_was(live: Live, role: Role) -> None:
    told = config(live, "bare", role)

    assert (told.presence, told.reflector) == (None, None)
    assert "site" not in {one.alias for one in told.targets}


@pytest.mark.parametrize("role", ["room", "reference"])
def test_an_agent_that_does_not_say_that_it_knows_the_words_is_told_nothing_of_it(live: Live, role: Role) -> None:
    told = config(live, "oak-hill", role, version=2)

    assert (told.presence, told.reflector) == (None, None)
    assert all(one.key is None for one in told.targets)


def test_an_agent_that_was_moved_proves_itself_at_its_new_site(live: Live) -> None:
    join(live, "room", "moved")
    agent = live.services.registry.agent_of_token("moved").agent
    live.services.registry.move(agent, site="lakeside", room="204", now_ms=int(live.clock().timestamp() * 1000))

    assert answered(live, "moved")["presence"]["host"] == "ref.lakeside.example"


def test_whoever_is_not_enrolled_gets_no_key(live: Live) -> None:
    said = live.ask("GET", f"/v1/agent/config?version={WIRE_VERSION}", headers={"Authorization": "Bearer nobody"})

    assert said.status == 401
    key = live.services.site_keys["oak-hill"]
    for path in ("/v1/rooms", "/v1/sites", "/metrics", "/openapi.json", "/"):
        assert key not in str(live.ask("GET", path).body)


def test_a_key_stays_when_the_collector_starts_again(tmp_path: Path) -> None:
    district = replace(a_district(), sites=SITES)
    with live_collector(tmp_path, district=district) as first:
        before, clock = dict(first.services.site_keys), first.clock
    with live_collector(tmp_path, district=district, clock=clock) as again:
        assert dict(again.services.site_keys) == before
    assert set(before) == {"oak-hill", "lakeside"}


def test_collectors_that_share_a_registry_and_start_together_agree(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    Registry.open_registry(url).close()

    def keys(_: int) -> dict[str, str]:
        registry = Registry.open_registry(url)
        try:
            return registry.site_keys.of(["oak-hill", "lakeside"], now_ms=1)
        finally:
            registry.close()

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(keys, range(8))
    assert all(one == first for one in others)


def test_a_district_names_its_reflectors(tmp_path: Path) -> None:
    text = GOOD_DISTRICT.replace('id = "lakeside"', 'id = "lakeside"\nreflector = "2001:db8::9"\nreflector_port = 8622')

    sites = load_district(write(tmp_path, text)).sites

    assert [(one.reflector, one.reflector_port) for one in sites] == [(None, 8621), ("2001:db8::9", 8622)]


def test_the_config_travels_as_it_is(live: Live) -> None:
    told = config(live, "oak-hill", "room")

    assert decode(AgentConfig, encode(told)) == told
