import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from agent.advice import REJOIN
from agent.config import FIRST_RETRY_S, REFRESH_S, ConfigSource
from agent.http import Collector
from agent.presence import measures_nothing
from tests.agent.fakes import TOKEN, MovedClock, Reply, Script, Seen, as_json, collector
from wire.enrolment import AgentConfig
from wire.version import WIRE_VERSION


def config(period_ms: int = 60_000, **changes: Any) -> dict[str, Any]:
    target = {
        "alias": "district",
        "method": "stamp",
        "host": None,
        "port": 8620,
        "tcp_port": 443,
        "interval_ms": 1000,
        "timeout_ms": 2000,
    }
    said = {
        "version": 1,
        "role": "room",
        "period_ms": period_ms,
        "push_interval_ms": 60_000,
        "targets": [target],
    }
    return said | changes


class Source:
    """A config source on its own file, and what its loop told and slept."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.json"
        self.followed: list[AgentConfig] = []
        self.notes: dict[str, str] = {}
        self.waits: list[float] = []

    def at(self, url: str) -> ConfigSource:
        return ConfigSource(self.path, Collector(url), token=TOKEN)

    def run(self, url: str, rounds: int) -> None:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)
            if len(self.waits) == rounds:
                raise asyncio.CancelledError

        async def work() -> None:
            source = self.at(url)
            source.load()
            with pytest.raises(asyncio.CancelledError):
                await source.run(self.followed.append, self.note, MovedClock().clock(), sleep)

        self.waits.clear()
        asyncio.run(work())

    def note(self, **notes: str) -> None:
        self.notes.update(notes)


def versioned(seen: Seen) -> Reply:
    if seen.headers.get("if-none-match") == '"1"':
        return 304, {}, b""
    return as_json(200, config(), ETag='"1"')


def test_a_config_is_followed_once_kept_and_asked_for_by_its_tag(tmp_path: Path) -> None:
    source = Source(tmp_path)
    with collector(versioned) as fake:
        source.run(fake.url, rounds=3)

    assert [one.period_ms for one in source.followed] == [60_000]
    assert [seen.headers.get("if-none-match") for seen in fake.seen] == [None, '"1"', '"1"']
    assert fake.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert all(0.8 * REFRESH_S <= wait <= 1.2 * REFRESH_S for wait in source.waits)
    assert int(source.notes["config_ms"]) > 0


def test_the_collector_is_told_which_words_this_agent_knows(tmp_path: Path) -> None:
    with collector(lambda seen: as_json(200, config())) as here:
        Source(tmp_path).run(here.url, rounds=1)

    assert [seen.query for seen in here.seen] == [f"version={WIRE_VERSION}"]


def test_the_kept_config_is_used_while_the_collector_is_away(tmp_path: Path) -> None:
    source = Source(tmp_path)
    with collector(versioned) as fake:
        source.run(fake.url, rounds=1)

    source.run("http://127.0.0.1:1", rounds=2)

    assert len(source.followed) == 2
    assert source.notes["config_problem"] == "connection_refused"


def test_a_changed_config_is_followed(tmp_path: Path) -> None:
    said = [config(), config(), config(period_ms=5000)]
    source = Source(tmp_path)
    with collector(lambda seen: as_json(200, said.pop(0))) as fake:
        source.run(fake.url, rounds=3)

    assert [one.period_ms for one in source.followed] == [60_000, 5000]


def test_a_revoked_agent_asks_nothing_more_of_other_peoples_machines(tmp_path: Path) -> None:
    district = config()["targets"][0]
    service = {"alias": "service:lms", "host": "lms.example.org", "port": 443, "path": "/"}
    whole = config(
        targets=[district, district | {"alias": "anchor:isp"}],
        services=[service | {"interval_ms": 60_000, "timeout_ms": 5000}],
    )
    said = [
        as_json(200, whole, ETag='"1"'),
        as_json(401, {"error": "revoked_token", "detail": "."}),
        as_json(200, whole),
    ]
    source = Source(tmp_path)
    with collector(lambda seen: said.pop(0)) as fake:
        source.run(fake.url, rounds=3)

    assert [[one.alias for one in told.targets] for told in source.followed] == [
        ["district", "anchor:isp"],
        ["district"],
        ["district", "anchor:isp"],
    ]
    assert [len(told.services) for told in source.followed] == [1, 0, 1]
    assert [seen.headers.get("if-none-match") for seen in fake.seen] == [None, '"1"', None]


def test_without_any_config_it_is_asked_for_often_and_ever_less(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.run("http://127.0.0.1:1", rounds=12)

    assert source.followed == []
    assert source.waits[0] <= 2 * 1.2 * FIRST_RETRY_S
    assert source.waits[-1] >= 0.8 * REFRESH_S


NO_CONFIGS: dict[str, tuple[Script, str]] = {
    "html": (lambda seen: (200, {"Content-Type": "text/html"}, b"<html>"), "config_bad_json"),
    "foreign": (lambda seen: as_json(200, {"ok": True}), "config_missing_field"),
    "newer": (
        lambda seen: as_json(200, config(targets=[config()["targets"][0] | {"method": "quic"}])),
        "config_wrong_type",
    ),
    "double": (lambda seen: as_json(200, config(targets=config()["targets"] * 2)), "config_double_target"),
    "revoked": (lambda seen: as_json(401, {"error": "revoked_token", "detail": "."}), "revoked_token"),
    "portal": (lambda seen: (302, {"Location": "http://login.invalid"}, b""), "http_302"),
    "304 for nothing": (lambda seen: (304, {}, b""), "http_304"),
}


@pytest.mark.parametrize("case", NO_CONFIGS)
def test_what_is_no_config_changes_nothing_and_is_said_once(
    case: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script, word = NO_CONFIGS[case]
    source = Source(tmp_path)
    with caplog.at_level(logging.INFO), collector(script) as fake:
        source.run(fake.url, rounds=3)

    assert source.followed == []
    assert source.notes == {"config_problem": word}
    why = REJOIN.get(word, "the collector gave none")
    assert caplog.messages == [f"no new config, {why} word={word}"]


def test_a_lasting_trouble_is_logged_once_and_so_is_its_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    answers: list[Reply] = [
        as_json(200, config()),
        *[(502, {}, b"<html>")] * 3,
        *[as_json(200, config())] * 2,
    ]
    with caplog.at_level(logging.INFO), collector(lambda seen: answers.pop(0)) as fake:
        Source(tmp_path).run(fake.url, rounds=6)

    assert caplog.messages == [
        "no new config, the collector gave none word=http_502",
        "the collector gives its config again",
    ]


def test_a_newer_collector_may_say_more_than_this_agent_knows(tmp_path: Path) -> None:
    source = Source(tmp_path)
    with collector(lambda seen: as_json(200, config(version=2, weather="fine"))) as fake:
        source.run(fake.url, rounds=1)

    assert len(source.followed) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"etag": null}', json.dumps({"etag": 1, "config": 2})])
def test_a_broken_file_is_no_config_yet(text: str, tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.path.write_text(text)
    loaded = source.at("http://127.0.0.1:1")

    loaded.load()

    assert loaded.config is None


def test_a_machine_that_is_away_obeys_less_and_the_config_is_kept_whole(tmp_path: Path) -> None:
    source = Source(tmp_path)
    with collector(lambda seen: as_json(200, config(throughput={"interval_ms": 60_000}), ETag='"1"')) as fake:
        here = source.at(fake.url)
        here.here = measures_nothing
        assert asyncio.run(here.fetch()) is None

    assert here.wanted is not None
    assert here.config is not None
    assert [one.alias for one in here.wanted.targets] == ["district"]
    assert here.config.targets == ()
    assert here.throughput_interval_ns() is None
    kept = source.at(fake.url)
    kept.load()
    assert kept.config == here.wanted
