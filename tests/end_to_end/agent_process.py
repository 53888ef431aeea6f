"""A real agent: ``bandroom-agent`` over a temporary folder."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.end_to_end.process import Running, run
from tests.end_to_end.waiting import PATIENCE_S, eventually


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolContent:
    """What a spool holds: (boot, seq) of the reports that wait, and how many were ever numbered."""

    waiting: frozenset[tuple[str, int]]
    numbered: int


class AgentFolder:
    """One agent's state folder, and the agent that runs from it, again and again."""

    def __init__(self, folder: Path, *, prefix: Sequence[str] = (), env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.log = folder.parent / f"{folder.name}.log"
        self._prefix = prefix
        self._env = dict(env or {})
        self.running: Running | None = None

    def join(self, url: str, code: str, *options: str) -> None:
        """Enrol at the collector."""
        done = run(
            "bandroom-agent",
            *("join", url, "--code", code, "--state", str(self.folder), *options),
            prefix=self._prefix,
            env=self._env,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> Running:
        """Run the agent."""
        self.running = Running(
            self.log, "bandroom-agent", "run", "--state", self.folder, prefix=self._prefix, env=self._env
        )
        return self.running

    def stop(self, within_s: float = PATIENCE_S) -> None:
        """Stop it as a service manager would; it ends well."""
        assert self.running is not None
        assert self.running.stop(within_s) == 0, self.running.said()
        assert "Traceback" not in self.running.said(), self.running.said()

    def status(self) -> dict[str, Any]:
        """``bandroom-agent status --json``."""
        done = run("bandroom-agent", "status", "--json", "--state", self.folder, prefix=self._prefix, env=self._env)
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def reports(self) -> dict[str, int]:
        """What the agent says it made and what became of it; it adds up."""
        said: dict[str, int] = self.status()["reports"]
        assert said["numbered"] == sum(said[one] for one in ("delivered", "dropped", "quarantined", "waiting")), said
        return said

    def wait_until_all_is_delivered(self, *, at_least: int = 1, within_s: float = PATIENCE_S) -> dict[str, int]:
        """Wait for a moment at which nothing waits."""

        def delivered() -> dict[str, int] | None:
            said = self.reports()
            return said if said["waiting"] == 0 and said["delivered"] >= at_least else None

        return eventually(f"at least {at_least} reports are delivered and none waits", delivered, within_s=within_s)

    @property
    def agent(self) -> str:
        """The agent's id."""
        line = next(one for one in (self.folder / "agent.toml").read_text().splitlines() if one.startswith("agent"))
        return line.partition('"')[2].rstrip('"')

    def spooled(self) -> SpoolContent:
        """What the spool of a dead agent holds."""
        with self._copied_spool() as spool:
            if spool is None:
                return SpoolContent(waiting=frozenset(), numbered=0)
            rows = spool.execute("SELECT boot.boot, seq FROM report JOIN boot ON boot.number = report.boot")
            waiting = frozenset(rows.fetchall())
            numbered = spool.execute("SELECT value FROM counter WHERE name = 'seq'").fetchone()
            return SpoolContent(waiting=waiting, numbered=numbered[0] if numbered else 0)

    def spooled_bodies(self) -> list[dict[str, Any]]:
        """The reports that wait in the spool of a dead agent."""
        with self._copied_spool() as spool:
            rows = spool.execute("SELECT body FROM report ORDER BY seq").fetchall() if spool else []
            return [json.loads(body) for (body,) in rows]

    def kept_bodies(self) -> list[dict[str, Any]]:
        """The reports that wait in the spool of an agent that has begun, running or not."""
        with closing(sqlite3.connect(f"{(self.folder / 'spool.sqlite').as_uri()}?mode=ro", uri=True)) as spool:
            return [json.loads(body) for (body,) in spool.execute("SELECT body FROM report ORDER BY seq")]

    @contextmanager
    def _copied_spool(self) -> Iterator[sqlite3.Connection | None]:
        """A copy of the spool, because opening it after a kill is the agent's own business; ``None`` when
        there is none yet, or one that was killed while it was being made."""
        assert self.running is None or self.running.ended
        with tempfile.TemporaryDirectory() as elsewhere:
            for name in ("spool.sqlite", "spool.sqlite-wal"):
                if (self.folder / name).exists():
                    shutil.copy(self.folder / name, elsewhere)
            path = Path(elsewhere) / "spool.sqlite"
            if not path.exists():
                yield None
                return
            with closing(sqlite3.connect(path)) as spool:
                made = spool.execute("SELECT 1 FROM sqlite_master WHERE name = 'note'").fetchone()
                yield spool if made else None

    def close(self) -> None:
        """Leave nothing running."""
        if self.running is not None:
            self.running.end()
            assert "Traceback" not in (said := self.log.read_text(errors="replace")), said
