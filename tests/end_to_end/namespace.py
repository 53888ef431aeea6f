"""A network namespace with addresses of its own, and processes and sockets in it. Needs root."""

import ctypes
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000
HARDWARE = "02:83:07:5e:c1:e7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """Joined to this machine by a cable whose end here has the address `outside`."""

    name: str
    outside: str = "10.83.7.1"
    address: str = "10.83.7.22"
    address_6: str = "fd83:7::22"
    gateway: str = "10.83.7.254"
    gateway_6: str = "fd83:7::fe"

    def command(self, hostname: str) -> list[str]:
        """What to put before a command so that it runs in there, on a machine called `hostname`."""
        script = f'echo {hostname} > /proc/sys/kernel/hostname && exec "$0" "$@"'
        return ["ip", "netns", "exec", self.name, "unshare", "--uts", "sh", "-c", script]

    def open_socket(self, family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        """A socket in there, for this process."""
        with ThreadPoolExecutor(1, initializer=self._enter) as thread:
            return thread.submit(socket.socket, family, kind).result()

    def _enter(self) -> None:
        """Move the calling thread, and it alone."""
        libc = ctypes.CDLL(None, use_errno=True)
        file = os.open(Path("/var/run/netns") / self.name, os.O_RDONLY)
        try:
            if libc.setns(file, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(file)

    def addresses(self) -> set[str]:
        """Every address of its cable end, of both versions."""
        listed = _ip("-n", self.name, "address", "show", "dev", "inside")
        return set(re.findall(r"inet6? ([0-9a-f.:]+)/", listed))


@contextmanager
def namespace() -> Iterator[Namespace]:
    """One that is gone afterwards."""
    one = Namespace(name=f"bandroom-{os.getpid()}")
    cable = f"br{os.getpid() % 10**8}"
    _ip("netns", "add", one.name)
    try:
        inside = ("-n", one.name)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "inside", "address", HARDWARE, "netns", one.name)
        for address in (one.outside, one.gateway):
            _ip("address", "add", f"{address}/24", "dev", cable)
        _ip("address", "add", f"{one.gateway_6}/64", "dev", cable, "nodad")
        _ip("link", "set", cable, "up")
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "address", "add", f"{one.address}/24", "dev", "inside")
        _ip(*inside, "address", "add", f"{one.address_6}/64", "dev", "inside", "nodad")
        _ip(*inside, "link", "set", "inside", "up")
        _ip(*inside, "route", "add", "default", "via", one.gateway)
        _ip(*inside, "-6", "route", "add", "default", "via", one.gateway_6)
        yield one
    finally:
        _ip("netns", "delete", one.name)
        subprocess.run(["ip", "link", "delete", cable], check=False, capture_output=True)


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout
