"""Files that are written whole or not at all."""

import os
from collections.abc import Mapping
from pathlib import Path


def write_whole(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write `files`, by their names, into `folder`, which is made where it is missing: each whole or not at all, and
    none before all of them fit. What was there before is replaced in one step. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    waiting = {folder / name: folder / f".{name}.{os.getpid()}" for name in files}
    try:
        for path, beside in waiting.items():
            beside.write_bytes(files[path.name])
        for path, beside in waiting.items():
            beside.replace(path)
    finally:
        for beside in waiting.values():
            beside.unlink(missing_ok=True)
    return list(waiting)
