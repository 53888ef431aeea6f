"""What the settings say of each other."""

import pytest

from collector.settings import Settings

BEHIND = {"behind_proxy": True}


@pytest.mark.parametrize(
    ("settings", "port"),
    [
        ({}, None),
        (BEHIND, 443),
        (BEHIND | {"public_url": "https://b.example.org"}, 443),
        (BEHIND | {"public_url": "http://b.example.org/bandroom"}, 80),
        (BEHIND | {"public_url": "https://b.example.org:8443"}, 8443),
        (BEHIND | {"public_url": "https://[2001:db8::5]:8443"}, 8443),
        (BEHIND | {"public_url": "https://b.example.org:8443", "public_port": 9443}, 9443),
    ],
)
def test_agents_open_tcp_connections_to_the_port_that_they_join_at(
    settings: dict[str, object], port: int | None
) -> None:
    assert Settings.model_validate(settings).port_from_outside == port
