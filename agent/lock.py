"""One agent for each state folder."""

import sys
from pathlib import Path
from typing import IO


class AlreadyRunning(Exception):
    """Another agent works with the same state folder."""


def hold_lock(path: Path) -> IO[bytes]:
    """Lock `path` until the file returned is closed or the process ends, however it ends.

    Raises `AlreadyRunning`, or `OSError` when the file cannot be made.
    """
    file = path.open("ab")
    try:
        _lock(file)
    except OSError:
        file.close()
        raise AlreadyRunning from None
    return file


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
