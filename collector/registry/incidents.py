"""Incidents as the registry keeps them: of one thing one at a time, whoever finds it, and closed by one alone."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from collector.alerts.incident import Incident
from collector.registry.schema import incidents as table
from collector.registry.schema import notices


class Incidents:
    """All incidents, durable when a call returns. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self) -> list[Incident]:
        """Those that last, the oldest first."""
        return self._read(
            select(table).where(table.c.closed_ms.is_(None)).order_by(table.c.opened_ms, table.c.incident)
        )

    def closed_since(self, moment: datetime) -> list[Incident]:
        """Those that were closed at `moment` or later, the oldest first."""
        wanted = table.c.closed_ms >= _ms(moment)
        return self._read(select(table).where(wanted).order_by(table.c.closed_ms, table.c.incident))

    def newest(self, count: int) -> list[Incident]:
        """The last `count` that were opened, newest first, merged ones left out."""
        found = self._read(select(table).order_by(table.c.opened_ms.desc(), table.c.incident).limit(4 * count))
        return [one for one in found if one.ending != "merged"][:count]

    def add(self, one: Incident) -> bool:
        """Open one; whether that was so, or another collector was quicker."""
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(table).values(incident=one.incident, **_row(one)))
        except IntegrityError:
            return False
        return True

    def change(self, one: Incident) -> bool:
        """Keep what `one` is now; whether that was so. It is not where another collector has closed it, or has just
        opened one about what `one` has come to be about: the next look sees both."""
        still_open = (table.c.incident == one.incident) & table.c.closed_ms.is_(None)
        try:
            with self._engine.begin() as connection:
                return connection.execute(update(table).where(still_open).values(**_row(one))).rowcount == 1
        except IntegrityError:
            return False

    def _read(self, wanted: Any) -> list[Incident]:
        with self._engine.connect() as connection:
            return [_incident(row) for row in connection.execute(wanted)]


def forget_incidents_before(connection: Connection, before_ms: int) -> int:
    """Drop what was closed before then, and who was told. Returns how many incidents went."""
    old = select(table.c.incident).where(table.c.closed_ms < before_ms)
    connection.execute(delete(notices).where(notices.c.incident.in_(old)))
    return connection.execute(delete(table).where(table.c.closed_ms < before_ms)).rowcount


def _row(one: Incident) -> dict[str, object]:
    return {
        "about": one.about,
        "open_about": one.about if one.is_open else None,
        "began_ms": _ms(one.began_at),
        "opened_ms": _ms(one.opened_at),
        "ended_ms": None if one.ended_at is None else _ms(one.ended_at),
        "closed_ms": None if one.closed_at is None else _ms(one.closed_at),
        "says": one.says(),
    }


def _incident(row: Row[Any]) -> Incident:
    return Incident.of(
        incident=row.incident,
        about=row.about,
        began_ms=row.began_ms,
        opened_ms=row.opened_ms,
        ended_ms=row.ended_ms,
        closed_ms=row.closed_ms,
        says=row.says,
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
