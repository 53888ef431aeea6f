"""``bandroom enrol move`` beside a running collector."""

import pytest

from tests.end_to_end.batches import a_good_batch
from tests.end_to_end.collector_process import ROOMS, SITE, CollectorFolder, Enrolled, wait_for_room
from tests.end_to_end.http_client import acknowledged, post_batch
from tests.end_to_end.process import run
from tests.end_to_end.waiting import eventually


def test_a_moved_agent_reports_for_its_new_room_and_its_old_one_keeps_what_it_has(
    collector: CollectorFolder,
) -> None:
    agent = collector.enrol()
    assert acknowledged(post_batch(collector.url, agent.token, a_good_batch()))["stored"] == 3
    wait_for_room(collector, ROOMS[0])

    moved = run("bandroom", "enrol", "move", agent.agent, SITE, ROOMS[1], "--settings", collector.file)
    assert (moved.returncode, moved.stderr) == (0, "")
    assert moved.stdout == f"agent {agent.agent} reports for room {ROOMS[1]} at {SITE} from now on\n"

    def reports_there() -> bool:
        assert acknowledged(post_batch(collector.url, agent.token, a_good_batch()))["stored"] == 3
        return bool(collector.room(ROOMS[1])["readings"])

    eventually("the new room has a reading", reports_there)
    assert [collector.room(room)["agents"] for room in ROOMS[:2]] == [0, 1]
    assert collector.room(ROOMS[0])["readings"]
    listed = run("bandroom", "enrol", "agents", "--settings", collector.file).stdout.splitlines()
    assert [ROOMS[1] in line for line in listed if agent.agent in line] == [True]


@pytest.mark.parametrize(
    ("agent", "place", "said"),
    [
        ("0" * 16, (SITE, ROOMS[1]), "there is no agent 0000000000000000: bandroom enrol agents lists them"),
        (None, ("nord", ROOMS[1]), 'there is no site "nord"; sites are north; did you mean "north"?'),
        (None, (SITE, "room-12"), 'there is no room "room-12" at north; rooms there are'),
    ],
    ids=["an unknown agent", "an unknown site", "an unknown room"],
)
def test_a_move_that_cannot_be_says_why_in_a_line(
    one_collector: CollectorFolder, one_agent: Enrolled, agent: str | None, place: tuple[str, str], said: str
) -> None:
    done = run("bandroom", "enrol", "move", agent or one_agent.agent, *place, "--settings", one_collector.file)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(said)
