"""Reports on disk until the collector has them: SQLite, bounded, surviving kill -9 and power loss."""

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from agent.fold import Draft
from agent.spool_file import Counts, boot_number, counts, is_damage, move_aside, open_file, used_bytes
from wire.batch import BootClock
from wire.codec import decode, encode
from wire.fields import WireError
from wire.reports import KINDS, AwayReport, HealthReport, Report, ThroughputReport

log = logging.getLogger(__name__)

DEFAULT_LIMIT_BYTES = 64 * 2**20
QUARANTINE_MOST = 1000
ROOM_AGAIN = 0.75
"""A full spool has room again below this part of its limit; each drop makes a little room, too."""

_DROPPED_AT_ONCE = 64


class SpoolLost(Exception):
    """The file turned out to be damaged; it was moved aside and an empty one made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """A boot that has reports waiting. `clock` is the best reading kept of it."""

    boot: str
    clock: BootClock
    current: bool


class Spool:
    """The waiting reports of one agent. Every method blocks and may be called from any thread.

    A report's number `seq` is given here and never again, also not after its report is gone. The
    machine's own name for this boot stays here: reports carry a random one drawn for it, and a
    new spool draws a new one, so that no number is ever used twice.

    When the file would grow past `limit_bytes` the oldest go first: latency, then health, then
    throughput and whatever names a failure, because these explain an outage.
    """

    def __init__(self, path: Path, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self._path = path
        self._limit_bytes = limit_bytes
        self._lock = Lock()
        self._db: sqlite3.Connection | None = None
        self._marker: str | None = None
        self._current = 0
        self._full = False

    def open(self, *, marker: str | None, reading: BootClock) -> None:
        """Open or make the file. A damaged one is moved aside. Raises `sqlite3.OperationalError`."""
        self._marker = marker
        with self._lock:
            try:
                self._connect(reading)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._start_over(reading)

    def close(self) -> None:
        """Close the file; everything added is in it already."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def add(self, drafts: Sequence[Draft], reading: BootClock, *, lost: int = 0) -> None:
        """Number and keep `drafts`, durably, in one commit; keep `reading` of this boot's clocks,
        unless a synchronised one is kept already. `lost` drafts found no way here and are counted.

        Raises `SpoolLost`, and `sqlite3.OperationalError` when the disk is full or gone.
        """
        with self._transaction(reading) as db:
            seq = _count(db, "seq", lost + len(drafts)) - len(drafts)
            for place, draft in enumerate(drafts, start=1):
                try:
                    report = draft(seq=seq + place)
                except WireError as error:
                    log.warning("a report of ours cannot be true and is dropped word=%s", error.word)
                    lost += 1
                    continue
                db.execute(
                    "INSERT INTO report VALUES (?, ?, ?, ?)",
                    (rank_of(report), report.seq, self._current, encode(report).decode()),
                )
            _count(db, "dropped", lost)
            db.execute(
                "UPDATE boot SET boot_ms = ?, wall_ms = ?, synchronised = ? WHERE number = ? AND synchronised <= ?",
                (reading.boot_ms, reading.wall_ms, reading.synchronised, self._current, reading.synchronised),
            )
            self._drop_beyond_limit(db)

    def boots(self) -> list[Boot]:
        """The boots that have reports waiting, oldest first. Raises `SpoolLost`."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT boot, boot_ms, wall_ms, synchronised, number FROM boot "
                "WHERE EXISTS (SELECT 1 FROM report WHERE report.boot = boot.number) ORDER BY number"
            ).fetchall()
            current = self._current
        return [
            Boot(
                boot=boot,
                clock=BootClock(boot_ms=boot_ms, wall_ms=wall_ms, synchronised=bool(synchronised), live=False),
                current=number == current,
            )
            for boot, boot_ms, wall_ms, synchronised, number in rows
        ]

    def read(self, boot: Boot, most: int) -> list[Report]:
        """The oldest reports of `boot`, at most `most`. One that cannot be read is quarantined."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT seq, body FROM report WHERE boot = (SELECT number FROM boot WHERE boot = ?) "
                "ORDER BY seq LIMIT ?",
                (boot.boot, most),
            ).fetchall()
        reports: list[Report] = []
        unreadable: dict[int, str] = {}
        for seq, body in rows:
            try:
                reports.append(decode(KINDS[json.loads(body)["kind"]], body))
            except (WireError, ValueError, KeyError, TypeError):
                unreadable[seq] = "unreadable"
        if unreadable:
            self.settle(boot, delivered=(), refused=unreadable)
        return reports

    def settle(self, boot: Boot, *, delivered: Sequence[int], refused: Mapping[int, str], at_ms: int = 0) -> None:
        """Forget the `delivered`; set the `refused` aside, each with its machine word. One commit.

        Reports are named together with their boot: should the file have been replaced meanwhile,
        the same numbers stand for other reports in it.
        """
        with self._transaction() as db:
            row = db.execute("SELECT number FROM boot WHERE boot = ?", (boot.boot,)).fetchone()
            if row is None:
                return
            for seq, word in refused.items():
                db.execute(
                    "INSERT INTO quarantine SELECT seq, boot, ?, body FROM report WHERE boot = ? AND seq = ?",
                    (word, row[0], seq),
                )
            db.execute(
                "DELETE FROM quarantine WHERE seq <= (SELECT seq FROM quarantine ORDER BY seq DESC LIMIT 1 OFFSET ?)",
                (QUARANTINE_MOST,),
            )
            _count(db, "quarantined", _delete(db, row[0], refused))
            _count(db, "delivered", _delete(db, row[0], delivered))
            if delivered:
                db.execute("INSERT OR REPLACE INTO note VALUES ('last_push_ms', ?)", (str(at_ms),))

    def counts(self) -> Counts:
        """What waits and what became of the rest."""
        with self._transaction() as db:
            return counts(db)

    def note(self, **notes: str) -> None:
        """Keep short facts for `bandroom-agent status`; one that cannot be kept is nobody's loss."""
        with suppress(SpoolLost, sqlite3.OperationalError), self._transaction() as db:
            db.executemany("INSERT OR REPLACE INTO note VALUES (?, ?)", list(notes.items()))

    def _connect(self, reading: BootClock) -> None:
        db = open_file(self._path)
        try:
            self._current = boot_number(db, self._marker, reading)
        except BaseException:
            db.close()
            raise
        self._db = db

    def _start_over(self, reading: BootClock) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
        log.warning("spool is damaged and moved aside file=%s", move_aside(self._path, "corrupt").name)
        self._connect(reading)

    @contextmanager
    def _transaction(self, reading: BootClock | None = None) -> Iterator[sqlite3.Connection]:
        with self._lock:
            db = self._db
            if db is None:
                raise sqlite3.OperationalError("the spool is closed")
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
                    self._start_over(reading or _UNKNOWN)
                    raise SpoolLost from None
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _drop_beyond_limit(self, db: sqlite3.Connection) -> None:
        dropped = 0
        while used_bytes(db) > self._limit_bytes:
            gone = db.execute(
                "DELETE FROM report WHERE (rank, seq) IN (SELECT rank, seq FROM report ORDER BY rank, seq LIMIT ?)",
                (_DROPPED_AT_ONCE,),
            ).rowcount
            if not gone:
                break
            dropped += gone
        _count(db, "dropped", dropped)
        if dropped and not self._full:
            log.warning("spool is full, the oldest go limit_bytes=%d", self._limit_bytes)
            self._full = True
        elif self._full and used_bytes(db) < ROOM_AGAIN * self._limit_bytes:
            log.info("spool has room again")
            self._full = False


_UNKNOWN = BootClock(boot_ms=0, wall_ms=0, synchronised=False, live=False)


def rank_of(report: Report) -> int:
    """What goes first when the spool is full: 0 latency, services and paths, 1 health and being away, 2 throughput and
    failures."""
    if isinstance(report, HealthReport | AwayReport):
        return 1
    return 2 if isinstance(report, ThroughputReport) or report.failure is not None else 0


def _count(db: sqlite3.Connection, name: str, by: int) -> int:
    row = db.execute("UPDATE counter SET value = value + ? WHERE name = ? RETURNING value", (by, name)).fetchone()
    return int(row[0])


def _delete(db: sqlite3.Connection, boot: int, seqs: Iterable[int]) -> int:
    deleted = 0
    for seq in seqs:
        deleted += db.execute("DELETE FROM report WHERE boot = ? AND seq = ?", (boot, seq)).rowcount
    return deleted
