"""Which tests may run beside which: by the access point, the uplink and the egress that they share."""

from dataclasses import replace
from typing import Any

import pytest

from collector.district.district import District, Site
from collector.district.rooms_csv import Room
from collector.throughput.bottlenecks import Bottlenecks
from collector.throughput.leases import Server
from collector.throughput.wishes import CapacityPlan
from tests.collector.desks import Desk, agent_in, at_a_desk
from tests.collector.live import a_district
from wire.lease import Lease

OFFERS_MBPS = 1.25
"""What a sufficiency test offers."""


def district(**capacities: Any) -> District:
    """Two schools, some of whose rooms say what they hang on."""
    uplink_mbps = capacities.pop("uplink_mbps", None)
    return replace(
        a_district(),
        sites=(
            Site(site="oak-hill", name="Oak Hill", uplink_mbps=uplink_mbps),
            Site(site="lakeside", name="Lakeside", uplink_mbps=uplink_mbps),
        ),
        rooms=(
            Room(site="oak-hill", room="204", ap="ap-1"),
            Room(site="oak-hill", room="205", ap="ap-1"),
            Room(site="oak-hill", room="206"),
            Room(site="lakeside", room="1", ap="ap-1", uplink="fibre"),
            Room(site="lakeside", room="2", ap="ap-2", uplink="radio"),
            Room(site="lakeside", room="3"),
        ),
        **capacities,
    )


def shared(site: str, room: str, **how: Any) -> list[str]:
    return [one.name for one in Bottlenecks(district()).of(site, room, **how)]


def test_a_room_shares_its_access_point_its_uplink_and_the_egress() -> None:
    assert shared("oak-hill", "204") == ["ap:oak-hill/ap-1", "site:oak-hill", "district"]
    assert shared("oak-hill", "205") == shared("oak-hill", "204")
    assert shared("oak-hill", "206") == ["room:oak-hill/206", "site:oak-hill", "district"]
    assert shared("lakeside", "1") == ["ap:lakeside/ap-1", "uplink:lakeside/fibre", "district"]


def test_a_room_that_names_none_of_several_uplinks_may_be_on_any() -> None:
    assert shared("lakeside", "3")[1:] == ["uplink:lakeside/fibre", "uplink:lakeside/radio", "district"]


def test_a_room_that_the_district_does_not_know_is_at_its_site_all_the_same() -> None:
    assert shared("oak-hill", "999") == ["room:oak-hill/999", "site:oak-hill", "district"]


def test_who_is_wired_shares_no_access_point_and_a_test_inside_the_site_nothing_outside() -> None:
    assert shared("oak-hill", "204", role="edge") == ["site:oak-hill", "district"]
    assert shared("oak-hill", "204", role="reference") == ["reference:oak-hill", "site:oak-hill", "district"]
    assert shared("oak-hill", "204", inside=True) == ["ap:oak-hill/ap-1", "reference:oak-hill"]


def beside(rooms: tuple[tuple[str, str], tuple[str, str]], capacities: dict[str, Any]) -> bool:
    """Whether sufficiency tests of two rooms may run at once."""
    found: list[bool] = []

    async def work(desk: Desk) -> None:
        first, second = (agent_in(site, room) for site, room in rooms)
        assert isinstance(await desk.ask(first), Lease)
        found.append(isinstance(await desk.ask(second), Lease))

    at_a_desk(work, district=district(**capacities))
    return found[0]


SAME_AP = (("oak-hill", "204"), ("oak-hill", "205"))
SAME_SITE = (("oak-hill", "204"), ("oak-hill", "206"))
OTHER_UPLINK = (("lakeside", "1"), ("lakeside", "2"))
OTHER_SITE = (("oak-hill", "204"), ("lakeside", "1"))
ALL = {"ap_mbps": 1000, "uplink_mbps": 1000, "egress_mbps": 1000}


@pytest.mark.parametrize("rooms", [SAME_AP, SAME_SITE, OTHER_SITE, OTHER_UPLINK])
def test_they_share_what_is_known_to_carry_fifty_times_what_they_offer(rooms: Any) -> None:
    assert beside(rooms, ALL)


@pytest.mark.parametrize(
    ("rooms", "unknown"),
    [
        (SAME_AP, "ap_mbps"),
        (SAME_AP, "uplink_mbps"),
        (SAME_AP, "egress_mbps"),
        (SAME_SITE, "uplink_mbps"),
        (OTHER_SITE, "egress_mbps"),
    ],
)
def test_one_at_a_time_where_it_is_not_known_what_a_bottleneck_carries(rooms: Any, unknown: str) -> None:
    assert not beside(rooms, ALL | {unknown: None})


def test_two_references_of_a_site_test_at_once_where_its_uplink_bears_it() -> None:
    async def work(desk: Desk) -> None:
        for _ in range(2):
            assert isinstance(await desk.ask(agent_in("oak-hill", "204", role="reference")), Lease)

    at_a_desk(work, district=district(**ALL))


@pytest.mark.parametrize(("rooms", "unknown"), [(SAME_SITE, "ap_mbps"), (OTHER_SITE, "uplink_mbps")])
def test_what_only_one_of_them_goes_through_is_in_nobodys_way(rooms: Any, unknown: str) -> None:
    assert beside(rooms, ALL | {unknown: None})


@pytest.mark.parametrize(("mbps", "together"), [(125, True), (124, False)])
def test_the_edge_is_two_per_cent_of_what_a_bottleneck_carries(mbps: int, together: bool) -> None:
    assert 2 * OFFERS_MBPS == 0.02 * 125
    for capacity in ALL:
        assert beside(SAME_AP, ALL | {capacity: mbps}) is together


def test_as_many_share_as_two_per_cent_allow_and_one_more_when_one_is_over() -> None:
    async def work(desk: Desk) -> None:
        agents = [agent_in("oak-hill", "206") for _ in range(12)]
        given = [await desk.ask(agent) for agent in agents]
        leases = [one for one in given if isinstance(one, Lease)]
        assert len(leases) == 8, "1.25 Mbit/s each, of 500"
        assert given[8:] == ["lease_taken"] * 4

        await desk.desk.end(agents[3], leases[3].lease, used_bytes=0)
        assert isinstance(await desk.ask(agents[10]), Lease)
        assert await desk.ask(agents[11]) == "lease_taken"

    at_a_desk(work, district=district(**ALL | {"uplink_mbps": 500}))


def test_a_line_too_slow_to_share_is_tested_by_one_at_a_time() -> None:
    async def work(desk: Desk) -> None:
        assert isinstance(await desk.ask(agent_in("oak-hill", "204")), Lease)
        assert await desk.ask(agent_in("oak-hill", "206")) == "lease_taken"

    at_a_desk(work, district=district(uplink_mbps=2))


def test_a_capacity_test_has_its_bottlenecks_for_itself_whatever_they_carry() -> None:
    async def capacity_first(desk: Desk) -> None:
        reference = agent_in("oak-hill", "204", role="reference")
        desk.desk.turns.want(reference.agent)
        lease = await desk.ask(reference, kind="capacity")
        assert isinstance(lease, Lease)
        assert lease.bottlenecks == ("site", "district")
        assert await desk.ask(agent_in("lakeside", "1")) == "lease_taken"
        other = agent_in("lakeside", "2", role="reference")
        desk.desk.turns.want(other.agent)
        assert await desk.ask(other, kind="capacity") == "lease_taken"
        await desk.desk.end(reference, lease.lease, used_bytes=0)
        assert isinstance(await desk.ask(other, kind="capacity"), Lease)

    async def sufficiency_first(desk: Desk) -> None:
        assert isinstance(await desk.ask(agent_in("lakeside", "1")), Lease)
        reference = agent_in("oak-hill", "204", role="reference")
        desk.desk.turns.want(reference.agent)
        assert await desk.ask(reference, kind="capacity") == "lease_taken"

    for work in (capacity_first, sufficiency_first):
        at_a_desk(
            work, district=district(**ALL), capacity=CapacityPlan(server=Server(host=None, port=8630), most_bytes=10**8)
        )
