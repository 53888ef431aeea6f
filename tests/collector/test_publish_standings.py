"""Grafana is told once a day how capacity stands against guidance, of what is known of it."""

from dataclasses import replace
from datetime import date

from collector.district.district import District, Site
from collector.publish_standings import standing_lines
from tests.collector.live import a_district

MONDAY = date(2026, 11, 16)


def places(district: District) -> list[str]:
    return [line.partition(" ")[0] for line in standing_lines(district, MONDAY)]


def test_each_site_and_the_district_are_held_against_each_guidance() -> None:
    district = replace(
        a_district(),
        sites=(
            Site(site="a", name="Same", uplink_mbps=500, users=300),
            Site(site="b", name="Same", uplink_mbps=500, users=300),
            Site(site="c", name="C"),
        ),
        egress_mbps=1000,
        users=600,
    )

    assert sorted(places(district)) == [
        f"capacity_standing,guidance={guidance},uplink={uplink}"
        for guidance in ("fcc", "setda")
        for uplink in ("district", "site:a", "site:b")
    ]


def test_without_users_nothing_is_held_against_anything() -> None:
    assert places(replace(a_district(), egress_mbps=1000)) == []


def test_the_numbers_are_the_districts() -> None:
    site = Site(site="a", name='A, "the first"', uplink_mbps=500, users=640)

    fcc, setda = standing_lines(replace(a_district(), sites=(site,)), MONDAY)

    assert 'name="A, \\"the first\\"",users=640i,capacity_bps=500000000i,mbps_per_user=0.78125' in fcc
    assert "target_mbps_per_user=1.0,target_bps=640000000i,meets=false" in fcc
    assert "target_mbps_per_user=2.8,target_bps=1792000000i,meets=false" in setda
    assert fcc.endswith(" 1794787200000000000")
