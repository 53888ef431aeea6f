"""The registry keeps its books when many ask at once, and when it comes from an older version."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.registry.agent import Agent, Stay
from collector.registry.registry import Refused, Registry, RegistryError
from collector.registry.schema import SCHEMA_VERSION
from collector.time_repair import Offset
from tests.collector.live import TOKEN, MovableClock, enrolled

AGENT = "a" * 16
VERSION_1 = """
CREATE TABLE meta (schema_version INTEGER NOT NULL);
CREATE TABLE codes (
    code_sha256 VARCHAR(64) NOT NULL PRIMARY KEY, site VARCHAR(40) NOT NULL, room VARCHAR(40) NOT NULL,
    role VARCHAR(16) NOT NULL, uses_left INTEGER NOT NULL, expires_ms BIGINT NOT NULL
);
CREATE TABLE agents (
    agent VARCHAR(16) NOT NULL PRIMARY KEY, token_sha256 VARCHAR(64) NOT NULL UNIQUE, code_sha256 VARCHAR(64) NOT NULL,
    site VARCHAR(40) NOT NULL, room VARCHAR(40) NOT NULL, role VARCHAR(16) NOT NULL, enrolled_ms BIGINT NOT NULL,
    revoked_ms BIGINT
);
CREATE TABLE boots (
    agent VARCHAR(16) NOT NULL, boot VARCHAR(16) NOT NULL, from_boot_ms BIGINT NOT NULL, offset_ms BIGINT NOT NULL,
    repaired BOOLEAN NOT NULL, made_ms BIGINT NOT NULL, PRIMARY KEY (agent, boot, from_boot_ms)
);
INSERT INTO meta VALUES (1);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registry.sqlite"


@pytest.fixture
def registry(path: Path) -> Iterator[Registry]:
    opened = Registry.open_registry(f"sqlite:///{path}")
    yield opened
    opened.close()


def test_an_agent_stands_where_it_was_moved_last_and_stood_before_where_it_stood(registry: Registry) -> None:
    agent = enrolled(registry, MovableClock()).agent
    registry.move(agent, site="oak-hill", room="205", now_ms=2_000)
    registry.move(agent, site="lakeside", room="7", now_ms=3_000)

    moved = registry.agent_of_token(TOKEN)

    assert registry.agents() == [moved]
    assert (moved.site, moved.room) == ("lakeside", "7")
    assert [stood(moved, at_ms) for at_ms in (0, 1_999, 2_000, 2_999, 3_000, 10**13)] == [
        "oak-hill/204",
        "oak-hill/204",
        "oak-hill/205",
        "oak-hill/205",
        "lakeside/7",
        "lakeside/7",
    ]


def test_a_move_undoes_those_that_a_wrong_clock_put_later(registry: Registry) -> None:
    agent = enrolled(registry, MovableClock()).agent
    registry.move(agent, site="oak-hill", room="205", now_ms=9_000)
    registry.move(agent, site="lakeside", room="7", now_ms=9_000)
    assert registry.agent_of_token(TOKEN).stays[1:] == (Stay(from_ms=9_000, site="lakeside", room="7"),)

    registry.move(agent, site="oak-hill", room="206", now_ms=2_000)

    assert registry.agent_of_token(TOKEN).stays[1:] == (Stay(from_ms=2_000, site="oak-hill", room="206"),)


def test_an_agent_that_may_not_report_or_is_not_known_is_not_moved(registry: Registry) -> None:
    agent = enrolled(registry, MovableClock()).agent
    registry.move(agent, site="oak-hill", room="205", now_ms=5_000)
    registry.revoke(agent, now_ms=6_000)

    for refused, word in ((agent, "revoked_token"), ("0" * 16, "unknown_agent")):
        with pytest.raises(Refused) as found:
            registry.move(refused, site="oak-hill", room="206", now_ms=4_000)
        assert found.value.word == word
    (unmoved,) = registry.agents()
    assert (unmoved.room, stood(unmoved, 4_000)) == ("205", "oak-hill/204")


def stood(agent: Agent, at_ms: int) -> str:
    """Where it stood then."""
    stay = agent.stay_at(at_ms)
    return f"{stay.site}/{stay.room}"


def test_a_registry_of_version_1_keeps_its_agents(path: Path) -> None:
    with closing(sqlite3.connect(path)) as old:
        old.executescript(VERSION_1)
        token = hashlib.sha256(TOKEN.encode()).hexdigest()
        old.execute(
            "INSERT INTO agents VALUES (?, ?, ?, 'oak-hill', '204', 'room', 1000, NULL)", (AGENT, token, "c" * 64)
        )
        old.execute("INSERT INTO boots VALUES (?, ?, 0, 777, 0, 1000)", (AGENT, "b" * 16))
        old.commit()
    for _ in range(2):
        registry = Registry.open_registry(f"sqlite:///{path}")
        assert registry.agent_of_token(TOKEN).room == "204"
        assert registry.offsets(AGENT, "b" * 16) == [Offset(from_boot_ms=0, offset_ms=777, repaired=False)]
        registry.stored_ranges.replace({(AGENT, "b" * 16): [(1, 9)]}, 1)
        registry.close()
    registry = Registry.open_registry(f"sqlite:///{path}")
    registry.move(AGENT, site="oak-hill", room="205", now_ms=2000)
    assert registry.agent_of_token(TOKEN).stays == (
        Stay(from_ms=0, site="oak-hill", room="204"),
        Stay(from_ms=2000, site="oak-hill", room="205"),
    )
    registry.close()
    with closing(sqlite3.connect(path)) as now:
        assert now.execute("SELECT schema_version FROM meta").fetchall() == [(SCHEMA_VERSION,)]
        assert now.execute("SELECT first_seq, last_seq FROM stored_ranges").fetchall() == [(1, 9)]


def test_a_registry_of_a_later_version_is_left_alone(path: Path) -> None:
    Registry.open_registry(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as later:
        later.execute("UPDATE meta SET schema_version = ?", (SCHEMA_VERSION + 1,))
        later.commit()
    with pytest.raises(RegistryError, match="upgrade Bandroom"):
        Registry.open_registry(f"sqlite:///{path}")
