"""What throughput tests cost: for each agent, each site and the district, by day and by month.

Bytes are set aside before a test and settled once after it. What was set aside for a test whose collector died counts
as used: nobody is left who knows what became of it, and a budget must not be spent twice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from collector.registry.schema import budgets, reservations

Scope = Literal["agent", "site", "district"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose bytes, and of when: `name` is an agent's id or a site, empty for the district, `period` a local day such as
    ``2026-11-25`` or a month such as ``2026-11``."""

    scope: Scope
    name: str
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What is `used` and what is set aside, in bytes."""

    used_bytes: int
    reserved_bytes: int


class ByteLedger:
    """The accounts, durable when a call returns. Safe for several threads and processes.

    Every method may raise `sqlalchemy.exc.SQLAlchemyError`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def reserve(
        self,
        lease: str,
        wanted: int,
        *,
        agent: str | None,
        site: str,
        day: str,
        limit: Callable[[Account], int],
        now_ms: int,
    ) -> Account | None:
        """Set `wanted` bytes aside for `lease` in all accounts that it is paid from, or in none where one would come
        above its `limit`; that one is returned."""
        accounts = accounts_of(agent, site, day)
        self._open(accounts)
        with self._engine.connect() as connection, connection.begin() as transaction:
            for account in accounts:
                # One conditional update decides, whoever else is asking; all take the accounts in the same order.
                taken = connection.execute(
                    update(budgets)
                    .where(_is(account), budgets.c.used_bytes + budgets.c.reserved_bytes + wanted <= limit(account))
                    .values(reserved_bytes=budgets.c.reserved_bytes + wanted)
                )
                if taken.rowcount != 1:
                    transaction.rollback()
                    return account
            connection.execute(
                insert(reservations).values(lease=lease, agent=agent, site=site, day=day, bytes=wanted, made_ms=now_ms)
            )
        return None

    def settle(self, lease: str, used: int) -> bool:
        """Turn what was set aside for `lease` into `used`; whether there was still something to settle."""
        with self._engine.connect() as connection:
            row = connection.execute(select(reservations).where(reservations.c.lease == lease)).first()
        if row is None:
            return False
        with self._engine.begin() as connection:
            return _settle(connection, row, used)

    def settle_dead(self, before_ms: int) -> int:
        """Count as used what was set aside before then: those leases ended long ago. Returns how many they were."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(reservations).where(reservations.c.made_ms < before_ms)).all()
        count = 0
        for row in rows:
            with self._engine.begin() as connection:
                count += _settle(connection, row, row.bytes)
        return count

    def balances(self, periods: Iterable[str]) -> dict[Account, Balance]:
        """Every account of `periods` that anything was set aside in."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(budgets).where(budgets.c.period.in_(list(periods))))
            return {
                Account(scope=row.scope, name=row.name, period=row.period): Balance(
                    used_bytes=row.used_bytes, reserved_bytes=row.reserved_bytes
                )
                for row in rows
            }

    def _open(self, accounts: Iterable[Account]) -> None:
        """Begin those accounts that are not there yet."""
        for account in accounts:
            with self._engine.connect() as connection:
                known = connection.execute(select(budgets.c.scope).where(_is(account))).first()
            if known is None:
                try:
                    with self._engine.begin() as connection:
                        connection.execute(
                            insert(budgets).values(
                                scope=account.scope,
                                name=account.name,
                                period=account.period,
                                used_bytes=0,
                                reserved_bytes=0,
                            )
                        )
                except IntegrityError:
                    pass  # somebody else began it


def accounts_of(agent: str | None, site: str, day: str) -> tuple[Account, ...]:
    """The accounts that a test there on that day is paid from."""
    places: list[tuple[Scope, str]] = [("site", site), ("district", "")]
    if agent is not None:
        places.insert(0, ("agent", agent))
    periods = (day, day[:7])
    return tuple(Account(scope=scope, name=name, period=one) for scope, name in places for one in periods)


def forget_periods_before(connection: Connection, day: str) -> int:
    """Drop the accounts of days before `day` and of months before its own."""
    period = budgets.c.period
    old = or_(
        and_(func.length(period) == len("2026-11-25"), period < day),
        and_(func.length(period) == len("2026-11"), period < day[:7]),
    )
    return connection.execute(delete(budgets).where(old)).rowcount


def take_over_test_bytes(connection: Connection) -> None:
    """Take over what the registry of before version 5 knew: bytes by agent and day, the only budget that there was. Its
    days make up an agent's month."""
    connection.execute(
        text(
            "INSERT INTO budgets (scope, name, period, used_bytes, reserved_bytes) "
            "SELECT 'agent', agent, day, bytes, 0 FROM test_bytes "
            "UNION ALL SELECT 'agent', agent, substr(day, 1, 7), sum(bytes), 0 FROM test_bytes "
            "GROUP BY agent, substr(day, 1, 7)"
        )
    )
    connection.execute(text("DROP TABLE test_bytes"))


def _settle(connection: Connection, row: Row[Any], used: int) -> bool:
    gone = connection.execute(delete(reservations).where(reservations.c.lease == row.lease))
    if gone.rowcount != 1:
        return False  # somebody else was quicker
    for account in accounts_of(row.agent, row.site, row.day):
        connection.execute(
            update(budgets)
            .where(_is(account))
            .values(
                used_bytes=budgets.c.used_bytes + used,
                reserved_bytes=budgets.c.reserved_bytes - row.bytes,
            )
        )
    return True


def _is(account: Account) -> ColumnElement[bool]:
    columns = budgets.c
    return and_(columns.scope == account.scope, columns.name == account.name, columns.period == account.period)
