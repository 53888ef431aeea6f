"""How many bytes throughput tests may cost, and what of that is left: each agent, each site and the district, by the
local day and month."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from collector.refusal import Refusal
from collector.registry.byte_ledger import Account, Balance, ByteLedger, Scope

DAY_SETTINGS: Mapping[Scope, str] = {
    "agent": "throughput_bytes_a_day",
    "site": "site_throughput_bytes_a_day",
    "district": "district_throughput_bytes_a_day",
}
MONTH_SETTINGS: Mapping[Scope, str] = {
    "agent": "throughput_bytes_a_month",
    "site": "site_throughput_bytes_a_month",
    "district": "district_throughput_bytes_a_month",
}
DEAD_MS = 600_000
"""No lease is that old: its collector died, or its agent never gave it back."""

_WHOSE: Mapping[Scope, str] = {"agent": "this agent", "site": "this site", "district": "the district"}


class Budgets:
    """The limits, by the names of their settings, over a ledger. Its waits are short: one commit of the registry."""

    def __init__(
        self,
        ledger: ByteLedger,
        limits: Mapping[str, int],
        *,
        time_zone: ZoneInfo,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._limits = limits
        self._time_zone = time_zone
        self._clock = clock

    def limit(self, account: Account) -> int:
        """The most bytes that `account` may ever hold."""
        return self._limits[setting_of(account)]

    def today(self) -> str:
        """The local day, such as ``2026-11-25``."""
        return f"{self._clock().astimezone(self._time_zone):%Y-%m-%d}"

    async def reserve(self, lease: str, wanted: int, *, agent: str | None, site: str) -> None:
        """Set `wanted` bytes aside for `lease`. Raises `Refusal` ``budget_spent``, which names the budget."""
        spent = await asyncio.to_thread(partial(self._reserve, lease, wanted, agent=agent, site=site))
        if spent is not None:
            again = "tomorrow" if _is_day(spent) else "next month"
            raise Refusal(
                403,
                "budget_spent",
                f"{_WHOSE[spent.scope]} has too little left of its {setting_of(spent)} for this test; "
                f"ask again {again}",
            )

    async def settle(self, lease: str, used: int) -> None:
        """What `lease` really cost; the rest is free again."""
        await asyncio.to_thread(self._ledger.settle, lease, used)

    def balances(self) -> dict[Account, Balance]:
        """What today's and this month's accounts hold. Blocks."""
        today = self.today()
        return self._ledger.balances((today, today[:7]))

    def _reserve(self, lease: str, wanted: int, *, agent: str | None, site: str) -> Account | None:
        now_ms = int(self._clock().timestamp() * 1000)
        self._ledger.settle_dead(now_ms - DEAD_MS)
        return self._ledger.reserve(
            lease, wanted, agent=agent, site=site, day=self.today(), limit=self.limit, now_ms=now_ms
        )


def setting_of(account: Account) -> str:
    """The setting that limits `account`."""
    return (DAY_SETTINGS if _is_day(account) else MONTH_SETTINGS)[account.scope]


def _is_day(account: Account) -> bool:
    return len(account.period) == len("2026-11-25")
