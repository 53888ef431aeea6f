"""What throughput tests cost, as JSON."""

from fastapi import APIRouter, Request, Response

from collector.api.access import Reader
from collector.api.answers import Answer
from collector.api.services import TheServices
from collector.api.transfer import transferred
from collector.registry.byte_ledger import Scope
from collector.throughput.spending import Spending, Spent, spending
from wire.answers import Problem

router = APIRouter(dependencies=[Reader])


class SpentAnswer(Answer):
    """Bytes in both directions together: used, set aside for tests under way, and the most that both may come to."""

    used_bytes: int
    reserved_bytes: int
    limit_bytes: int


class BudgetAnswer(Answer):
    """One budget, of the local day and month of the answer. `site` is there for a site and an agent, `room` and `agent`
    for an agent: where it stands now."""

    scope: Scope
    site: str | None
    room: str | None
    agent: str | None
    day: SpentAnswer
    month: SpentAnswer


class BudgetsAnswer(Answer):
    """The district's budget, each site's, and those of agents that have tested this month, most spent first. `day` is
    the district's local day, such as ``2026-11-25``."""

    day: str
    time_zone: str
    district: BudgetAnswer
    sites: list[BudgetAnswer]
    agents: list[BudgetAnswer]


@router.get("/v1/budgets", response_model=BudgetsAnswer, responses={401: {"model": Problem}})
def budgets(request: Request, services: TheServices) -> Response:
    """What throughput tests have cost today and this month, and what they may."""
    found = spending(services.district, services.registry.agents(), services.leases.budgets)
    answer = BudgetsAnswer(
        day=found.day,
        time_zone=services.district.time_zone.key,
        district=_budget(found.district),
        sites=[_budget(one) for one in found.sites],
        agents=[_budget(one) for one in found.agents],
    )
    return transferred(request, answer.model_dump_json(), media_type="application/json")


def _budget(one: Spending) -> BudgetAnswer:
    return BudgetAnswer(
        scope=one.scope,
        site=one.site,
        room=one.room,
        agent=one.agent,
        day=_spent(one.day),
        month=_spent(one.month),
    )


def _spent(one: Spent) -> SpentAnswer:
    return SpentAnswer(used_bytes=one.used_bytes, reserved_bytes=one.reserved_bytes, limit_bytes=one.limit_bytes)
