"""A command of ours as a process, its stderr in a file, and never left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.end_to_end.waiting import PATIENCE_S

COMMANDS = Path(sys.executable).parent
"""Where an installer puts ``bandroom`` and ``bandroom-agent``."""

PROXY_SETTINGS = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def environment(**more: str) -> dict[str, str]:
    """This machine's environment without its proxies, and `more`."""
    kept = {name: value for name, value in os.environ.items() if name.lower() not in PROXY_SETTINGS}
    return {**kept, "COLUMNS": "200", **more}


def run(
    command: str,
    *arguments: str | Path,
    prefix: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    within_s: float = PATIENCE_S,
) -> "subprocess.CompletedProcess[str]":
    """Run a command of ours to its end."""
    return subprocess.run(
        [*prefix, str(COMMANDS / command), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=within_s,
        env=environment(**(env or {})),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
    )


class Running:
    """A command under way in a process group of its own. Everything it says goes to `log`."""

    def __init__(
        self,
        log: Path,
        command: str,
        *arguments: str | Path,
        prefix: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.log = log
        self._from = log.stat().st_size if log.exists() else 0
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [*prefix, str(COMMANDS / command), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=environment(**(env or {})),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def said(self) -> str:
        """What it logged since this start; earlier runs may have written to the same file."""
        with self.log.open("rb") as file:
            file.seek(self._from)
            return file.read().decode(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """Its exit code."""
        return self._process.wait(timeout=within_s)

    def stop(self, within_s: float = PATIENCE_S) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(within_s)

    def kill(self) -> None:
        """SIGKILL: no chance to finish anything."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """End the process and whatever it started, should anything be left."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
