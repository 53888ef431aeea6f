"""A room's page tests as an agent does, whenever somebody there asks, and pays with its site and the district."""

import asyncio

import pytest

from collector.refusal import Refusal
from collector.registry.byte_ledger import Account
from tests.collector.desks import DAY, ONE, REQUEST, RESERVED, Desk, at_a_desk
from wire.lease import Lease

SITE = Account(scope="site", name="oak-hill", period=DAY)


def test_a_page_gets_a_lease_out_of_lessons_too_and_its_token_is_enough() -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask_for_page("oak-hill", "204", REQUEST)
        assert isinstance(lease, Lease)
        assert (lease.kind, lease.asked_by, lease.bottlenecks) == ("sufficiency", "user", ("room", "site", "district"))
        assert await desk.ask_for_page("oak-hill", "204", REQUEST) == lease
        assert desk.spent(SITE) == RESERVED
        with pytest.raises(Refusal, match="no such lease"):
            desk.desk.held(ONE, lease.lease)

        desk.desk.held_by_token(lease.lease).down_bytes = 300_000
        account = await desk.desk.end_by_token(lease.lease, used_bytes=500_000)

        assert account.down_bytes == 300_000
        assert desk.spent(SITE) == 500_000
        assert {one.scope for one in desk.registry.byte_ledger.balances([DAY])} == {"site", "district"}

    at_a_desk(work, lessons=False)


def test_a_page_and_an_agent_are_not_in_each_others_way() -> None:
    async def work(desk: Desk) -> None:
        assert isinstance(await desk.ask(ONE), Lease)
        assert await desk.ask_for_page("oak-hill", "205") == "lease_taken"

    at_a_desk(work)


def test_who_presses_again_and_again_gets_one_lease_in_half_a_minute() -> None:
    async def work(desk: Desk) -> None:
        lease = await desk.ask_for_page("oak-hill", "204", REQUEST)
        assert isinstance(lease, Lease)
        await desk.desk.end_by_token(lease.lease, used_bytes=0)
        assert await desk.ask_for_page("oak-hill", "204") == "too_soon"
        assert await desk.ask_for_page("oak-hill", "204", REQUEST) == "lease_over"
        other = await desk.ask_for_page("oak-hill", "205")
        assert isinstance(other, Lease), "another room"
        await desk.desk.end_by_token(other.lease, used_bytes=0)
        await asyncio.sleep(30)
        assert isinstance(await desk.ask_for_page("oak-hill", "204"), Lease)

    at_a_desk(work)


def test_pages_stop_where_their_site_has_nothing_left() -> None:
    async def work(desk: Desk) -> None:
        assert isinstance(await desk.ask_for_page("oak-hill", "204"), Lease)
        await asyncio.sleep(30)
        assert await desk.ask_for_page("oak-hill", "204") == "budget_spent"

    at_a_desk(work, site_throughput_bytes_a_day=2 * RESERVED - 1)
