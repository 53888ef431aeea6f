"""Whose turn it is to measure capacity: once on each school day by schedule, and when an admin asks."""

import secrets
from collections.abc import Callable

from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.throughput.wishes import CapacityPlan
from wire.report_words import AskedBy

WANTED_NS = 1_800_000_000_000
"""How long an admin's wish stands: the machine may be asleep."""


class CapacityTurns:
    """In memory: a collector that starts again may let a reference measure twice on that day, within its budgets."""

    def __init__(self, plan: CapacityPlan | None, elapsed_ns: Callable[[], int]) -> None:
        self._plan = plan
        self._elapsed_ns = elapsed_ns
        self._wanted: dict[str, tuple[str, int]] = {}
        self._last_days: dict[str, str] = {}

    def want(self, agent: str) -> None:
        """An admin wants `agent` to test. Raises `Refusal` ``capacity_off`` where nobody ever does."""
        if self._plan is None:
            raise _off()
        self._wanted[agent] = (secrets.token_hex(8), self._elapsed_ns() + WANTED_NS)

    def wanted(self, agent: str) -> str | None:
        """The name of an admin's wish, while it stands."""
        name, until_ns = self._wanted.get(agent, (None, 0))
        return name if until_ns > self._elapsed_ns() else None

    def by_schedule(self, agent: Agent) -> bool:
        """Whether `agent` is one that tests every school day."""
        return self._plan is not None and agent.role in self._plan.by_schedule

    def turn_of(self, agent: Agent, today: str) -> tuple[CapacityPlan, AskedBy]:
        """How, and on whose behalf `agent` may test. Raises `Refusal`: ``capacity_off``, ``too_soon``."""
        if self._plan is None:
            raise _off()
        if self.wanted(agent.agent) is not None:
            return self._plan, "admin"
        if not self.by_schedule(agent):
            raise Refusal(403, "capacity_off", "this agent tests capacity only when an admin asks for it")
        if self._last_days.get(agent.agent) == today:
            raise Refusal(403, "too_soon", "this agent has tested capacity today")
        return self._plan, "schedule"

    def taken(self, agent: str, asked_by: AskedBy, today: str) -> None:
        """`agent` has a lease for it."""
        if asked_by == "admin":
            self._wanted.pop(agent, None)
        else:
            self._last_days[agent] = today


def _off() -> Refusal:
    return Refusal(
        403, "capacity_off", 'capacity is not tested here: capacity = "off" or ndt7_port = 0 in the settings'
    )
