"""What mailed pages said of rooms, so that the next one can tell what has turned out otherwise since.

Only what may have been read is kept: what a page said goes in with the step after which it is never sent again, and out
again when the server took it from nobody. A page is of a week and a scope, a site or ``None`` for the district.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, func, insert, select, update

from collector.registry.schema import mailed_verdicts as table
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What readers were last told of a room in `week`: `verdict`, and `before` it what the correction corrected,
    ``None`` where there was none."""

    week: date
    room: RoomKey
    verdict: Verdict
    before: Verdict | None


class MailedVerdicts:
    """Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def newest_week(self, scope: str | None) -> date | None:
        """The newest week whose page may have been read."""
        with self._engine.connect() as connection:
            found = connection.execute(select(func.max(table.c.week)).where(table.c.scope == (scope or ""))).scalar()
        return None if found is None else date.fromisoformat(found)

    def corrected_in(self, week: date, scope: str | None) -> list[Said]:
        """The corrections that the page of `week` told, by week and room."""
        return self._where(table.c.scope == (scope or ""), table.c.corrected_in == week.isoformat())

    def between(self, first: date, before: date, scope: str | None) -> list[Said]:
        """What readers believe of the weeks from `first` to before `before`, by week and room."""
        columns = table.c
        of_weeks = and_(columns.week >= first.isoformat(), columns.week < before.isoformat())
        return self._where(columns.scope == (scope or ""), of_weeks)

    def _where(self, *conditions: ColumnElement[bool]) -> list[Said]:
        ordered = select(table).where(*conditions).order_by(table.c.week, table.c.site, table.c.room)
        with self._engine.connect() as connection:
            return [_said(row) for row in connection.execute(ordered)]


def say(
    connection: Connection,
    week: date,
    scope: str | None,
    said: Mapping[RoomKey, Verdict],
    corrected: Iterable[tuple[date, RoomKey, Verdict]],
) -> None:
    """Keep what the page of `week` says, and what it corrects of earlier ones."""
    page = {"week": week.isoformat(), "scope": scope or ""}
    columns = table.c
    unsay(connection, week, scope)
    rows = [page | {"site": site, "room": room, "verdict": verdict} for (site, room), verdict in said.items()]
    if rows:
        connection.execute(insert(table), rows)
    for earlier, (site, room), verdict in corrected:
        connection.execute(
            update(table)
            .where(columns.week == earlier.isoformat(), columns.scope == page["scope"])
            .where(columns.site == site, columns.room == room)
            .values(before=columns.verdict, verdict=verdict, corrected_in=page["week"])
        )


def unsay(connection: Connection, week: date, scope: str | None) -> None:
    """Forget what the page of `week` said: nobody has read it."""
    columns = table.c
    of_scope = columns.scope == (scope or "")
    connection.execute(delete(table).where(of_scope, columns.week == week.isoformat()))
    connection.execute(
        update(table)
        .where(of_scope, columns.corrected_in == week.isoformat())
        .values(verdict=columns.before, before=None, corrected_in=None)
    )


def forget_said_before(connection: Connection, week: str) -> None:
    """Drop what was said of weeks before `week`, such as ``2026-11-16``."""
    connection.execute(delete(table).where(table.c.week < week))


def _said(row: Row[Any]) -> Said:
    return Said(week=date.fromisoformat(row.week), room=(row.site, row.room), verdict=row.verdict, before=row.before)
