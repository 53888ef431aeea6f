"""Who has no token, no code, or the wrong door, is told so."""

import json
from collections.abc import Callable

import pytest

from tests.end_to_end.batches import a_good_batch
from tests.end_to_end.collector_process import CollectorFolder
from tests.end_to_end.http_client import Answer, acknowledged, ask, post_batch
from tests.end_to_end.process import run
from tests.end_to_end.waiting import eventually

# Who is not let in.


def test_an_unknown_token_is_refused(one_collector: CollectorFolder) -> None:
    before = one_collector.accounts()
    for token in ("x" * 43, "", "x" * 300, "\u00e9" * 43, "a b"):
        answer = post_batch(one_collector.url, token.encode().decode("latin-1"), a_good_batch())
        assert answer.status == 401
        assert answer.word in ("unknown_agent", "no_token")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    for headers in ({}, {"Authorization": "Basic eDp5"}):
        answer = ask(one_collector.url, "/v1/reports", method="POST", body=b"{}", headers=headers)
        assert (answer.status, answer.word) == (401, "no_token")
        assert ask(one_collector.url, "/v1/agent/config", headers=headers).status == 401
    assert one_collector.accounts() == before


def test_a_revoked_token_is_refused_and_what_it_reported_stays(one_collector: CollectorFolder) -> None:
    agent = one_collector.enrol()
    batch = a_good_batch()
    assert acknowledged(post_batch(one_collector.url, agent.token, batch))["stored"] == 3
    done = run("bandroom", "enrol", "revoke", agent.agent, "--settings", one_collector.file)
    assert done.returncode == 0, done.stderr

    def refused() -> Answer | None:
        answer = post_batch(one_collector.url, agent.token, a_good_batch())
        return answer if answer.status != 200 else None

    answer = eventually("the revoked token is refused", refused)
    assert (answer.status, answer.word) == (401, "revoked_token")
    before = one_collector.accounts()
    assert post_batch(one_collector.url, agent.token, a_good_batch()).status == 401
    assert one_collector.accounts() == before
    listed = run("bandroom", "enrol", "agents", "--settings", one_collector.file).stdout
    assert agent.agent in listed
    unknown = run("bandroom", "enrol", "revoke", "0" * 16, "--settings", one_collector.file)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)


def test_a_batch_is_its_senders_whatever_boot_it_names(one_collector: CollectorFolder) -> None:
    one, other = one_collector.enrol_many(2)
    batch = a_good_batch()
    for agent in (one, other):
        assert acknowledged(post_batch(one_collector.url, agent.token, batch))["stored"] == 3


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/v1/reports", 405, "wrong_method"),
        ("PUT", "/v1/reports", 405, "wrong_method"),
        ("DELETE", "/v1/rooms", 405, "wrong_method"),
        ("POST", "/v1/rooms", 405, "wrong_method"),
        ("GET", "/v1/enrol", 405, "wrong_method"),
        ("POST", "/v1/agent/config", 405, "wrong_method"),
        ("GET", "/v1/nothing", 404, "not_found"),
        ("POST", "/v1/reports/", 404, "not_found"),
        ("GET", "/v1/rooms/north/nowhere", 404, "unknown_room"),
        ("GET", "/v1/rooms/%2e%2e/%2e%2e", 404, "unknown_room"),
        ("GET", "/docs", 404, "not_found"),
    ],
)
def test_a_wrong_method_or_place_is_refused(
    one_collector: CollectorFolder, method: str, path: str, status: int, word: str
) -> None:
    answer = ask(one_collector.url, path, method=method)
    assert (answer.status, answer.word) == (status, word)


@pytest.mark.parametrize(
    ("status", "word", "body"),
    [
        (422, "bad_code", b'{"version": 1, "code": "short", "token_sha256": "%s"}' % (b"0" * 64)),
        (422, "bad_digest", b'{"version": 1, "code": "7K2M-9QXD-4TAB", "token_sha256": "x"}'),
        (403, "unknown_code", b'{"version": 1, "code": "7K2M-9QXD-4TAB", "token_sha256": "%s"}' % (b"0" * 64)),
        (422, "bad_request", b'{"version": 1}'),
        (422, "bad_request", b""),
        (422, "bad_request", b"\xff\xfe"),
        (422, "bad_request", b"[" * 4_000),
        (413, "too_large", b" " * 5_000),
    ],
    ids=["a short code", "no digest", "an unknown code", "half", "nothing", "no text", "deep", "too much"],
)
def test_a_bad_enrolment_is_refused(one_collector: CollectorFolder, status: int, word: str, body: bytes) -> None:
    answer = ask(one_collector.url, "/v1/enrol", method="POST", body=body, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.word) == (status, word)


def test_a_code_is_good_for_as_many_machines_as_it_was_made_for(one_collector: CollectorFolder) -> None:
    code = one_collector.code(uses=2)
    assert one_collector.enrol(code).agent != one_collector.enrol(code).agent
    body = json.dumps({"version": 1, "code": code, "token_sha256": "0" * 64}).encode()
    answer = ask(one_collector.url, "/v1/enrol", method="POST", body=body)
    assert (answer.status, answer.word) == (403, "code_used")


def test_codes_cannot_be_guessed_by_the_thousand(new_collector: Callable[..., CollectorFolder]) -> None:
    one_collector = new_collector().start()
    body = json.dumps({"version": 1, "code": "7K2M-9QXD-4TAB", "token_sha256": "0" * 64}).encode()
    answers = [ask(one_collector.url, "/v1/enrol", method="POST", body=body) for _ in range(40)]
    assert (answers[0].status, answers[0].word) == (403, "unknown_code")
    assert (answers[-1].status, answers[-1].word) == (429, "too_many_attempts")
    assert int(answers[-1].headers["retry-after"]) > 0
