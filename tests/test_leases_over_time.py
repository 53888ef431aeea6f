"""Two hundred agents ask for leases for hours, over a network that loses, delays and doubles messages."""

import asyncio
import random

import pytest

from tests.leased_district import District, Network, lives
from tests.virtual_time import VirtualLoop, run

AGENTS = 200


async def pass_hours(district: District, hours: float, *, restarts_at_h: tuple[float, ...] = ()) -> None:
    """Let all agents live for so long. What must never be ends it."""
    broken: list[BaseException] = []
    loop = district.loop
    loop.set_exception_handler(lambda _loop, context: broken.append(context.get("exception") or RuntimeError(context)))
    agents = [asyncio.create_task(lives(district, number)) for number in range(AGENTS)]
    for at_h in restarts_at_h:
        loop.call_at(at_h * 3_600, district.start)
    done, _ = await asyncio.wait(agents, timeout=hours * 3_600, return_when=asyncio.FIRST_EXCEPTION)
    for agent in done:
        agent.result()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    assert broken == []


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
