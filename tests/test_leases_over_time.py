"""Two hundred agents ask for leases for hours, over a network that loses, delays and doubles messages."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from collector.district.district import District as CollectorsDistrict
from collector.district.district import Site
from collector.district.rooms_csv import Room
from collector.registry.agent import Stay
from tests.collector.builders import HERE
from tests.collector.live import a_district
from tests.leased_district import District, Network, Place, lives
from tests.virtual_time import VirtualLoop, run
from wire.enrolment import Role

AGENTS = 200


async def pass_hours(
    district: District,
    hours: float,
    *,
    restarts_at_h: tuple[float, ...] = (),
    places: Sequence[Place] = (Place(stay=HERE),) * AGENTS,
    wanted_every_s: float | None = None,
) -> None:
    """Let all agents live for so long, and an admin want capacity tests of any of them. What must never be ends it."""
    broken: list[BaseException] = []
    loop = district.loop
    loop.set_exception_handler(lambda _loop, context: broken.append(context.get("exception") or RuntimeError(context)))
    lives_of = [lives(district, number, place) for number, place in enumerate(places)]
    if wanted_every_s is not None:
        lives_of += [
            lives(district, number, place, kind="capacity", interval_ns=None) for number, place in enumerate(places)
        ]
        lives_of.append(an_admin(district, wanted_every_s))
    agents = [asyncio.create_task(one) for one in lives_of]
    for at_h in restarts_at_h:
        loop.call_at(at_h * 3_600, district.start)
    done, _ = await asyncio.wait(agents, timeout=hours * 3_600, return_when=asyncio.FIRST_EXCEPTION)
    for agent in done:
        agent.result()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    assert broken == []


async def an_admin(district: District, every_s: float) -> None:
    """Wants a capacity test of one agent after the other, in no order."""
    while True:
        await asyncio.sleep(district.dice.expovariate(1 / every_s))
        district.desk.turns.want(f"{district.dice.randrange(AGENTS):016x}")


def a_wired_district(*, egress_mbps: int | None) -> tuple[CollectorsDistrict, list[Place]]:
    """Four schools with an uplink each, fifty rooms at ten access points; and where each of two hundred agents stands.

    One school's uplink carries little, another's is not known."""
    uplinks_mbps = {"north": 1000, "south": 1000, "east": 100, "west": None}
    ap_mbps = 300
    rooms, places = [], []
    for number in range(AGENTS):
        site, ap = list(uplinks_mbps)[number % 4], f"ap-{number // 4 % 10}"
        room = f"{number}"
        rooms.append(Room(site=site, room=room, ap=ap))
        role: Role = "reference" if number % 8 < 4 and number < 32 else "room"
        shares = {site: _bps(uplinks_mbps[site]), "egress": _bps(egress_mbps)}
        if role == "room":
            shares[f"{site} {ap}"] = _bps(ap_mbps)
        places.append(Place(stay=Stay(from_ms=0, site=site, room=room), role=role, shares=shares))
    made = replace(
        a_district(),
        sites=tuple(Site(site=site, name=site, uplink_mbps=mbps) for site, mbps in uplinks_mbps.items()),
        rooms=tuple(rooms),
        egress_mbps=egress_mbps,
        ap_mbps=ap_mbps,
    )
    return made, places


def _bps(mbps: int | None) -> int | None:
    return None if mbps is None else mbps * 1_000_000


def district_after(
    hours: float,
    *,
    seed: int,
    network: Network | None = None,
    bytes_a_day: int = 10**9,
    restarts_at_h: tuple[float, ...] = (),
) -> District:
    async def work(loop: VirtualLoop) -> District:
        random.seed(seed)  # the agents draw from it how long to wait
        district = District(loop, network or Network(), seed, bytes_a_day)
        await pass_hours(district, hours, restarts_at_h=restarts_at_h)
        return district

    return run(work)


@pytest.mark.parametrize(("seed", "hours"), [(1, 8), (2, 1)])
def test_never_two_agents_at_once_and_everybody_has_a_turn(seed: int, hours: float) -> None:
    district = district_after(hours, seed=seed)

    assert district.wrong == []
    assert len(district.turns) == AGENTS if hours > 1 else len(district.turns) > AGENTS / 2
    assert district.words["lease_taken"] > 500 * hours, "they are in each other's way"
    assert district.words["lease_over"] > 20 * hours, "late copies come"


def test_never_two_agents_at_once_where_most_messages_go_wrong() -> None:
    district = district_after(2, seed=3, network=Network(lost=0.4, late=0.4, doubled=0.5))

    assert district.wrong == []
    assert len(district.turns) > 20


def test_never_two_agents_at_once_while_budgets_run_out() -> None:
    """Each may test once a day; who is refused was, for a moment, the one who held the lease."""
    district = district_after(1.5, seed=4, network=Network(late=0, doubled=0.9), bytes_a_day=2_000_000)

    assert district.wrong == []
    assert district.words["budget_spent"] > 50


@pytest.mark.parametrize("seed", [5, 6])
def test_a_collector_that_starts_again_and_knows_no_leases_never_lets_two_streams_run(seed: int) -> None:
    restarts_at_h = tuple(0.1 + 0.013 * number for number in range(60))

    district = district_after(1, seed=seed, restarts_at_h=restarts_at_h)

    assert district.wrong == []
    assert district.cut_off >= 10, "streams that died with their collector"
    assert len(district.turns) > 50


def two_kinds_after(
    hours: float, *, seed: int, egress_mbps: int | None, network: Network | None = None, restarts: int = 0
) -> District:
    """Two hundred agents of a district that says what its lines carry, and an admin who wants one more test of capacity
    every twenty seconds, which is more than there can be."""

    async def work(loop: VirtualLoop) -> District:
        random.seed(seed)
        made, places = a_wired_district(egress_mbps=egress_mbps)
        district = District(loop, network or Network(), seed, made=made)
        restarts_at_h = tuple(hours * (number + 1) / (restarts + 1) for number in range(restarts))
        await pass_hours(district, hours, restarts_at_h=restarts_at_h, places=places, wanted_every_s=20)
        return district

    return run(work)


@pytest.mark.parametrize(("seed", "egress_mbps"), [(7, 1000), (8, 200), (9, None)])
def test_no_capacity_test_ever_overlaps_another_test_on_any_bottleneck(seed: int, egress_mbps: int | None) -> None:
    district = two_kinds_after(1, seed=seed, egress_mbps=egress_mbps)

    assert district.wrong == []
    assert district.tested["capacity"] > 20
    assert district.tested["sufficiency"] > 50
    assert district.most_at_once > 1 if egress_mbps else district.most_at_once == 1
    assert district.words["lease_taken"] > 250, "they are in each other's way"
    assert district.words["lease_over"] > 10, "late copies come"


def test_none_overlaps_where_most_messages_go_wrong_and_the_collector_starts_again_and_again() -> None:
    network = Network(lost=0.3, late=0.4, doubled=0.6)

    district = two_kinds_after(2, seed=10, egress_mbps=1000, network=network, restarts=40)

    assert district.wrong == []
    assert district.cut_off > 5
    assert district.tested["capacity"] > 10
