"""The Wi-Fi association of one interface as it is now: read, never scanned for. On macOS it is not read."""

import os
import shutil
import sys

from agent.association import Association
from agent.command import text_of
from agent.wifi_iw import from_iw

if sys.platform == "win32":
    from agent.wifi_windows import ask_windows

_ADMIN_FOLDERS = ("/usr/sbin", "/sbin")  # where iw is, and where the search path of an ordinary user does not look


def read_association(name: str) -> Association | None:
    """The association of the interface `name`; ``None`` without one or where it cannot be read. Blocks for seconds at
    most."""
    if sys.platform == "win32":
        return ask_windows(name)
    iw = shutil.which("iw", path=os.pathsep.join((os.environ.get("PATH", os.defpath), *_ADMIN_FOLDERS)))
    if sys.platform != "linux" or iw is None:
        return None
    return from_iw(text_of([iw, "dev", name, "info"]), text_of([iw, "dev", name, "station", "dump"]))
