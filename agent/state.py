"""Where an agent keeps what it knows: one folder."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = "BANDROOM_AGENT_STATE"


@dataclass(frozen=True, slots=True)
class State:
    """The files in an agent's state folder."""

    folder: Path

    @property
    def settings(self) -> Path:
        """Who this agent is and where it reports: see `agent.settings`."""
        return self.folder / "agent.toml"

    @property
    def pending(self) -> Path:
        """The token of a `join` that was not answered yet."""
        return self.folder / "pending-join.json"

    @property
    def config(self) -> Path:
        """The last config the collector gave."""
        return self.folder / "config.json"

    @property
    def known_place(self) -> Path:
        """Digests of the attachment at which the site's reflector last answered: see `agent.known_place`."""
        return self.folder / "known-place.json"

    @property
    def spool(self) -> Path:
        """Reports that wait."""
        return self.folder / "spool.sqlite"

    @property
    def log(self) -> Path:
        """What the agent logs where it is a service without a journal, which is on Windows."""
        return self.folder / "agent.log"

    @property
    def lock(self) -> Path:
        """Held by the running agent."""
        return self.folder / "agent.lock"


def default_folder(environment: Mapping[str, str]) -> Path:
    """The state folder where no ``--state`` was given, by the platform's custom."""
    if chosen := environment.get(ENVIRONMENT):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(environment.get("PROGRAMDATA", r"C:\ProgramData")) / "bandroom-agent"
    if os.geteuid() == 0:
        return Path("/var/lib/bandroom-agent")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "bandroom-agent"
    return Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "bandroom-agent"


def write_private(path: Path, text: str) -> None:
    """Write `path` whole or not at all, readable by its owner only. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
