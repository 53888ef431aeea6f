"""The ledger of the weekly page: each (week, scope, recipient) is mailed once, whoever asks and whoever dies.

::

    claimed --begin--> sending --finish--> sent | refused | failed | possibly_sent
       ^                  '---- until_ms passes: settle --> possibly_sent
       '---- claim: of one that is new, refused and due again, or claimed and forgotten; by hand also of a failed one

A claim is a random word in the row. Every step is one conditional update that names it, so of any number of collectors
one goes on. `begin` comes before DATA: until then nothing can have been sent and another may take over, from then on
nobody ever does. Clocks decide how soon something is given up, never who sends.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from collector.mail.addresses import masked, same_mailbox
from collector.registry.mailed_verdicts import forget_said_before, say, unsay
from collector.registry.schema import mail_recipients
from collector.registry.schema import mailings as table
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import Verdict

State = Literal["claimed", "sending", "sent", "refused", "failed", "possibly_sent"]

KEPT_FOR = timedelta(weeks=53)
"""So much older than the newest page that was mailed are those that may be forgotten: after a long vacation the page of
the week before it is due."""

OUT: tuple[State, ...] = ("sending", "sent", "possibly_sent")
"""The states in which somebody may have read the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class To:
    """One page for one recipient: the Monday of its `week`, the site that it is about, ``None`` the district."""

    week: date
    scope: str | None
    recipient: str

    @classmethod
    def of(cls, week: date, scope: str | None, address: str) -> "To":
        """For whoever reads `address`. The registry keeps no address, but what it can be known again by."""
        return cls(week=week, scope=scope, recipient=recipient_of(address))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """What became of one page for one recipient so far. Times are epoch milliseconds; `next_ms` is of a refused one,
    `code` and `answer` are what the server said, its addresses masked like the recipient's own, `shown`."""

    to: To
    shown: str
    message_id: str
    state: State
    attempts: int
    changed_ms: int
    next_ms: int | None
    code: int | None
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to send one page; `attempts` counts this one."""

    to: To
    word: str
    message_id: str
    attempts: int


class Mailings:
    """Durable when a call returns. Every method may raise `sqlalchemy.exc.SQLAlchemyError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(
        self, to: To, *, address: str, message_id: str, now_ms: int, until_ms: int, by_hand: bool = False
    ) -> Claim | None:
        """The right to send this page now; ``None`` when it was sent, may have been, or is not due again. `message_id`
        is that of a first claim; later ones keep it. `by_hand` is somebody's express wish: it need not be due, and may
        have failed."""
        word = secrets.token_hex(8)
        columns = table.c
        first = insert(table).values(
            **_key(to),
            shown=masked(address),
            message_id=message_id,
            state="claimed",
            claim=word,
            until_ms=until_ms,
            attempts=1,
            changed_ms=now_ms,
        )
        try:
            with self._engine.begin() as connection:
                connection.execute(first)
                return Claim(to=to, word=word, message_id=message_id, attempts=1)
        except IntegrityError:
            pass  # it has a row
        due = and_(columns.state == "refused", columns.next_ms <= now_ms)
        forgotten = and_(columns.state == "claimed", columns.until_ms < now_ms)
        wished = columns.state.in_(("refused", "failed")) if by_hand else due
        with self._engine.begin() as connection:
            taken = connection.execute(
                update(table)
                .where(_is(to), or_(due, forgotten, wished))
                .values(
                    state="claimed",
                    claim=word,
                    until_ms=until_ms,
                    attempts=columns.attempts + 1,
                    changed_ms=now_ms,
                    next_ms=None,
                )
            )
            if taken.rowcount != 1:
                return None
            row = connection.execute(select(table).where(_is(to))).one()
            return Claim(to=to, word=word, message_id=row.message_id, attempts=row.attempts)

    def begin(
        self,
        claim: Claim,
        *,
        now_ms: int,
        until_ms: int,
        said: Mapping[RoomKey, Verdict],
        corrected: Iterable[tuple[date, RoomKey, Verdict]] = (),
    ) -> bool:
        """Whether the page may be sent: the last word before DATA. From here on it is never sent again by anybody.

        `said` is what it says of every room, kept unless an earlier mail of the same page may have been read;
        `corrected` what it says anew of rooms in the weeks of earlier pages.
        """
        with self._engine.begin() as connection:
            if not _step(connection, claim, "claimed", state="sending", changed_ms=now_ms, until_ms=until_ms):
                return False
            if _readers(connection, claim.to, but=claim.to.recipient) == 0:
                say(connection, claim.to.week, claim.to.scope, said, corrected)
            return True

    def finish(
        self,
        claim: Claim,
        state: Literal["sent", "refused", "failed", "possibly_sent"],
        *,
        now_ms: int,
        next_ms: int | None = None,
        code: int | None = None,
        answer: str | None = None,
    ) -> bool:
        """Write down what became of it. Whether it was still ours to say."""
        values = {"state": state, "changed_ms": now_ms, "next_ms": next_ms, "code": code, "answer": answer}
        with self._engine.begin() as connection:
            if _step(connection, claim, "claimed", "sending", **values):
                if state in {"refused", "failed"} and _readers(connection, claim.to) == 0:
                    unsay(connection, claim.to.week, claim.to.scope)
                return True
            # Taken for lost by another collector, and then it was not.
            return state == "sent" and _step(connection, claim, "possibly_sent", **values)

    def settle(self, now_ms: int) -> int:
        """Give up waiting for who began to send and is gone: nobody knows what became of these. Returns how many."""
        lost = update(table).where(table.c.state == "sending", table.c.until_ms < now_ms)
        with self._engine.begin() as connection:
            return connection.execute(
                lost.values(
                    state="possibly_sent",
                    changed_ms=now_ms,
                    answer="the collector ended before the server answered",
                )
            ).rowcount

    def of_week(self, week: date) -> list[Mailing]:
        """All of one week's page."""
        with self._engine.connect() as connection:
            return [_mailing(row) for row in connection.execute(select(table).where(table.c.week == week.isoformat()))]

    def open_or_of(self, weeks: Iterable[date]) -> list[Mailing]:
        """Those of the pages of `weeks`, and of other weeks those that somebody has still to do with."""
        of_weeks = table.c.week.in_([one.isoformat() for one in weeks])
        wanted = select(table).where(or_(of_weeks, table.c.state.in_(("claimed", "refused"))))
        with self._engine.connect() as connection:
            return [_mailing(row) for row in connection.execute(wanted)]

    def newest_weeks(self, count: int) -> list[Mailing]:
        """Those of the newest weeks that were mailed, newest first."""
        weeks = select(table.c.week).distinct().order_by(table.c.week.desc()).limit(count)
        with self._engine.connect() as connection:
            kept = [row.week for row in connection.execute(weeks)]
            rows = connection.execute(select(table).where(table.c.week.in_(kept)).order_by(table.c.week.desc()))
            return [_mailing(row) for row in rows]

    def counts(self) -> dict[State, int]:
        """How many there are in each state."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(table.c.state, func.count()).group_by(table.c.state))
            return {row[0]: row[1] for row in rows}

    def known_since(self, scope: str | None, address: str, *, now_ms: int) -> int:
        """Since when this recipient is known: from now on, if he was not, or by a clock that was ahead."""
        key = {"scope": scope or "", "recipient": recipient_of(address)}
        columns = mail_recipients.c
        known = select(columns.since_ms).where(columns.scope == key["scope"], columns.recipient == key["recipient"])
        with self._engine.connect() as connection:
            found = connection.execute(known).scalar()
        if found is not None and found > now_ms:
            with self._engine.begin() as connection:
                ours = and_(columns.scope == key["scope"], columns.recipient == key["recipient"])
                connection.execute(update(mail_recipients).where(ours).values(since_ms=now_ms))
            return now_ms
        if found is not None:
            return int(found)
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(mail_recipients).values(**key, since_ms=now_ms))
            return now_ms
        except IntegrityError:  # another collector was quicker
            with self._engine.connect() as connection:
                return int(connection.execute(known).scalar_one())


def recipient_of(address: str) -> str:
    """By what the registry knows who reads `address` again."""
    return hashlib.sha256(same_mailbox(address).encode()).hexdigest()


def forget_mailings_before(connection: Connection, week: str) -> int:
    """Drop what was mailed of weeks before `week`, ``2026-11-16``, and what it said. Returns how many mailings went.

    What is forgotten may be mailed again, so neither a short retention nor a clock that is ahead makes us forget what
    is less than a year older than the newest page.
    """
    newest = connection.execute(select(func.max(table.c.week))).scalar()
    if newest is None:
        return 0
    before = min(week, (date.fromisoformat(newest) - KEPT_FOR).isoformat())
    forget_said_before(connection, before)
    return connection.execute(delete(table).where(table.c.week < before)).rowcount


def _key(to: To) -> dict[str, str]:
    return {"week": to.week.isoformat(), "scope": to.scope or "", "recipient": to.recipient}


def _is(to: To) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in _key(to).items()))


def _step(connection: Connection, claim: Claim, *states: State, **values: Any) -> bool:
    ours = update(table).where(_is(claim.to), table.c.claim == claim.word, table.c.state.in_(states))
    return connection.execute(ours.values(**values)).rowcount == 1


def _readers(connection: Connection, to: To, *, but: str = "") -> int:
    """How many may have read that page, this one recipient left out."""
    columns = table.c
    page = and_(columns.week == to.week.isoformat(), columns.scope == (to.scope or ""), columns.recipient != but)
    counted = select(func.count()).where(page, columns.state.in_(OUT))
    return connection.execute(counted).scalar_one()


def _mailing(row: Row[Any]) -> Mailing:
    return Mailing(
        to=To(week=date.fromisoformat(row.week), scope=row.scope or None, recipient=row.recipient),
        shown=row.shown,
        message_id=row.message_id,
        state=row.state,
        attempts=row.attempts,
        changed_ms=row.changed_ms,
        next_ms=row.next_ms,
        code=row.code,
        answer=row.answer,
    )
