"""A real SNMP agent, Debian's, on a port of this machine's own."""

import asyncio
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    set_cmd,
)
from pysnmp.proto.rfc1902 import Integer32

COMMUNITY = "right-one"
AUTH_KEY, PRIVACY_KEY = "auth-key-1", "priv-key-1"
USERS = {
    "sha1-aes128": ("SHA", "AES"),
    "sha256-aes128": ("SHA-256", "AES"),
    "sha512-aes256": ("SHA-512", "AES-256"),
    "sha256-aes256-cisco": ("SHA-256", "AES-256-C"),
    "md5-des": ("MD5", "DES"),
}
"""By what they are called: how Net-SNMP calls that."""

STARTS_S = 10.0
_WRITER = "writer"
_IF_TABLE_CACHE = (1, 3, 6, 1, 4, 1, 8072, 1, 5, 3, 1, 2, 1, 3, 6, 1, 2, 1, 2, 2)  # nsCacheTimeout of ifTable

IF_TABLE, IF_X_TABLE = ".1.3.6.1.2.1.2.2.1", ".1.3.6.1.2.1.31.1.1.1"
SCRIPT = Path(__file__).parent / "made_interfaces.py"


class Snmpd:
    """snmpd with a community and the users of `USERS`. Its interfaces are this machine's own, or, `made_up`, those that
    `has` names; its uptime is its own. `more` are lines of its configuration."""

    def __init__(self, folder: Path, *more: str, made_up: bool = False) -> None:
        self._folder = folder
        self._more = more
        self._made_up = made_up
        self._objects = folder / "objects"
        self._objects.touch()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    def start(self) -> "Snmpd":
        """Start it, with a new uptime and what it kept of SNMPv3, and wait until it listens."""
        config = self._folder / "snmpd.conf"
        config.write_text("\n".join(self._config()) + "\n")
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

    def read_interfaces_at_once(self) -> None:
        """Let it look at this machine's interfaces whenever it is asked, which it else does every three seconds."""
        asyncio.run(self._set(_IF_TABLE_CACHE, 0))

    def has(self, *objects: tuple[str, str, object]) -> None:
        """From now on it has these objects of its interfaces and no others: OID, type as `pass` names it, and value."""
        draft = self._objects.with_suffix(".new")
        draft.write_text("".join(f"{oid} {kind} {value}\n" for oid, kind, value in objects), encoding="utf-8")
        draft.replace(self._objects)

    def _config(self) -> list[str]:
        lines = [
            f"agentAddress udp:127.0.0.1:{self.port},udp6:[::1]:{self.port}",
            f"rocommunity {COMMUNITY} 127.0.0.1",
            f"rocommunity6 {COMMUNITY} ::1",
            f"rwcommunity {_WRITER} 127.0.0.1",
            "view blind included 1.3.6.1.2.1.1",
            "rocommunity blind 127.0.0.1 -V blind",
            f'createUser auth-only SHA-256 "{AUTH_KEY}"',
            "rouser auth-only auth",
            *self._more,
        ]
        for name, (auth, privacy) in USERS.items():
            lines += [f'createUser {name} {auth} "{AUTH_KEY}" {privacy} "{PRIVACY_KEY}"', f"rouser {name} priv"]
        if self._made_up:
            command = shlex.join((sys.executable, str(SCRIPT)))
            for table in (IF_TABLE, IF_X_TABLE):
                lines.append(f"pass_persist {table} {command} {table} {shlex.quote(str(self._objects))}")
        return lines

    def _log(self) -> str:
        log = self._folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    async def _set(self, oid: tuple[int, ...], value: int) -> None:
        engine: Any = SnmpEngine()
        target = await UdpTransportTarget.create(("127.0.0.1", self.port))
        pair = ObjectType(ObjectIdentity(oid), Integer32(value))
        said = await set_cmd(engine, CommunityData(_WRITER, mpModel=1), target, ContextData(), pair, lookupMib=False)
        engine.close_dispatcher()
        assert said[0] is None, said[0]
        assert not int(said[1]), said


def snmpd_path() -> str | None:
    """Where it is; Debian keeps it where a user's PATH may not look."""
    return shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        return int(link.getsockname()[1])
