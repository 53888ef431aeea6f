"""Which start of the machine this is, as far as the system says. Never sent: see `agent.spool`."""

import sys
from pathlib import Path

LINUX_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


if sys.platform == "win32":
    import winreg

    def boot_marker() -> str | None:
        """A text that changes with each start of the machine; ``None`` where there is none."""
        key = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
                value, _ = winreg.QueryValueEx(opened, "BootId")
        except OSError:
            return None
        return str(value)

else:

    def boot_marker() -> str | None:
        """A text that changes with each start of the machine; ``None`` where there is none."""
        try:
            return LINUX_BOOT_ID.read_text().strip() or None
        except OSError:
            return None
