"""What throughput tests have cost today and this month, beside what they may: the budgets as readers see them."""

from collections.abc import Iterable
from dataclasses import dataclass

from collector.district.district import District
from collector.registry.agent import Agent
from collector.registry.byte_ledger import Account, Balance, Scope
from collector.throughput.budgets import Budgets

_NOTHING = Balance(used_bytes=0, reserved_bytes=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Bytes: used, set aside for tests under way, and the most that both together may come to."""

    used_bytes: int
    reserved_bytes: int
    limit_bytes: int

    @property
    def share(self) -> float:
        """How much of the limit is gone, 0 to 1 and, by a test's last packets, above."""
        return (self.used_bytes + self.reserved_bytes) / self.limit_bytes if self.limit_bytes else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """One budget: the district's, of a `site`, or of an `agent`, which stands in a `room` of its site."""

    scope: Scope
    site: str | None = None
    room: str | None = None
    agent: str | None = None
    day: Spent
    month: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictSpending:
    """All budgets of `day` (``2026-11-25``) and its month. Sites stand in the district's order, agents that have tested
    this month by what that cost, most first."""

    day: str
    district: Spending
    sites: tuple[Spending, ...]
    agents: tuple[Spending, ...]


def spending(district: District, agents: Iterable[Agent], budgets: Budgets) -> DistrictSpending:
    """What is so now. Blocks: it reads the ledger."""
    today, balances = budgets.today(), budgets.balances()

    def spent(scope: Scope, name: str, period: str) -> Spent:
        account = Account(scope=scope, name=name, period=period)
        balance = balances.get(account, _NOTHING)
        return Spent(
            used_bytes=balance.used_bytes,
            reserved_bytes=balance.reserved_bytes,
            limit_bytes=budgets.limit(account),
        )

    def both(scope: Scope, name: str = "") -> tuple[Spent, Spent]:
        return spent(scope, name, today), spent(scope, name, today[:7])

    tested = {account.name for account in balances if account.scope == "agent"}
    by_agent = []
    for one in agents:
        if one.agent in tested:
            day, month = both("agent", one.agent)
            by_agent.append(
                Spending(scope="agent", site=one.site, room=one.room, agent=one.agent, day=day, month=month)
            )
    by_site = []
    for site in district.sites:
        day, month = both("site", site.site)
        by_site.append(Spending(scope="site", site=site.site, day=day, month=month))
    day, month = both("district")
    return DistrictSpending(
        day=today,
        district=Spending(scope="district", day=day, month=month),
        sites=tuple(by_site),
        agents=tuple(sorted(by_agent, key=lambda one: -one.month.used_bytes)),
    )
