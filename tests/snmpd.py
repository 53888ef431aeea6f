"""A real SNMP agent, Debian's, on a port of this machine's own."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

COMMUNITY = "right-one"
KEYS = ("auth-key-1", "priv-key-1")
USERS = {
    "sha1-aes128": ("SHA", "AES"),
    "sha256-aes128": ("SHA-256", "AES"),
    "sha512-aes256": ("SHA-512", "AES-256"),
    "sha256-aes256-cisco": ("SHA-256", "AES-256-C"),
    "md5-des": ("MD5", "DES"),
}
"""By what they are called: how Net-SNMP calls that."""

STARTS_S = 10.0


class Snmpd:
    """snmpd with a community and the users of `USERS`, and with `more` lines of configuration."""

    def __init__(self, folder: Path, *more: str) -> None:
        self._folder = folder
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    def start(self) -> "Snmpd":
        """Start it, with a new uptime and what it kept of SNMPv3, and wait until it listens."""
        users = [
            line
            for name, (auth, privacy) in USERS.items()
            for line in (f'createUser {name} {auth} "{KEYS[0]}" {privacy} "{KEYS[1]}"', f"rouser {name} priv")
        ]
        config = self._folder / "snmpd.conf"
        config.write_text(
            "\n".join(
                (
                    f"agentAddress udp:127.0.0.1:{self.port}",
                    f"rocommunity {COMMUNITY} 127.0.0.1",
                    "view blind included 1.3.6.1.2.1.1",
                    "rocommunity blind 127.0.0.1 -V blind",
                    'createUser auth-only SHA-256 "auth-key-1"',
                    "rouser auth-only auth",
                    *users,
                    *self._more,
                    "",
                )
            )
        )
        self._process = subprocess.Popen(
            [snmpd_path() or "snmpd", "-f", "-Lf", str(self._folder / "log"), "-C", "-c", str(config), "-I", "-smux"],
            env={**os.environ, "SNMP_PERSISTENT_DIR": str(self._folder / "kept"), "MIBS": ""},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ends_at = time.monotonic() + STARTS_S
        while "NET-SNMP version" not in self._log():
            assert self._process.poll() is None, self._log()
            assert time.monotonic() < ends_at, "snmpd did not start"
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        """Stop it, and forget its log."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
        (self._folder / "log").unlink(missing_ok=True)

    def _log(self) -> str:
        log = self._folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""


def snmpd_path() -> str | None:
    """Where it is; Debian keeps it where a user's PATH may not look."""
    return shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        return int(link.getsockname()[1])
