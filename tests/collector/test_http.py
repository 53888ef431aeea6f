"""Access, enrolment, configuration and operations over real HTTP."""

import hashlib
import http.client
import json
import re
import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.collector.builders import latency
from tests.collector.live import TOKEN, Live, live_collector
from tests.end_to_end.waiting import eventually
from wire.stamp import ReflectorPacket, SenderPacket

READER = {"Authorization": "Basic " + b64encode(b"anyone:open sesame").decode()}
AGENT = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_collector(tmp_path_factory.mktemp("live"), reader_password="open sesame") as running:
        eventually("the first round has ended", lambda: running.services.engine.now)
        yield running


def enrol(live: Live, code: str, token: str, **other: Any) -> Any:
    """Ask to join."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    body = json.dumps({"version": 1, "code": code, "token_sha256": digest} | other).encode()
    return live.ask("POST", "/v1/enrol", body, {"Content-Type": "application/json"})


def code_for(live: Live, *, uses: int = 1, seconds: int = 60) -> str:
    """A code for room 204."""
    expires = int((live.clock() + timedelta(seconds=seconds)).timestamp() * 1000)
    return live.services.registry.make_code(site="oak-hill", room="204", role="room", uses=uses, expires_ms=expires)


@pytest.mark.parametrize(
    "path", ["/", "/rooms/oak-hill/204", "/week", "/v1/rooms", "/v1/rooms/oak-hill/204", "/v1/sites", "/metrics"]
)
def test_board_and_api_ask_for_the_reader_password(live: Live, path: str) -> None:
    wrong = {"Authorization": "Basic " + b64encode(b"anyone:sesame").decode()}

    assert live.ask("GET", path).status == 401
    assert live.ask("GET", path).headers["www-authenticate"].startswith("Basic ")
    assert live.ask("GET", path, headers=wrong).status == 401
    assert live.ask("GET", path, headers={"Authorization": "Basic !!"}).status == 401
    assert live.ask("GET", path, headers=READER).status == 200


def test_every_metric_that_the_guide_names_is_there(live: Live) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "install-server.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(bandroom_[a-z_]+)`", guide))
    told = live.ask("GET", "/metrics", headers=READER).body

    assert len(named) >= 9
    assert [name for name in named if f"# TYPE {name} " not in told] == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json"])
def test_operations_are_open(live: Live, path: str) -> None:
    assert live.ask("GET", path).status == 200


def test_every_answer_forbids_inline_and_foreign_scripts_and_caching(live: Live) -> None:
    for path in ("/", "/v1/rooms", "/nowhere"):
        headers = live.ask("GET", path, headers=READER).headers
        assert "default-src 'none'; style-src 'self'; script-src 'self';" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/sites/oak-hill", "/rooms/oak-hill/204", "/rooms/oak-hill/999", "/style.css"])
def test_a_page_may_be_asked_for_its_head_alone(live: Live, path: str) -> None:
    whole, head = (live.ask(method, path, headers=READER) for method in ("GET", "HEAD"))

    assert (head.status, head.body) == (whole.status, "")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert live.ask("HEAD", path).status == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_so_may_whether_the_collector_is_well(live: Live, path: str) -> None:
    assert (live.ask("HEAD", path).status, live.ask("HEAD", path).body) == (200, "")


def test_the_stylesheet_the_board_names_is_there(live: Live) -> None:
    page = live.ask("GET", "/", headers=READER).body
    href = page.split('rel="stylesheet" href="')[1].split('"')[0]

    assert live.ask("GET", href, headers=READER).headers["content-type"].startswith("text/css")


def test_an_unknown_room_is_a_page_of_its_own_and_a_word_in_the_api(live: Live) -> None:
    assert live.ask("GET", "/rooms/oak-hill/999", headers=READER).status == 404
    answer = live.ask("GET", "/v1/rooms/oak-hill/999", headers=READER)
    assert (answer.status, answer.body["error"]) == (404, "unknown_room")


@pytest.mark.parametrize("path", ["/nope", "/v1/nope", "/rooms/oak-hill"])
def test_an_unknown_address_is_a_page_for_a_browser_and_a_word_for_a_program(live: Live, path: str) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    page = live.ask("GET", path, headers=READER | browser)
    locked = live.ask("GET", path, headers=browser)

    assert (page.status, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such page" in page.body
    assert (locked.status, locked.body["error"]) == (401, "no_reader"), "the page names the district"
    for headers in ({}, {"Accept": "*/*"}, READER):
        answer = live.ask("GET", path, headers=headers)
        assert (answer.status, answer.body["error"]) == (404, "not_found")


def test_rooms_say_what_the_contract_promises(live: Live) -> None:
    rooms = live.ask("GET", "/v1/rooms", headers=READER).body["rooms"]

    assert [(room["site"], room["room"]) for room in rooms] == [("oak-hill", "204"), ("oak-hill", "205")]
    for room in rooms:
        assert room.keys() >= {"state", "cause", "simulated", "coverage", "newest_data_age_seconds", "evidence"}
        assert room["state"] == "unknown"


def test_a_code_lets_one_machine_in_and_asking_again_is_harmless(live: Live) -> None:
    code = code_for(live)

    first = enrol(live, code, "token-1")
    again = enrol(live, code.lower().replace("-", " "), "token-1")
    other = enrol(live, code, "token-2")

    assert (first.status, first.body["site"], first.body["room"]) == (200, "oak-hill", "204")
    assert again.body == first.body
    assert (other.status, other.body["error"]) == (403, "code_used")


def test_a_code_for_two_lets_two_in_even_at_once(live: Live) -> None:
    code = code_for(live, uses=2)
    answers: list[Any] = []
    threads = [
        threading.Thread(target=lambda name=name: answers.append(enrol(live, code, f"crowd-{name}")))
        for name in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status for answer in answers) == [200, 200, 403, 403, 403, 403]
    assert len({answer.body["agent"] for answer in answers if answer.status == 200}) == 2


@pytest.mark.parametrize(
    ("code", "status", "word"),
    [("ABCD-ABCD-ABCD", 403, "unknown_code"), ("short", 422, "bad_code"), ("U" * 12, 422, "bad_code")],
)
def test_a_wrong_code_is_told_apart_from_a_mistyped_one(live: Live, code: str, status: int, word: str) -> None:
    answer = enrol(live, code, "token-9")

    assert (answer.status, answer.body["error"]) == (status, word)


def test_an_expired_code_is_refused(live: Live) -> None:
    assert enrol(live, code_for(live, seconds=0), "token-8").body["error"] == "code_expired"


def test_an_enrolment_of_a_version_to_come_is_refused_to_whoever_enrols(live: Live) -> None:
    answer = enrol(live, code_for(live), "token-6", version=5)
    assert (answer.status, answer.body["error"]) == (422, "unsupported_version")


def test_an_enrolment_with_anything_extra_is_refused(live: Live) -> None:
    assert enrol(live, code_for(live), "token-7", hostname="pc-7").status == 422


def test_codes_and_tokens_are_not_on_disk(live: Live) -> None:
    code = code_for(live)
    enrol(live, code, "secret-token-on-the-wire")

    for path in live.services.settings.data.rglob("*"):
        content = path.read_bytes()
        assert code.replace("-", "").encode() not in content
        assert b"secret-token-on-the-wire" not in content


def test_the_configuration_has_an_etag(live: Live) -> None:
    first = live.ask("GET", "/v1/agent/config", headers=AGENT)
    again = live.ask("GET", "/v1/agent/config", headers=AGENT | {"If-None-Match": first.headers["etag"]})

    assert [target["alias"] for target in first.body["targets"]] == ["district", "gateway"]
    assert first.body["targets"][0]["port"] == live.services.reflector_port
    assert (again.status, again.body) == (304, "")


@pytest.mark.parametrize(
    ("query", "method"), [("", "tcp_connect"), ("?version=2", "tcp_connect"), ("?version=3", "icmp")]
)
def test_the_gateway_is_pinged_only_by_agents_that_know_the_word(live: Live, query: str, method: str) -> None:
    answered = live.ask("GET", f"/v1/agent/config{query}", headers=AGENT)

    (gateway,) = (target for target in answered.body["targets"] if target["alias"] == "gateway")
    assert gateway["method"] == method


def test_the_path_is_traced_by_agents_that_know_the_word(live: Live) -> None:
    older = live.ask("GET", "/v1/agent/config?version=2", headers=AGENT)
    newer = live.ask("GET", "/v1/agent/config?version=3", headers=AGENT)

    assert older.body.get("path") is None
    assert newer.body["path"]["targets"] == ["district"]
    assert newer.body["path"]["interval_ms"] == 900_000


@pytest.mark.parametrize(("query", "knows"), [("", False), ("?version=2", False), ("?version=3", True)])
def test_services_and_resolvers_are_asked_only_by_agents_that_know_the_words(
    live: Live, query: str, knows: bool
) -> None:
    answered = live.ask("GET", f"/v1/agent/config{query}", headers=AGENT)

    resolvers = [target["alias"] for target in answered.body["targets"] if target["method"] == "dns"]
    services = [(one["alias"], one["host"], one["interval_ms"]) for one in answered.body["services"]]
    assert resolvers == (["resolver:1", "resolver:2"] if knows else [])
    assert services == ([("service:lms", "lms.invalid", 900_000)] if knows else [])


def test_an_agent_that_learned_new_words_is_not_told_that_nothing_changed(live: Live) -> None:
    before = live.ask("GET", "/v1/agent/config", headers=AGENT)
    after = live.ask("GET", "/v1/agent/config?version=3", headers=AGENT | {"If-None-Match": before.headers["etag"]})
    newer = live.ask("GET", "/v1/agent/config?version=99", headers=AGENT | {"If-None-Match": after.headers["etag"]})

    assert (before.status, after.status, newer.status) == (200, 200, 304)


@pytest.mark.parametrize("version", ["", "0", "-1", "three", "3.5"])
def test_what_is_no_version_is_no_reason_to_guess(live: Live, version: str) -> None:
    answered = live.ask("GET", f"/v1/agent/config?version={version}", headers=AGENT)

    assert (answered.status, answered.body["error"]) == (422, "bad_request")


def test_the_reflector_answers_and_counts(live: Live) -> None:
    packet = SenderPacket(sequence=7, timestamp=99).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(10)
        sender.connect((live.host, live.services.reflector_port))
        sender.send(packet[:13])
        sender.send(packet)
        answer = sender.recv(2000)

    read = ReflectorPacket.decode(answer)
    assert read is not None
    assert (len(answer), read.sender_sequence, read.sender_timestamp) == (44, 7, 99)
    assert read.residence_ns >= 0


def test_a_method_that_is_not_there_is_answered_in_the_one_form(live: Live) -> None:
    answer = live.ask("GET", "/v1/reports", headers=AGENT)

    assert (answer.status, answer.body["error"]) == (405, "wrong_method")


def test_a_slow_body_does_not_keep_others_waiting(live: Live) -> None:
    with socket.create_connection((live.host, live.port), timeout=10) as slow:
        head = f"POST /v1/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        slow.sendall(head.encode() + b"Content-Length: 1000\r\n\r\n{")

        assert live.report(latency(1)).status == 200


def test_a_client_that_leaves_in_the_middle_is_borne(live: Live) -> None:
    for _ in range(20):
        connection = http.client.HTTPConnection(live.host, live.port, timeout=10)
        connection.putrequest("POST", "/v1/reports")
        connection.putheader("Authorization", f"Bearer {TOKEN}")
        connection.putheader("Content-Length", "100000")
        connection.endheaders(b"{")
        connection.close()

    assert live.ask("GET", "/healthz").status == 200
