"""A Python that pretends to be on Windows, as far as another system can: the modules and names that only POSIX has are
gone, `sys.platform` says ``win32``, and what only Windows has is there in the smallest form that answers.

``python -m tests.agent.as_windows import`` imports every module of the agent and names them; ``... agent ARGUMENTS`` is
``bandroom-agent``. For ``service`` the service manager is played: it starts the service, writes each state that it
hears of to stdout, and says stop when stdin ends. What this cannot show: how Windows' own sockets, files and clocks
behave.
"""

import ast
import ctypes
import importlib
import json
import os
import pkgutil
import select
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("wire", "agent")

MODULES = ("fcntl", "grp", "pwd", "resource", "termios", "tty", "pty", "syslog", "posix", "_posixsubprocess")
NAMES: dict[ModuleType, tuple[str, ...]] = {
    select: ("poll", "epoll", "kqueue"),
    socket: (
        *("AF_UNIX", "AF_PACKET", "AF_NETLINK", "SO_REUSEPORT", "SO_BINDTODEVICE", "SO_DOMAIN", "SO_PROTOCOL"),
        *("MSG_DONTWAIT", "MSG_NOSIGNAL", "MSG_CONFIRM", "CMSG_SPACE", "CMSG_LEN", "SCM_RIGHTS", "send_fds"),
        *("TCP_CONGESTION", "TCP_NOTSENT_LOWAT", "TCP_INFO", "TCP_USER_TIMEOUT", "TCP_QUICKACK", "IP_FREEBIND"),
        *("sethostname", "recv_fds"),
    ),
    os: (
        *("geteuid", "getuid", "getegid", "getgid", "getgroups", "fork", "forkpty", "nice", "uname", "killpg"),
        *("getpgid", "setsid", "setpriority", "getpriority", "PRIO_PROCESS", "fchmod", "fchown", "chown", "statvfs"),
        *("sysconf", "getloadavg", "sched_getaffinity", "sched_setaffinity", "mkfifo", "openpty", "pread", "pwrite"),
        *("O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_SYNC", "O_DSYNC", "posix_spawn", "wait3"),
    ),
    signal: (
        *("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGCHLD", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGCONT"),
        *("alarm", "setitimer", "pthread_kill", "pthread_sigmask", "pause", "sigwait"),
    ),
    time: (
        *("CLOCK_BOOTTIME", "CLOCK_MONOTONIC", "CLOCK_REALTIME", "clock_gettime", "clock_gettime_ns"),
        *("pthread_getcpuclockid", "clock_settime"),
    ),
}
BREAK = 21
"""Windows' SIGBREAK."""

RUNNING, STOPPED, STOP = 4, 1, 1


def modules() -> list[str]:
    """Every module of the agent and of the wire."""
    found = list(PACKAGES)
    for package in PACKAGES:
        found += [one.name for one in pkgutil.walk_packages([str(ROOT / package)], f"{package}.")]
    return found


def take_what_is_not_ours() -> None:
    """Import what the agent imports of others, as the system that this is has it."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                if name.partition(".")[0] not in {*PACKAGES, *MODULES, "winreg", "msvcrt", "_winapi"}:
                    importlib.import_module(name)


def pretend() -> None:
    """From here on this is Windows."""
    take_what_is_not_ours()
    pair, unix = socket.socketpair, socket.AF_UNIX
    socket.socketpair = lambda *arguments: pair(*(arguments or (unix,)))
    selectors.DefaultSelector = selectors.SelectSelector  # type: ignore[assignment, misc]
    for module, names in NAMES.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    sys.modules["winreg"] = module_of("winreg", HKEY_LOCAL_MACHINE=0, OpenKey=no_key, QueryValueEx=no_key)
    sys.modules["msvcrt"] = module_of("msvcrt", LK_NBLCK=2, locking=lambda *_arguments: None)
    signal.SIGBREAK = BREAK  # type: ignore[attr-defined]
    ctypes.WinDLL = Dll  # type: ignore[attr-defined]
    ctypes.WINFUNCTYPE = ctypes.CFUNCTYPE  # type: ignore[attr-defined]
    ctypes.get_last_error = lambda: 0  # type: ignore[attr-defined]
    ctypes.WinError = OSError  # type: ignore[attr-defined]
    sys.platform = "win32"


def module_of(name: str, **members: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(members)
    return module


def no_key(*_arguments: object) -> None:
    raise FileNotFoundError


def nothing(*_arguments: object) -> int:
    return 0


def interrupt_time(into: Any) -> int:
    into._obj.value = time.monotonic_ns() // 100
    return 1


class Function:
    """One of a library, with what callers note of its types."""

    argtypes: object = None
    restype: object = None

    def __init__(self, answer: Callable[..., int] = nothing) -> None:
        self._answer = answer

    def __call__(self, *arguments: Any) -> int:
        return self._answer(*arguments)


class Manager:
    """The service manager, through the three functions of advapi32 by which a service talks to it."""

    def __init__(self) -> None:
        self.handler: Any = None
        self.stopped = threading.Event()

    def dispatch(self, table: Any) -> int:
        """Start the first service of the table on a thread; return when it has stopped."""
        assert table[1].name is None
        threading.Thread(target=table[0].main, args=(0, None), daemon=True).start()
        threading.Thread(target=self.stop_at_the_end_of_stdin, daemon=True).start()
        self.stopped.wait()
        return 1

    def stop_at_the_end_of_stdin(self) -> None:
        sys.stdin.read()
        self.handler(STOP, 0, None, None)

    def register(self, name: str, handler: Any, _context: object) -> int:
        assert name == "BandroomAgent"
        self.handler = handler
        return 7

    def hear(self, handle: int, status: Any) -> int:
        assert handle == 7
        said = status._obj
        sys.stdout.write(json.dumps({name: getattr(said, name) for name, _ in said._fields_}) + "\n")
        sys.stdout.flush()
        if said.state == STOPPED:
            self.stopped.set()
        return 1


class Dll:
    """A library of Windows. The WLAN service's is missing, as on a server."""

    def __init__(self, name: str, **_options: object) -> None:
        if name == "wlanapi":
            raise FileNotFoundError(name)
        manager = Manager()
        self._functions = {"QueryUnbiasedInterruptTime": Function(interrupt_time)}
        self._functions |= {
            "StartServiceCtrlDispatcherW": Function(manager.dispatch),
            "RegisterServiceCtrlHandlerExW": Function(manager.register),
            "SetServiceStatus": Function(manager.hear),
        }

    def __getattr__(self, name: str) -> Any:
        return self._functions.setdefault(name, Function())


def main(command: str, *arguments: str) -> int:
    pretend()
    if command == "import":
        for name in modules():
            importlib.import_module(name)
        sys.stdout.write("\n".join(modules()))
        return 0
    agent = importlib.import_module("agent.main")
    code: int = agent.main(list(arguments))
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
