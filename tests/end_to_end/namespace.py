"""A network namespace: commands, calls and sockets in it. Needs root."""

import ctypes
import itertools
import os
import re
import shlex
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

CLONE_NEWNET = 0x40000000
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Namespace:
    """One that exists, by its name."""

    name: str

    def command(self, hostname: str | None = None) -> list[str]:
        """What to put before a command so that it runs in there, on a machine called `hostname`."""
        inside = ["ip", "netns", "exec", self.name]
        if hostname is None:
            return inside
        script = f'echo {hostname} > /proc/sys/kernel/hostname && exec "$0" "$@"'
        return [*inside, "unshare", "--uts", "sh", "-c", script]

    def machine(self, over: Mapping[str, Path]) -> list[str]:
        """What to put before a command so that it runs in there, on a machine that has these files in place of its own
        (by path)."""
        mounts = "".join(f"mount --bind {shlex.quote(str(file))} {path} && " for path, file in over.items())
        return [*self.command(), "sh", "-c", f'{mounts}exec "$0" "$@"']

    def run(self, *command: str, text: str | None = None) -> str:
        """Run a command of the system in there, which must succeed, and return what it says."""
        return _run(*self.command(), *command, text=text)

    def call(self, function: Callable[[], T]) -> T:
        """Call `function` from a thread in there: the sockets it opens and the processes it starts are, too."""
        with ThreadPoolExecutor(1, initializer=self._enter) as thread:
            return thread.submit(function).result()

    def open_socket(self, family: socket.AddressFamily, kind: socket.SocketKind, protocol: int = 0) -> socket.socket:
        """A socket in there, for this process."""
        return self.call(partial(socket.socket, family, kind, protocol))

    def addresses(self, device: str) -> set[str]:
        """Every address of a device, of both versions."""
        listed = self.run("ip", "address", "show", "dev", device)
        return set(re.findall(r"inet6? ([0-9a-f.:]+)/", listed))

    def _enter(self) -> None:
        """Move the calling thread, and it alone."""
        libc = ctypes.CDLL(None, use_errno=True)
        file = os.open(Path("/var/run/netns") / self.name, os.O_RDONLY)
        try:
            if libc.setns(file, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
        finally:
            os.close(file)


def cable(here: Namespace, end: str, there: Namespace, other_end: str) -> None:
    """Lay a cable between two namespaces; its ends have these names, no addresses, and are down."""
    here.run("ip", "link", "add", "name", end, "type", "veth", "peer", "name", other_end, "netns", there.name)


@contextmanager
def namespace(purpose: str) -> Iterator[Namespace]:
    """A new one, gone afterwards with every cable that ends in it. Nobody else has one of its name."""
    one = Namespace(f"bandroom-{os.getpid()}-{next(_numbers)}-{purpose}")
    _run("ip", "netns", "add", one.name)
    try:
        one.run("ip", "link", "set", "lo", "up")
        yield one
    finally:
        _run("ip", "netns", "delete", one.name)


def _run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text or "", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout
