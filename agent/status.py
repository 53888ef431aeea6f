"""What the agent in a state folder is doing, read from its spool while it runs or not."""

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass

from agent.advice import REJOIN
from agent.lock import AlreadyRunning, hold_lock
from agent.settings import Settings
from agent.spool_file import Counts, counts, open_for_reading
from agent.state import State
from agent.uplink_words import UplinkStatus, kept_uplinks

NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Ages are in seconds; ``None`` means never. `*_problem` is the last machine word, ``None`` when
    all is well. `reflector` has its port and its packets by what became of them, where this agent is
    one; at most a minute old. `presence` is present or away, where that is asked. `uplinks` are those
    that this agent counts. `agent`, `collector` and `state_folder` are for whoever asks here: they are in no log and
    no report."""

    running: bool
    agent: str
    collector: str
    state_folder: str
    last_push_age_s: int | None
    push_problem: str | None
    config_age_s: int | None
    config_problem: str | None
    reports: Counts
    quarantine: dict[str, int]
    reflector: dict[str, int] | None
    presence: str | None
    uplinks: tuple[UplinkStatus, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return asdict(self)

    def as_text(self) -> str:
        """For people."""
        refused = ", ".join(f"{count} x {word}" for word, count in self.quarantine.items())
        rejoin = REJOIN.get(self.push_problem or "") or REJOIN.get(self.config_problem or "")
        return "\n".join(
            (
                f"agent       {'running' if self.running else 'not running'}",
                f"id          {self.agent}",
                f"collector   {self.collector}",
                f"state       {self.state_folder}",
                f"last push   {_ago(self.last_push_age_s)}{_but(self.push_problem)}",
                f"config      {_ago(self.config_age_s)}{_but(self.config_problem)}",
                f"waiting     {self.reports.waiting} reports",
                f"delivered   {self.reports.delivered}",
                f"dropped     {self.reports.dropped}",
                f"refused     {self.reports.quarantined}{f' ({refused})' if refused else ''}",
                *((f"site        {self.presence}",) if self.presence else ()),
                *((f"reflector   {_counts(self.reflector)}",) if self.reflector else ()),
                *(f"uplink      {one.as_text(_ago(one.age_s))}" for one in self.uplinks),
                *((f"next        {rejoin}",) if rejoin else ()),
            )
        )


def read_status(settings: Settings, state: State, now_ms: int) -> Status:
    """The status at wall time `now_ms`. Raises `sqlite3.Error` when the spool cannot be read."""
    notes: dict[str, str] = {}
    quarantine: dict[str, int] = {}
    reports = Counts(numbered=0, delivered=0, dropped=0, quarantined=0, waiting=0)
    if state.spool.exists():
        with closing(open_for_reading(state.spool)) as db:
            try:
                db.execute("BEGIN")  # one moment for all that is read
                notes = dict(db.execute("SELECT name, value FROM note").fetchall())
                quarantine = dict(
                    db.execute("SELECT word, count(*) FROM quarantine GROUP BY word ORDER BY word").fetchall()
                )
                reports = counts(db)
            except sqlite3.OperationalError as error:
                if "no such table" not in str(error):  # a file that is just being made
                    raise
    return Status(
        running=_is_running(state),
        agent=settings.agent,
        collector=settings.url,
        state_folder=str(state.folder),
        last_push_age_s=_age_s(notes.get("last_push_ms"), now_ms),
        push_problem=notes.get("push_problem") or None,
        config_age_s=_age_s(notes.get("config_ms"), now_ms),
        config_problem=notes.get("config_problem") or None,
        reports=reports,
        quarantine=quarantine,
        presence=notes.get("presence") or None,
        reflector=json.loads(notes.get("reflector") or "null"),
        uplinks=kept_uplinks(notes.get("uplinks"), now_ms),
    )


def _is_running(state: State) -> bool:
    if not state.lock.exists():
        return False
    try:
        hold_lock(state.lock).close()
    except AlreadyRunning:
        return True
    return False


def _age_s(at_ms: str | None, now_ms: int) -> int | None:
    return max(0, now_ms - int(at_ms)) // 1000 if at_ms is not None else None


def _ago(age_s: int | None) -> str:
    if age_s is None:
        return NEVER
    if age_s < 120:
        return f"{age_s} s ago"
    return f"{age_s // 60} min ago" if age_s < 7200 else f"{age_s // 3600} h ago"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _but(problem: str | None) -> str:
    return f", now {problem}" if problem else ""
