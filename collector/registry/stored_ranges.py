"""Which reports a store without transactions holds, as ranges of sequence numbers in the registry."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, func, insert, select

from collector.registry.schema import stored_ranges as table
from collector.store.history import StoredRange
from collector.store.ledger import BootKey, Range

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StoredRanges:
    """The ranges by agent and boot, durable when a call returns. Times are Unix microseconds.

    Every method may raise `sqlalchemy.exc.SQLAlchemyError`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ranges(self) -> list[Range]:
        """All that is stored."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(table.c.agent, table.c.boot, table.c.first_seq, table.c.last_seq))
            return [(row.agent, row.boot, row.first_seq, row.last_seq) for row in rows]

    def whole_ranges(self) -> list[StoredRange]:
        """All that is stored, with when that was."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(table)).all()
        return [
            StoredRange(
                agent=row.agent,
                boot=row.boot,
                first_seq=row.first_seq,
                last_seq=row.last_seq,
                stored_at=_EPOCH + timedelta(microseconds=row.stored_us),
            )
            for row in rows
        ]

    def newest_us(self) -> int:
        """When something was last stored; 0 when nothing was."""
        with self._engine.connect() as connection:
            return connection.execute(select(func.max(table.c.stored_us))).scalar() or 0

    def replace(self, by_boot: Mapping[BootKey, Iterable[tuple[int, int]]], stored_us: int) -> None:
        """Take these as all the ranges of their boots."""
        rows = [
            {"agent": agent, "boot": boot, "first_seq": first, "last_seq": last, "stored_us": stored_us}
            for (agent, boot), ranges in by_boot.items()
            for first, last in ranges
        ]
        with self._engine.begin() as connection:
            for agent, boot in by_boot:
                connection.execute(delete(table).where(table.c.agent == agent, table.c.boot == boot))
            if rows:
                connection.execute(insert(table), rows)

    def forget_before(self, stored_us: int) -> list[BootKey]:
        """Drop the boots of which nothing was stored since; they are returned."""
        with self._engine.begin() as connection:
            old = connection.execute(
                select(table.c.agent, table.c.boot)
                .group_by(table.c.agent, table.c.boot)
                .having(func.max(table.c.stored_us) < stored_us)
            ).all()
            for agent, boot in old:
                connection.execute(delete(table).where(table.c.agent == agent, table.c.boot == boot))
            return [(agent, boot) for agent, boot in old]
