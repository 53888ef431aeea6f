"""Who gets a lease, and what it costs, in virtual time."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.registry.registry import Registry
from collector.throughput.lease_desk import PAGE_APART_NS, WATCH_BYTES, LeaseDesk
from collector.throughput.leases import LEASE_NS
from collector.verdict.profiles import default_profiles
from tests.collector.builders import HERE
from tests.collector.live import MONDAY_10, a_district
from tests.virtual_time import VirtualLoop, run
from wire.lease import Lease

ONE = Agent(agent="a" * 16, stays=(HERE,), role="room", enrolled_ms=0, revoked_ms=None)
OTHER = replace(ONE, agent="b" * 16)
REQUEST, ANOTHER = "1" * 16, "2" * 16
RESERVED = 781_250 + 390_625 + WATCH_BYTES
DAY = f"{MONDAY_10:%Y-%m-%d}"


class Room:
    """A desk, and the ledger it keeps."""

    def __init__(self, loop: VirtualLoop, *, bytes_a_day: int = 10**9, every_s: int = 0, lessons: bool = True) -> None:
        self.registry = Registry.open_registry("sqlite://")
        timetable = a_district().timetable
        self.now = MONDAY_10
        self.desk = LeaseDesk(
            registry=self.registry,
            timetable=timetable if lessons else replace(timetable, lessons_by_weekday={}),
            profiles=default_profiles(),
            bytes_a_day=bytes_a_day,
            every_s=every_s,
            off=None,
            clock=self._clock,
            elapsed_ns=loop.ns,
            metrics=CollectorRegistry(),
        )

    def _clock(self) -> datetime:
        return self.now

    async def ask(self, agent: Agent, request: str) -> Lease | str:
        """The lease, or the word of the refusal."""
        try:
            return await self.desk.ask(agent, request)
        except Refusal as refusal:
            return refusal.word

    async def ask_for_page(self, room: str, request: str) -> Lease | str:
        """The same for the page of a room."""
        try:
            return await self.desk.ask_for_page("oak-hill", room, request)
        except Refusal as refusal:
            return refusal.word

    def cost(self, agent: Agent) -> int:
        return self.registry.test_bytes(DAY).get(agent.agent, 0)


def at_a_desk(work: Callable[[Room], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def open_and_work(loop: VirtualLoop) -> None:
        room = Room(loop, **options)
        await work(room)
        room.registry.close()

    run(open_and_work)


def test_the_same_request_gets_the_same_lease_and_costs_once() -> None:
    async def work(room: Room) -> None:
        leases = await asyncio.gather(*(room.ask(ONE, REQUEST) for _ in range(5)))
        leases.append(await room.ask(ONE, REQUEST))

        assert len({one.lease for one in leases if isinstance(one, Lease)}) == 1
        assert not any(isinstance(one, str) for one in leases)
        assert room.cost(ONE) == RESERVED

    at_a_desk(work)


def test_no_copy_of_a_request_gets_a_lease_that_the_first_did_not() -> None:
    async def work(room: Room) -> None:
        said = await asyncio.gather(*(room.ask(ONE, REQUEST) for _ in range(3)), room.ask(OTHER, ANOTHER))

        assert said[:3] == ["budget_spent", "lease_over", "lease_over"]
        assert said[3] == "budget_spent"
        assert (room.cost(ONE), room.cost(OTHER)) == (0, 0)

    at_a_desk(work, bytes_a_day=RESERVED - 1)


def test_while_one_holds_a_lease_nobody_else_gets_one_nor_the_same_agent_another() -> None:
    async def work(room: Room) -> None:
        assert isinstance(await room.ask(ONE, REQUEST), Lease)
        assert await room.ask(OTHER, REQUEST) == "lease_taken"
        assert await room.ask(ONE, ANOTHER) == "lease_taken"

        await asyncio.sleep(LEASE_NS / 1e9)
        assert isinstance(await room.ask(OTHER, REQUEST), Lease)

    at_a_desk(work)


def test_a_request_whose_lease_is_over_never_gets_a_second_one() -> None:
    async def work(room: Room) -> None:
        lease = await room.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)
        await room.desk.end(ONE, lease.lease, used_bytes=0)
        assert await room.ask(ONE, REQUEST) == "lease_over"

        assert isinstance(await room.ask(ONE, ANOTHER), Lease)
        await asyncio.sleep(LEASE_NS / 1e9)
        assert await room.ask(ONE, ANOTHER) == "lease_over"

    at_a_desk(work)


@pytest.mark.parametrize(
    ("agent_says", "we_sent", "costs"),
    [(600_000, 0, 600_000), (0, 500_000, 500_000), (10**12, 0, RESERVED), (700_000, 500_000, 700_000)],
)
def test_a_lease_costs_what_either_side_saw_and_no_more_than_was_set_aside(
    agent_says: int, we_sent: int, costs: int
) -> None:
    async def work(room: Room) -> None:
        lease = await room.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)
        room.desk.held(ONE, lease.lease).down_bytes = we_sent

        account = await room.desk.end(ONE, lease.lease, used_bytes=agent_says)

        assert account.down_bytes == we_sent
        assert room.cost(ONE) == costs

    at_a_desk(work)


def test_a_lease_that_runs_out_costs_all_it_might_have_cost() -> None:
    async def work(room: Room) -> None:
        lease = await room.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)
        await asyncio.sleep(LEASE_NS / 1e9)

        with pytest.raises(Refusal, match="over"):
            await room.desk.end(ONE, lease.lease, used_bytes=0)
        assert room.cost(ONE) == RESERVED

    at_a_desk(work)


def test_nobody_gives_back_anothers_lease() -> None:
    async def work(room: Room) -> None:
        lease = await room.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)

        with pytest.raises(Refusal, match="no such lease"):
            await room.desk.end(OTHER, lease.lease, used_bytes=0)
        assert room.desk.held(ONE, lease.lease).agent == ONE.agent

    at_a_desk(work)


def test_there_is_no_lease_outside_lessons_nor_while_tests_are_off() -> None:
    async def outside(room: Room) -> None:
        assert await room.ask(ONE, REQUEST) == "no_lesson"

    async def off(room: Room) -> None:
        room.desk.turn("throughput tests are off")
        assert await room.ask(ONE, REQUEST) == "throughput_off"
        room.desk.turn(None)
        assert isinstance(await room.ask(ONE, REQUEST), Lease)

    at_a_desk(outside, lessons=False)
    at_a_desk(off)


def test_an_agent_that_asks_again_and_again_does_not_keep_the_lease_from_others() -> None:
    async def work(room: Room) -> None:
        given = {ONE.agent: 0, OTHER.agent: 0}
        for _ in range(200):
            await asyncio.sleep(1.0)
            for agent in (ONE, OTHER):
                lease = await room.ask(agent, secrets.token_hex(8))
                if isinstance(lease, Lease):
                    given[agent.agent] += 1
                    await asyncio.sleep(19.0)  # as long as it may, without a stream
                    await room.desk.end(agent, lease.lease, used_bytes=0)
        assert given[ONE.agent] == given[OTHER.agent] > 0
        assert await room.ask(ONE, secrets.token_hex(8)) == "too_soon"

    at_a_desk(work, every_s=1800)


def test_a_room_s_page_gets_a_lease_out_of_lessons_too_and_the_same_one_for_the_same_request() -> None:
    async def work(room: Room) -> None:
        lease = await room.desk.ask_for_page("oak-hill", "204", REQUEST)
        again = await room.desk.ask_for_page("oak-hill", "204", REQUEST)

        assert lease == again
        assert await room.ask_for_page("205", ANOTHER) == "lease_taken"
        assert room.desk.held_by_token(lease.lease).down_bps == lease.down_bps
        with pytest.raises(Refusal, match="no such lease"):
            room.desk.held(ONE, lease.lease)

    at_a_desk(work, lessons=False)


def test_a_page_s_lease_is_found_by_its_secret_and_an_agent_s_is_not() -> None:
    async def work(room: Room) -> None:
        lease = await room.ask(ONE, REQUEST)
        assert isinstance(lease, Lease)

        for token in (lease.lease, "0" * 16, ""):
            with pytest.raises(Refusal, match="no such lease"):
                room.desk.held_by_token(token)

    at_a_desk(work)


def test_a_room_s_page_is_given_back_and_must_wait_before_it_asks_again_while_another_need_not() -> None:
    async def work(room: Room) -> None:
        lease = await room.desk.ask_for_page("oak-hill", "204", REQUEST)
        await room.desk.end_by_token(lease.lease, used_bytes=0)

        assert await room.ask_for_page("204", ANOTHER) == "too_soon"
        assert await room.ask_for_page("204", REQUEST) == "lease_over"
        other = await room.ask_for_page("205", ANOTHER)
        assert isinstance(other, Lease)
        await asyncio.sleep(PAGE_APART_NS / 1e9)
        assert isinstance(await room.ask_for_page("204", "3" * 16), Lease)

    at_a_desk(work)


def test_a_room_s_page_has_a_budget() -> None:
    async def work(room: Room) -> None:
        assert await room.ask_for_page("204", REQUEST) == "budget_spent"

    at_a_desk(work, bytes_a_day=RESERVED - 1)
