"""``bandroom test``: an admin wants to know how much there is, and an agent measures it, in a lesson, too."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import ROOMS, SITE, CollectorFolder, free_port
from tests.end_to_end.http_client import get_json
from tests.end_to_end.process import run
from tests.end_to_end.waiting import eventually

NewCollector = Callable[..., CollectorFolder]
NewAgent = Callable[..., AgentFolder]
EACH_BYTES = 3_000_000
WHAT_COMES = "the room's page then shows what was found; budgets and assessments may forbid it"
WATCH_BYTES = 20_000
"""Set aside beside both directions for the packets that watch them."""

FORGOTTEN = "what is not tested within half an hour is forgotten"


def bandroom_test(collector: CollectorFolder, room: str) -> tuple[int, str]:
    done = run("bandroom", "test", SITE, room, "--settings", collector.file)
    return done.returncode, (done.stdout + done.stderr).strip()


def capacity(url: str) -> list[dict[str, Any]]:
    """What the room's page is made of, once there are both directions."""
    found: list[dict[str, Any]] = get_json(url, f"/v1/rooms/{SITE}/{ROOMS[0]}")["capacity"]
    return found if len(found) == 2 else []


@pytest.mark.slow
def test_an_agent_measures_when_an_admin_asks_and_its_site_pays(
    new_collector: NewCollector, new_agent: NewAgent
) -> None:
    collector = new_collector(ndt7_port=free_port(), capacity_bytes=EACH_BYTES).start()
    agent = new_agent()
    agent.join(collector.url, collector.code())
    assert bandroom_test(collector, ROOMS[0]) == (
        0,
        f"1 agent was asked in room {ROOMS[0]} at {SITE}; {FORGOTTEN}\n{WHAT_COMES}",
    )
    assert bandroom_test(collector, ROOMS[1]) == (
        1,
        "no agent stands in this room: enrol one (bandroom enrol code)",
    )

    agent.start()

    def used() -> int:
        budgets = get_json(collector.url, "/v1/budgets")
        count: int = budgets["sites"][0]["day"]["used_bytes"]
        return count

    used_bytes = eventually("the test is paid for", used)
    shown = eventually("the room tells of both directions", lambda: capacity(collector.url))
    assert [(one["direction"], one["asked_by"], one["received_bps"] > 0) for one in shown] == [
        ("down", "admin", True),
        ("up", "admin", True),
    ]
    assert 1.8 * EACH_BYTES <= used_bytes <= 2 * EACH_BYTES + WATCH_BYTES
    agent.stop()
    collector.stop()
    with collector.opened() as database:
        found = database.execute(
            "SELECT direction, method, asked_by, ended_by, received_bps > 0 FROM throughput ORDER BY direction"
        ).fetchall()
    assert found == [
        ("down", "capacity", "admin", "bytes", True),
        ("up", "capacity", "admin", "bytes", True),
    ]
