"""When the district's reflector, which is in the collector, did not answer: nobody could measure to it then."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, delete, insert, select

from collector.registry.schema import reflector_answered, reflector_off

Off = tuple[int, int]
"""From, until: epoch milliseconds."""


class ReflectorOff:
    """Times in epoch milliseconds. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last_answered_ms(self) -> int | None:
        """When it was last known to answer; ``None`` when it never ran."""
        with self._engine.connect() as connection:
            return connection.execute(select(reflector_answered.c.at_ms)).scalar()

    def note(self, *, answered_ms: int, off: Sequence[Off] = ()) -> None:
        """Keep that it answered now, and when it was `off` before."""
        with self._engine.begin() as connection:
            connection.execute(delete(reflector_answered))
            connection.execute(insert(reflector_answered).values(at_ms=answered_ms))
            for from_ms, until_ms in off:
                connection.execute(insert(reflector_off).values(from_ms=from_ms, until_ms=until_ms))

    def between(self, from_ms: int, until_ms: int) -> list[Off]:
        """When it was off in this time, ascending. Of times before it first ran nothing is known, and nothing told."""
        columns = reflector_off.c
        overlapping = select(columns.from_ms, columns.until_ms).where(
            columns.from_ms < until_ms, columns.until_ms > from_ms
        )
        with self._engine.connect() as connection:
            rows = connection.execute(overlapping.order_by(columns.from_ms))
            return [(row.from_ms, row.until_ms) for row in rows]


def forget_off_before(connection: Connection, before_ms: int) -> int:
    """Drop what ended before then. Returns how much went."""
    return connection.execute(delete(reflector_off).where(reflector_off.c.until_ms < before_ms)).rowcount
