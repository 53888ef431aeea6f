"""An admin asks for a capacity test, and the agents of the room are told with their configuration."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.live import TOKEN, Answered, Live, live_collector
from tests.collector.stream_client import JSON, another_agent
from tests.end_to_end.collector_process import basic, free_port


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with live_collector(tmp_path, ndt7_port=free_port(), capacity="asked") as running:
        yield running


def ask(live: Live, body: bytes = b'{"site": "oak-hill", "room": "204"}', **headers: str) -> Answered:
    return live.ask("POST", "/v1/tests", body, JSON | headers)


def wanted(live: Live, token: str = TOKEN) -> str | None:
    """What the configuration of the agent with `token` says of an admin's wish."""
    answer = live.ask("GET", "/v1/agent/config?version=3", headers={"Authorization": f"Bearer {token}"})
    found: str | None = answer.body["throughput"]["capacity_request"]
    return found


def test_every_agent_of_the_room_is_told_with_a_name_of_its_own(live: Live) -> None:
    other = another_agent(live)
    assert (wanted(live), wanted(live, other)) == (None, None)

    answer = ask(live)

    assert (answer.status, answer.body) == (200, {"agents": 2})
    names = {wanted(live), wanted(live, other)}
    assert len(names) == 2
    assert None not in names
    ask(live)
    assert wanted(live) not in names, "another wish"


def test_by_schedule_nobody_is_told_to_where_only_an_admin_may_ask(live: Live) -> None:
    answer = live.ask("GET", "/v1/agent/config?version=3", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.body["throughput"]["capacity_interval_ms"] is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"site": "oak-hill", "room": "999"}', (404, "unknown_room")),
        (b'{"site": "oak-hill", "room": "205"}', (404, "no_agent")),
        (b'{"site": "oak-hill"}', (422, "bad_request")),
        (b'{"site": "oak-hill", "room": "204", "when": "now"}', (422, "bad_request")),
        (b"[]", (422, "bad_request")),
        (b"", (422, "bad_request")),
        (b" " * 5_000, (413, "too_large")),
    ],
)
def test_whoever_cannot_test_is_not_asked(live: Live, body: bytes, said: tuple[int, str]) -> None:
    answer = ask(live, body)
    assert (answer.status, answer.body["error"]) == said
    assert wanted(live) is None


def test_a_form_of_another_page_is_not_taken(live: Live) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = live.ask("POST", "/v1/tests", b'{"site": "oak-hill", "room": "204"}', {"Content-Type": kind})
        assert (answer.status, answer.body["error"]) == (415, "not_json")


def test_without_the_password_nobody_asks(tmp_path: Path) -> None:
    with live_collector(tmp_path, ndt7_port=free_port(), reader_password="hunter22") as live:
        assert ask(live).status == 401
        assert ask(live, Authorization=basic("hunter22")).status == 200


@pytest.mark.parametrize(("capacity", "ndt7_port"), [("off", 8630), ("references", 0)])
def test_where_there_are_no_capacity_tests_it_is_said(tmp_path: Path, capacity: str, ndt7_port: int) -> None:
    with live_collector(tmp_path, capacity=capacity, ndt7_port=ndt7_port) as live:
        answer = ask(live)
        assert (answer.status, answer.body["error"]) == (403, "capacity_off")
