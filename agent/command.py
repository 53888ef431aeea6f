"""The output of one of the system's own commands, for what a system tells in no other way."""

import os
import subprocess
from collections.abc import Sequence

TIMEOUT_S = 2.0


def output_of(command: Sequence[str], timeout_s: float = TIMEOUT_S) -> bytes:
    """What `command` prints, in the C locale where the system has one; nothing when it is not installed, fails, or
    takes longer than `timeout_s`. Blocks."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 else b""


def text_of(command: Sequence[str]) -> str:
    """The same as text. What is no UTF-8 is replaced: only numbers and names are looked for."""
    return output_of(command).decode(errors="replace")
