from ipaddress import ip_address, ip_network

import pytest

from agent.hop_role import HopRoles
from wire.path_report import HopRole

SITE = [ip_network("10.12.0.0/16"), ip_network("2001:db8:12::/48")]
DISTRICT = [ip_network("10.0.0.0/8"), ip_network("203.0.113.0/28")]


def roles(alias: str = "district", target: str = "198.51.100.9", **networks: object) -> HopRoles:
    return HopRoles(alias=alias, target=ip_address(target), **networks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alias", "role"),
    [
        ("gateway", "gateway"),
        ("site", "site"),
        ("district", "district"),
        ("service:lms", "service"),
        ("anchor:ix", "service"),
    ],
)
def test_the_target_itself_has_the_role_of_its_name_wherever_it_stands(alias: str, role: HopRole) -> None:
    for ttl in (1, 9):
        assert roles(alias, site=SITE, district=DISTRICT).of(ttl, "198.51.100.9") == role


@pytest.mark.parametrize("address", ["10.12.0.1", "8.8.8.8", "fe80::1%eth0", "100.64.0.1"])
def test_the_first_step_is_the_gateway_whatever_its_address(address: str) -> None:
    assert roles(site=SITE, district=DISTRICT).of(1, address) == "gateway"


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("10.12.3.4", "site"),
        ("2001:db8:12::1", "site"),
        ("10.99.0.1", "district"),
        ("203.0.113.3", "district"),
        ("8.8.8.8", "provider"),
        ("2620:fe::9", "provider"),
        ("100.64.7.1", "provider"),
    ],
)
def test_named_ranges_are_asked_the_site_first(address: str, role: HopRole) -> None:
    assert roles(site=SITE, district=DISTRICT).of(2, address) == role


def test_a_private_step_outside_the_named_site_is_the_district_s() -> None:
    assert roles(site=SITE).of(3, "192.168.7.1") == "district"


@pytest.mark.parametrize("address", ["10.12.0.1", "192.168.7.1", "172.16.0.1", "fd00::1"])
def test_without_named_ranges_a_private_step_is_not_guessed(address: str) -> None:
    assert roles().of(2, address) is None


def test_a_link_local_step_says_nothing_of_where_it_is() -> None:
    assert roles(site=SITE, district=DISTRICT).of(2, "fe80::1%eth0") is None
    assert roles(site=SITE, district=DISTRICT).of(2, "169.254.1.1") is None
