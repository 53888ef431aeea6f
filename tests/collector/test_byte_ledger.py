"""What tests cost is counted once, for the agent, its site and the district, whoever asks at once and whatever dies."""

import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from collector.registry.byte_ledger import Account, Balance, ByteLedger, Scope
from collector.registry.registry import Registry
from collector.registry.schema import SCHEMA_VERSION

AGENT, OTHER, THIRD = "a" * 16, "b" * 16, "c" * 16
DAY, MONTH = "2026-11-16", "2026-11"
VERSION_4 = """
CREATE TABLE meta (schema_version INTEGER NOT NULL);
INSERT INTO meta VALUES (4);
CREATE TABLE test_bytes (
    agent VARCHAR(16) NOT NULL, day VARCHAR(10) NOT NULL, bytes BIGINT NOT NULL, PRIMARY KEY (agent, day)
);
INSERT INTO test_bytes VALUES ('aaaaaaaaaaaaaaaa', '2026-11-16', 1170000);
INSERT INTO test_bytes VALUES ('aaaaaaaaaaaaaaaa', '2026-11-13', 30000);
INSERT INTO test_bytes VALUES ('aaaaaaaaaaaaaaaa', '2026-10-30', 7);
INSERT INTO test_bytes VALUES ('bbbbbbbbbbbbbbbb', '2026-11-13', 500);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registry.sqlite"


@pytest.fixture
def registry(path: Path) -> Iterator[Registry]:
    opened = Registry.open_registry(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture
def ledger(registry: Registry) -> ByteLedger:
    return registry.byte_ledger


def reserve(
    ledger: ByteLedger,
    lease: str,
    wanted: int,
    *,
    agent: str | None = AGENT,
    site: str = "oak-hill",
    day: str = DAY,
    now_ms: int = 0,
    limits: Mapping[str, int] | None = None,
) -> Account | None:
    """Set bytes aside within `limits`, such as ``{"site_day": 1000}``; the account that has no room."""

    def limit(account: Account) -> int:
        span = "day" if account.period == day else "month"
        return (limits or {}).get(f"{account.scope}_{span}", 10**12)

    return ledger.reserve(lease, wanted, agent=agent, site=site, day=day, limit=limit, now_ms=now_ms)


def balance(ledger: ByteLedger, scope: Scope, name: str, period: str = DAY) -> tuple[int, int]:
    """Used and set aside."""
    found = ledger.balances([period]).get(Account(scope=scope, name=name, period=period))
    return (found.used_bytes, found.reserved_bytes) if found else (0, 0)


def test_a_test_is_paid_by_its_agent_its_site_and_the_district_for_the_day_and_the_month(ledger: ByteLedger) -> None:
    assert reserve(ledger, "1" * 16, 100) is None
    assert reserve(ledger, "2" * 16, 30, agent=OTHER) is None
    assert reserve(ledger, "3" * 16, 5, agent=THIRD, site="lakeside", day="2026-11-17") is None
    assert ledger.settle("1" * 16, 60)

    for period, district in ((DAY, (60, 30)), (MONTH, (60, 35))):
        assert balance(ledger, "agent", AGENT, period) == (60, 0)
        assert balance(ledger, "agent", OTHER, period) == (0, 30)
        assert balance(ledger, "site", "oak-hill", period) == (60, 30)
        assert balance(ledger, "district", "", period) == district
    assert balance(ledger, "site", "lakeside", "2026-11-17") == (0, 5)


@pytest.mark.parametrize("span", ["day", "month"])
@pytest.mark.parametrize("scope", ["agent", "site", "district"])
def test_each_limit_holds_and_what_it_refuses_is_set_aside_nowhere(ledger: ByteLedger, scope: str, span: str) -> None:
    limits = {f"{scope}_{span}": 100}
    assert reserve(ledger, "1" * 16, 60, limits=limits) is None
    before = ledger.balances([DAY, MONTH])

    refused = reserve(ledger, "2" * 16, 41, limits=limits)

    assert refused is not None
    assert (refused.scope, refused.period) == (scope, DAY if span == "day" else MONTH)
    assert ledger.balances([DAY, MONTH]) == before
    assert reserve(ledger, "2" * 16, 40, limits=limits) is None


def test_a_page_of_a_room_has_no_agent_to_pay(ledger: ByteLedger) -> None:
    assert reserve(ledger, "1" * 16, 100, agent=None) is None

    assert {one.scope for one in ledger.balances([DAY])} == {"site", "district"}


def test_a_reservation_is_settled_once_whoever_tries(ledger: ByteLedger) -> None:
    reserve(ledger, "1" * 16, 100)

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda _: ledger.settle("1" * 16, 70), range(16)))

    assert done.count(True) == 1
    assert balance(ledger, "site", "oak-hill") == (70, 0)
    assert not ledger.settle("f" * 16, 1), "nothing was ever set aside for it"


def test_what_a_test_took_beyond_what_was_set_aside_is_counted_all_the_same(ledger: ByteLedger) -> None:
    reserve(ledger, "1" * 16, 100)
    ledger.settle("1" * 16, 103)

    assert balance(ledger, "district", "") == (103, 0)


def test_what_a_dead_collector_had_set_aside_counts_as_used(path: Path) -> None:
    died = Registry.open_registry(f"sqlite:///{path}")
    reserve(died.byte_ledger, "1" * 16, 100, now_ms=1_000)
    reserve(died.byte_ledger, "2" * 16, 10, now_ms=5_000)
    died.close()
    again = Registry.open_registry(f"sqlite:///{path}")

    assert again.byte_ledger.settle_dead(5_000) == 1
    assert again.byte_ledger.settle_dead(5_000) == 0

    assert balance(again.byte_ledger, "agent", AGENT) == (100, 10)
    assert not again.byte_ledger.settle("1" * 16, 7), "it is too late to say that it cost less"
    again.close()


def test_however_many_ask_at_once_no_more_than_the_limit_is_set_aside(ledger: ByteLedger) -> None:
    def ask(number: int) -> Account | None:
        return reserve(ledger, f"{number:016x}", 100, agent=f"{number % 3:016x}", limits={"site_day": 1050})

    with ThreadPoolExecutor(8) as threads:
        refused = list(threads.map(ask, range(40)))

    assert refused.count(None) == 10
    assert balance(ledger, "site", "oak-hill") == (0, 1000)
    assert sum(balance(ledger, "agent", f"{one:016x}")[1] for one in range(3)) == 1000


def test_what_is_set_aside_and_settled_at_once_from_many_threads_adds_up(ledger: ByteLedger) -> None:
    def reserve_and_settle(number: int) -> None:
        assert reserve(ledger, f"{number:016x}", number) is None
        ledger.settle(f"{number:016x}", number // 2)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(reserve_and_settle, range(1, 60)))

    assert balance(ledger, "district", "", MONTH) == (sum(one // 2 for one in range(1, 60)), 0)


def test_old_days_and_months_are_forgotten_and_no_others(registry: Registry) -> None:
    ledger = registry.byte_ledger
    for number, day in enumerate((DAY, "2026-11-15", "2026-10-31")):
        reserve(ledger, f"{number:016x}", 100, day=day)

    registry.forget(codes_before_ms=0, boots_before_ms=0, days_before=DAY)

    periods = {one.period for one in ledger.balances([DAY, "2026-11-15", "2026-10-31", MONTH, "2026-10"])}
    assert periods == {DAY, MONTH}


def test_a_registry_of_version_4_keeps_what_its_agents_spent(path: Path) -> None:
    with closing(sqlite3.connect(path)) as old:
        old.executescript(VERSION_4)
    for _ in range(2):
        registry = Registry.open_registry(f"sqlite:///{path}")
        ledger = registry.byte_ledger
        account = Account(scope="agent", name=AGENT, period=DAY)
        assert ledger.balances([DAY]) == {account: Balance(used_bytes=1_170_000, reserved_bytes=0)}
        assert [balance(ledger, "agent", one, MONTH) for one in (AGENT, OTHER)] == [(1_200_000, 0), (500, 0)]
        registry.close()
    with closing(sqlite3.connect(path)) as now:
        assert now.execute("SELECT schema_version FROM meta").fetchall() == [(SCHEMA_VERSION,)]
