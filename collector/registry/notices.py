"""Who was told of which incident, and how that went: claimed before a channel is asked, so that nobody is told twice.

A claim that no answer followed (the process was killed meanwhile, or the answer was too late) is ``uncertain``: the
channel may have been told, and is not told again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from collector.registry.schema import notices as table

NoticeKind = Literal["opened", "grown", "closed"]
NoticeState = Literal["claimed", "told", "refused", "uncertain", "given_up"]
"""``refused`` is tried again, ``given_up`` no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One channel's notice of one incident. `answer` is what the other side said, without anything secret."""

    incident: str
    channel: str
    kind: NoticeKind
    state: NoticeState
    attempts: int
    first_ms: int
    changed_ms: int
    answer: str

    @property
    def key(self) -> tuple[str, str, NoticeKind]:
        """Which it is."""
        return self.incident, self.channel, self.kind


class Notices:
    """All notices, durable when a call returns. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, incidents: Collection[str]) -> list[Notice]:
        """Those of these incidents."""
        if not incidents:
            return []
        with self._engine.connect() as connection:
            rows = connection.execute(select(table).where(table.c.incident.in_(incidents)))
            return [_notice(row) for row in rows]

    def claim(self, incident: str, channel: str, kind: NoticeKind, *, now_ms: int) -> bool:
        """Take it upon us to tell; whether it is ours, or another collector's."""
        try:
            with self._engine.begin() as connection:
                connection.execute(
                    insert(table).values(
                        incident=incident,
                        channel=channel,
                        kind=kind,
                        state="claimed",
                        attempts=1,
                        first_ms=now_ms,
                        changed_ms=now_ms,
                        answer="",
                    )
                )
        except IntegrityError:
            return False
        return True

    def claim_again(self, one: Notice, *, now_ms: int) -> bool:
        """Take upon us to tell again what was refused; whether it is ours."""
        ours = _same(one) & (table.c.state == "refused") & (table.c.attempts == one.attempts)
        return self._set(ours, state="claimed", attempts=one.attempts + 1, changed_ms=now_ms)

    def note(self, key: tuple[str, str, NoticeKind], state: NoticeState, answer: str, *, now_ms: int) -> bool:
        """Keep what became of a claim; whether it was still one."""
        incident, channel, kind = key
        ours = (
            (table.c.incident == incident)
            & (table.c.channel == channel)
            & (table.c.kind == kind)
            & (table.c.state == "claimed")
        )
        return self._set(ours, state=state, answer=answer[:200], changed_ms=now_ms)

    def give_up_claims(self, *, before_ms: int, now_ms: int) -> int:
        """Say ``uncertain`` of what was claimed before then and not answered. Returns how many."""
        old = (table.c.state == "claimed") & (table.c.changed_ms < before_ms)
        with self._engine.begin() as connection:
            values = {"state": "uncertain", "changed_ms": now_ms, "answer": "no answer was kept"}
            return connection.execute(update(table).where(old).values(**values)).rowcount

    def _set(self, condition: Any, **values: object) -> bool:
        with self._engine.begin() as connection:
            return connection.execute(update(table).where(condition).values(**values)).rowcount == 1


def _same(one: Notice) -> Any:
    return (table.c.incident == one.incident) & (table.c.channel == one.channel) & (table.c.kind == one.kind)


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        incident=row.incident,
        channel=row.channel,
        kind=row.kind,
        state=row.state,
        attempts=row.attempts,
        first_ms=row.first_ms,
        changed_ms=row.changed_ms,
        answer=row.answer,
    )
