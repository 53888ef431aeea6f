"""Capacity held against published planning guidance (science.md 2.1): never a verdict.

SETDA's *Broadband Imperative III* (2019, for 2023-24) goes by the size of the district, in users: students and staff.
The FCC's long-term goal (14-99) is 1 Gbit/s for 1,000 of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from collector.brief.brief import Standing
from collector.district.district import District

SMALL_USERS = 1_000
MEDIUM_USERS = 10_000
"""SETDA gives figures for districts of fewer than 1,000, of about 3,000 and of more than 10,000: between lie ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guidance:
    source: str
    mbps_per_user: float
    least_mbps: int = 0


_FCC = _Guidance(source="FCC 14-99, long-term goal", mbps_per_user=1.0)


def standings(district: District, *, site: str | None = None) -> tuple[Standing, ...]:
    """What the district and its sites, or one `site` alone, have for each user, as far as both numbers are known."""
    known = [one.users for one in district.sites if one.users is not None]
    users = district.users or (sum(known) if len(known) == len(district.sites) else None)
    found: list[Standing] = []
    if site is None and users and district.egress_mbps:
        found += _held(district.name, users, district.egress_mbps, of_district=users)
    for one in district.sites:
        if site in {None, one.site} and one.users and one.uplink_mbps:
            found += _held(one.name, one.users, one.uplink_mbps, of_district=users or one.users)
    return tuple(found)


def _held(name: str, users: int, capacity_mbps: int, *, of_district: int) -> Iterator[Standing]:
    for one in (_FCC, _setda(of_district)):
        yield Standing(
            name=name,
            users=users,
            capacity_mbps=capacity_mbps,
            mbps_per_user=capacity_mbps / users,
            target_mbps_per_user=one.mbps_per_user,
            source=one.source,
            meets=capacity_mbps >= max(one.least_mbps, users * one.mbps_per_user),
            least_mbps=one.least_mbps,
        )


def _setda(users: int) -> _Guidance:
    name = "SETDA Broadband Imperative III"
    if users < SMALL_USERS:
        return _Guidance(source=f"{name}, small district", mbps_per_user=2.8, least_mbps=300)
    if users <= MEDIUM_USERS:
        return _Guidance(source=f"{name}, medium district", mbps_per_user=2.0)
    return _Guidance(source=f"{name}, large district", mbps_per_user=1.4)
