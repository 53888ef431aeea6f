"""Who gets a lease, and what it costs, in virtual time."""

import asyncio
import secrets

import pytest

from collector.refusal import Refusal
from collector.throughput.leases import LEASE_NS
from tests.collector.desks import ANOTHER, ONE, OTHER, REQUEST, RESERVED, Desk, at_a_desk
from wire.lease import Lease


def test_the_same_request_gets_the_same_lease_and_costs_once() -> None:
    async def work(desk: Desk) -> None:
        leases = await asyncio.gather(*(desk.ask(ONE, REQUEST) for _ in range(5)))
        leases.append(await desk.ask(ONE, REQUEST))

        assert len({one.lease for one in leases if isinstance(one, Lease)}) == 1
        assert not any(isinstance(one, str) for one in leases)
        assert desk.cost(ONE) == RESERVED

    at_a_desk(work)


def test_no_copy_of_a_request_gets_a_lease_that_the_first_did_not() -> None:
    async def work(desk: Desk) -> None:
        said = await asyncio.gather(*(desk.ask(ONE, REQUEST) for _ in range(3)), desk.ask(OTHER, ANOTHER))

        assert said[:3] == ["budget_spent", "lease_over", "lease_over"]
        assert said[3] == "budget_spent"
        assert (desk.cost(ONE), desk.cost(OTHER)) == (0, 0)

    at_a_desk(work, throughput_bytes_a_day=RESERVED - 1)


def test_while_one_holds_a_lease_nobody_else_gets_one_nor_the_same_agent_another() -> None:
    async def work(desk: Desk) -> None:
        assert isinstance(await desk.ask(ONE, REQUEST), Lease)
        assert await desk.ask(OTHER, REQUEST) == "lease_taken"
        assert await desk.ask(ONE, ANOTHER) == "lease_taken"

        await asyncio.sleep(LEASE_NS / 1e9)
        assert isinstance(await desk.ask(OTHER, REQUEST), Lease)

    at_a_desk(work)


def test_a_request_whose_lease_is_over_never_gets_a_second_one() -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)
        await desk.desk.end(ONE, lease.lease, used_bytes=0)
        assert await desk.ask(ONE, REQUEST) == "lease_over"

        assert isinstance(await desk.ask(ONE, ANOTHER), Lease)
        await asyncio.sleep(LEASE_NS / 1e9)
        assert await desk.ask(ONE, ANOTHER) == "lease_over"

    at_a_desk(work)


@pytest.mark.parametrize(
    ("agent_says", "we_sent", "costs"),
    [(600_000, 0, 600_000), (0, 500_000, 500_000), (10**12, 0, RESERVED), (700_000, 500_000, 700_000)],
)
def test_a_lease_costs_what_either_side_saw_and_no_more_than_was_set_aside(
    agent_says: int, we_sent: int, costs: int
) -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)
        desk.desk.held(ONE, lease.lease).down_bytes = we_sent

        account = await desk.desk.end(ONE, lease.lease, used_bytes=agent_says)

        assert account.down_bytes == we_sent
        assert desk.cost(ONE) == costs

    at_a_desk(work)


def test_a_lease_that_runs_out_costs_all_it_might_have_cost() -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)
        await asyncio.sleep(LEASE_NS / 1e9)

        with pytest.raises(Refusal, match="over"):
            await desk.desk.end(ONE, lease.lease, used_bytes=0)
        assert desk.cost(ONE) == RESERVED

    at_a_desk(work)


def test_nobody_gives_back_anothers_lease() -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)

        with pytest.raises(Refusal, match="no such lease"):
            await desk.desk.end(OTHER, lease.lease, used_bytes=0)
        assert desk.desk.held(ONE, lease.lease).wish.holder == ONE.agent

    at_a_desk(work)


def test_there_is_no_lease_outside_lessons_nor_while_tests_are_off() -> None:
    async def outside(desk: Desk) -> None:
        assert await desk.ask(ONE, REQUEST) == "no_lesson"

    async def off(desk: Desk) -> None:
        desk.desk.turn("throughput tests are off")
        assert await desk.ask(ONE, REQUEST) == "throughput_off"
        desk.desk.turn(None)
        assert isinstance(await desk.ask(ONE, REQUEST), Lease)

    at_a_desk(outside, lessons=False)
    at_a_desk(off)


def test_an_agent_that_asks_again_and_again_does_not_keep_the_lease_from_others() -> None:
    async def work(desk: Desk) -> None:
        given = {ONE.agent: 0, OTHER.agent: 0}
        for _ in range(200):
            await asyncio.sleep(1.0)
            for agent in (ONE, OTHER):
                lease = await desk.ask(agent, secrets.token_hex(8))
                if isinstance(lease, Lease):
                    given[agent.agent] += 1
                    await asyncio.sleep(19.0)  # as long as it may, without a stream
                    await desk.desk.end(agent, lease.lease, used_bytes=0)
        assert given[ONE.agent] == given[OTHER.agent] > 0
        assert await desk.ask(ONE, secrets.token_hex(8)) == "too_soon"

    at_a_desk(work, every_s=1800)
