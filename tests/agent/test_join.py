import asyncio
import json
from hashlib import sha256
from pathlib import Path

import pytest

from agent.http import Unanswered
from agent.join import NotJoined, join
from agent.main import main
from agent.settings import read_settings
from agent.state import State
from tests.agent.fakes import AGENT, Reply, Seen, as_json, collector
from wire.enrolment import Enrolment
from wire.fields import WireError

CODE = "7K2M-9QXD-4TAB"


def enrol(_seen: Seen) -> Reply:
    return as_json(200, {"version": 1, "agent": AGENT, "site": "oak-hill", "room": "204", "role": "room"})


def joined(url: str, folder: Path, code: str = CODE) -> Enrolment:
    return asyncio.run(join(url, code, State(folder)))


def test_joining_shows_only_the_tokens_digest_and_writes_the_settings(tmp_path: Path) -> None:
    with collector(enrol) as fake:
        enrolment = joined(fake.url, tmp_path)

    assert (enrolment.room, enrolment.site) == ("204", "oak-hill")
    settings = read_settings(tmp_path / "agent.toml")
    assert (settings.url, settings.agent) == (fake.url, AGENT)
    (seen,) = fake.seen
    assert (seen.method, seen.path) == ("POST", "/v1/enrol")
    digest = sha256(settings.token.shown.encode()).hexdigest()
    assert json.loads(seen.body) == {"version": 4, "code": "7K2M9QXD4TAB", "token_sha256": digest}
    assert settings.token.shown.encode() not in seen.body
    assert [path.name for path in tmp_path.iterdir()] == ["agent.toml"]


def test_joining_again_after_a_lost_answer_asks_for_the_same(tmp_path: Path) -> None:
    with collector(lambda seen: (502, {}, b"<html>")) as fake:
        for code in (CODE, "7k2m 9qxd 4tab"):
            with pytest.raises(NotJoined, match="is not a Bandroom collector"):
                joined(fake.url, tmp_path, code)
        fake.script = enrol
        joined(fake.url, tmp_path)

    assert len({seen.body for seen in fake.seen}) == 1


def test_another_code_gets_another_token(tmp_path: Path) -> None:
    with collector(lambda seen: (502, {}, b"")) as fake:
        for code in (CODE, "8888-9QXD-4TAB"):
            with pytest.raises(NotJoined):
                joined(fake.url, tmp_path, code)

    first, second = (json.loads(seen.body)["token_sha256"] for seen in fake.seen)
    assert first != second


def test_a_refusal_is_told_in_the_collectors_words(tmp_path: Path) -> None:
    said = {"error": "used_code", "detail": "This code was used\x1b[2J already; ask for another."}
    with (
        collector(lambda seen: as_json(409, said)) as fake,
        pytest.raises(NotJoined, match=r"^This code was used\[2J already; ask for another\. \(used_code\)$"),
    ):
        joined(fake.url, tmp_path)
    assert not (tmp_path / "agent.toml").exists()


@pytest.mark.parametrize("answer", [(200, {}, b"<html>"), as_json(200, {"ok": True}), (302, {}, b"")])
def test_what_is_not_a_collector_joins_nobody(answer: Reply, tmp_path: Path) -> None:
    with (
        collector(lambda seen: answer) as fake,
        pytest.raises(NotJoined, match=f"what answered {answer[0]} there is not a Bandroom collector"),
    ):
        joined(fake.url, tmp_path)
    assert not (tmp_path / "agent.toml").exists()


@pytest.mark.parametrize(
    "answer", [as_json(404, {"error": "not_found", "detail": "Nothing is here."}), (404, {}, b"<html>"), (405, {}, b"")]
)
def test_the_address_of_a_page_is_told_from_the_collectors(answer: Reply, tmp_path: Path) -> None:
    with (
        collector(lambda seen: answer) as fake,
        pytest.raises(NotJoined, match="no Bandroom collector at that path: give its address only"),
    ):
        joined(f"{fake.url}/board", tmp_path)


def test_a_collector_may_live_under_a_path(tmp_path: Path) -> None:
    with collector(enrol) as fake:
        joined(f"{fake.url}/bandroom/", tmp_path)

    assert [seen.path for seen in fake.seen] == ["/bandroom/v1/enrol"]


def test_a_code_that_cannot_be_one_is_not_sent(tmp_path: Path) -> None:
    with collector(enrol) as fake:
        with pytest.raises(WireError, match="an enrolment code is 12 letters and digits"):
            joined(fake.url, tmp_path, "room 204")
        assert fake.seen == []


def test_no_answer_is_a_word(tmp_path: Path) -> None:
    with pytest.raises(Unanswered, match="connection_refused"):
        joined("http://127.0.0.1:1", tmp_path)


def test_a_file_of_authorities_that_is_not_there_is_named_before_anyone_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, state = tmp_path / "ca.pem", tmp_path / "state"
    with collector(enrol) as fake:
        code = main(["join", fake.url, "--code", CODE, "--ca-file", str(missing), "--state", str(state)])

    assert (code, fake.seen, state.exists()) == (1, [], False)
    assert capsys.readouterr().err == f"bandroom-agent: --ca-file {missing}: there is no such file here\n"


def test_an_uplink_that_is_counted_here_is_counted_by_the_next_agent_too(tmp_path: Path) -> None:
    state = State(tmp_path)
    with collector(enrol) as fake:
        joined(fake.url, tmp_path)
        tables = (
            '[uplink]\ninterface = "eth1"\n\n[snmp]\nhost = "::1"\ninterface = 7\nversion = "2c"\ncommunity = "x"\n'
        )
        state.settings.write_text(state.settings.read_text() + tables)
        before = read_settings(state.settings)

        joined(fake.url, tmp_path)

    after = read_settings(state.settings)
    assert after.uplink is not None
    assert after.snmp is not None
    assert (after.uplink, after.snmp) == (before.uplink, before.snmp)


def test_what_another_agent_measured_here_is_not_reported_as_ones_own(tmp_path: Path) -> None:
    state = State(tmp_path)
    with collector(enrol) as fake:
        joined(fake.url, tmp_path)
        state.spool.write_text("reports")
        state.config.write_text("targets")

        joined(fake.url, tmp_path)  # the same agent again
        assert state.spool.read_text() == "reports"

        fake.script = lambda seen: as_json(
            200, {"version": 1, "agent": "f" * 16, "site": "oak-hill", "room": "205", "role": "room"}
        )
        joined(fake.url, tmp_path)

    assert not state.spool.exists()
    assert not state.config.exists()
    assert (tmp_path / "spool.former-1").read_text() == "reports"
