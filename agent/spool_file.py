"""The spool's SQLite file: schema, opening, damage."""

import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from wire.batch import BootClock

# Clustered by rank, so that dropping the oldest of the lowest rank gives whole pages back.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS report (
    rank INTEGER NOT NULL, seq INTEGER NOT NULL, boot INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (rank, seq)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS report_by_boot ON report (boot, seq);
CREATE TABLE IF NOT EXISTS boot (
    number INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, marker TEXT,
    boot_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL, synchronised INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (
    seq INTEGER PRIMARY KEY, boot INTEGER NOT NULL, word TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO counter VALUES ('seq', 0), ('delivered', 0), ('dropped', 0), ('quarantined', 0);
"""

ASIDE_KEPT = 3
"""Files of each kind kept aside for whoever wants to look; the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Numbers since the spool was made, and `waiting` now.

    numbered = delivered + dropped + quarantined + waiting, always.
    """

    numbered: int
    delivered: int
    dropped: int
    quarantined: int
    waiting: int


def open_file(path: Path) -> sqlite3.Connection:
    """Open or make a spool file. Raises `sqlite3.DatabaseError`; see `is_damage`."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA wal_autocheckpoint = 256")
        db.execute("PRAGMA journal_size_limit = 1048576")
        db.execute("PRAGMA cache_size = -512")
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError(_DAMAGED)
        db.executescript(_SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open an existing spool file, also one an agent is working with. Raises `sqlite3.Error`."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)


_DAMAGED = "quick_check failed"


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether `error` means that the file itself is broken, and not the circumstances."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return error.args == (_DAMAGED,)
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def error_word(error: sqlite3.OperationalError) -> str:
    """The machine word for circumstances that keep a spool from being used, such as ``spool_full``."""
    name = str(getattr(error, "sqlite_errorname", "error"))
    return f"spool_{name.removeprefix('SQLITE_').lower()}"


def move_aside(path: Path, why: str) -> Path:
    """Rename a spool and its journals to ``spool.<why>-<n>``; returns the new name."""
    prefix = f"{path.stem}.{why}-"

    def number(one: Path) -> int:
        digits = one.name.removeprefix(prefix).partition("-")[0]
        return int(digits) if digits.isdigit() else 0

    newest = 1 + max(map(number, path.parent.glob(f"{prefix}*")), default=0)
    aside = path.with_name(f"{prefix}{newest}")
    for suffix in ("", "-wal", "-shm"):
        journal = Path(f"{path}{suffix}")
        if journal.exists():
            journal.replace(f"{aside}{suffix}")
    for one in path.parent.glob(f"{prefix}*"):
        if number(one) <= newest - ASIDE_KEPT:
            one.unlink()
    return aside


def boot_number(db: sqlite3.Connection, marker: str | None, reading: BootClock) -> int:
    """The row of the running boot: the one with its `marker`, or a new one with a random name.

    A boot clock that ran backwards is another boot's, whatever the system says. Boots that have
    nothing waiting are forgotten.
    """
    row = db.execute(
        "SELECT number FROM boot WHERE marker = ? AND boot_ms <= ? ORDER BY number DESC",
        (marker, reading.boot_ms),
    ).fetchone()
    if row is None:
        row = db.execute(
            "INSERT INTO boot SELECT 1 + coalesce(max(number), 0), ?, ?, ?, ?, ? FROM boot RETURNING number",
            (secrets.token_hex(8), marker, reading.boot_ms, reading.wall_ms, reading.synchronised),
        ).fetchone()
    db.execute(
        "DELETE FROM boot WHERE number < ? AND NOT EXISTS (SELECT 1 FROM report WHERE report.boot = boot.number)",
        row,
    )
    return int(row[0])


def used_bytes(db: sqlite3.Connection) -> int:
    """Bytes of the file that hold something; pages given back are used again before the file grows."""
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    (page_bytes,) = db.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * page_bytes)


def counts(db: sqlite3.Connection) -> Counts:
    """The counts of an open spool file; one that is just being made counts nothing."""
    counted = {"seq": 0, "delivered": 0, "dropped": 0, "quarantined": 0}
    counted |= dict(db.execute("SELECT name, value FROM counter").fetchall())
    (waiting,) = db.execute("SELECT count(*) FROM report").fetchone()
    return Counts(
        numbered=counted["seq"],
        delivered=counted["delivered"],
        dropped=counted["dropped"],
        quarantined=counted["quarantined"],
        waiting=waiting,
    )
