"""A lease desk in virtual time, with the ledger it keeps."""

import secrets
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry

from collector.district.district import District
from collector.refusal import Refusal
from collector.registry.agent import Agent, Stay
from collector.registry.byte_ledger import Account
from collector.registry.registry import Registry
from collector.settings import Settings
from collector.throughput.budgets import Budgets
from collector.throughput.lease_desk import LeaseDesk
from collector.throughput.leases import WATCH_BYTES
from collector.throughput.wishes import CapacityPlan
from collector.verdict.profiles import default_profiles
from tests.collector.builders import HERE
from tests.collector.live import MONDAY_10, a_district
from tests.virtual_time import VirtualLoop, run
from wire.enrolment import Role
from wire.lease import Lease, LeaseKind, LeaseRequest
from wire.version import WIRE_VERSION

ONE = Agent(agent="a" * 16, stays=(HERE,), role="room", enrolled_ms=0, revoked_ms=None)
OTHER = replace(ONE, agent="b" * 16)
REQUEST, ANOTHER = "1" * 16, "2" * 16
RESERVED = 781_250 + 390_625 + WATCH_BYTES
DAY = f"{MONDAY_10:%Y-%m-%d}"


def budgets(**limits: int) -> dict[str, int]:
    """Every budget, without an end where `limits` name none."""
    return {name: limits.get(name, 10**12) for name in Settings().budgets}


class Desk:
    """A desk, and the ledger it keeps."""

    def __init__(
        self,
        loop: VirtualLoop,
        *,
        district: District | None = None,
        every_s: int = 0,
        lessons: bool = True,
        capacity: CapacityPlan | None = None,
        **limits: int,
    ) -> None:
        self.registry = Registry.open_registry("sqlite://")
        self.now = MONDAY_10
        district = district or a_district()
        if not lessons:
            district = replace(district, calendar=replace(district.calendar, lessons_by_weekday={}))
        self.desk = LeaseDesk(
            district=district,
            profiles=default_profiles(),
            budgets=Budgets(
                self.registry.byte_ledger,
                budgets(**limits),
                time_zone=district.time_zone,
                clock=self._clock,
            ),
            every_s=every_s,
            capacity=capacity,
            off=None,
            clock=self._clock,
            elapsed_ns=loop.ns,
            metrics=CollectorRegistry(),
        )

    def _clock(self) -> datetime:
        return self.now

    async def ask(
        self,
        agent: Agent,
        request: str | None = None,
        *,
        kind: LeaseKind = "sufficiency",
        link_mbps: int | None = None,
    ) -> Lease | str:
        """The lease, for a new request unless told which, or the word of the refusal."""
        asked = LeaseRequest(
            version=WIRE_VERSION, request=request or secrets.token_hex(8), kind=kind, link_mbps=link_mbps
        )
        try:
            return await self.desk.ask(agent, asked)
        except Refusal as refusal:
            return refusal.word

    async def ask_for_page(self, site: str, room: str, request: str | None = None) -> Lease | str:
        """The same for the page of a room."""
        try:
            return await self.desk.ask_for_page(site, room, request or secrets.token_hex(8))
        except Refusal as refusal:
            return refusal.word

    def cost(self, agent: Agent) -> int:
        """What the agent's tests of the day have cost or may still cost."""
        return self.spent(Account(scope="agent", name=agent.agent, period=DAY))

    def spent(self, account: Account) -> int:
        balance = self.registry.byte_ledger.balances([account.period]).get(account)
        return balance.used_bytes + balance.reserved_bytes if balance else 0


def agent_in(site: str, room: str, *, role: Role = "room") -> Agent:
    """An agent that stands there."""
    name = secrets.token_hex(8)
    return Agent(agent=name, stays=(Stay(from_ms=0, site=site, room=room),), role=role, enrolled_ms=0, revoked_ms=None)


def at_a_desk(work: Callable[[Desk], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def open_and_work(loop: VirtualLoop) -> None:
        desk = Desk(loop, **options)
        await work(desk)
        desk.registry.close()

    run(open_and_work)
