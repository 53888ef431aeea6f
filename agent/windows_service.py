"""The agent as a service of Windows: what its service manager says to us, and hears of us.

A service manager starts the process, which connects to it at once and gets a thread to work on. It is told that we
start, run, stop and have stopped (winsvc.h). This has not run on Windows yet; a test plays the manager.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Lock
from typing import Protocol

SERVICE = "BandroomAgent"

STOPPED, START_PENDING, STOP_PENDING, RUNNING = 1, 2, 3, 4
ACCEPT_STOP, ACCEPT_SHUTDOWN = 1, 4
CONTROL_STOP, CONTROL_INTERROGATE, CONTROL_SHUTDOWN = 1, 4, 5
NO_ERROR, ERROR_CALL_NOT_IMPLEMENTED, ERROR_SERVICE_SPECIFIC = 0, 120, 1066
ERROR_NOT_STARTED_BY_THE_MANAGER = 1063

START_MS, STOP_MS = 60_000, 10_000
"""How long the manager is asked to wait. An agent is gone within five seconds."""

StopOn = Callable[[asyncio.Event], AbstractContextManager[None]]
"""While it is entered in a running loop, something outside may set the event: signals, or the service manager."""

Work = Callable[[StopOn], int]
"""The agent's work, from its start to its exit code."""


class NotAService(Exception):
    """The service manager did not start this process, so there is nobody to talk to."""


class Manager(Protocol):
    """The service manager, once it knows our handler."""

    def tell(self, state: int, *, accepted: int = 0, exit_code: int = 0, wait_ms: int = 0) -> None:
        """Say what state we are in, and how long the next may take. `exit_code` is ours, no word of Windows."""


class Service:
    """One run of `work` for a manager. `handle` may be called on another thread at any time."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._manager: Manager | None = None
        self._stop: Callable[[], object] | None = None
        self._stopping = False
        self._turn = Lock()

    def run(self, manager: Manager) -> int:
        """Work until it ends or the manager says stop; whatever breaks is told as exit code 1."""
        with self._turn:
            self._manager = manager
            manager.tell(START_PENDING, wait_ms=START_MS)
        code = 1
        try:
            code = self._work(self._until_stopped)
        finally:
            with self._turn:
                self._manager = None  # that was the last word
                manager.tell(STOPPED, exit_code=code)
        return code

    def handle(self, control: int) -> int:
        """What the manager says; the answer is a word of Windows."""
        if control in (CONTROL_STOP, CONTROL_SHUTDOWN):
            with self._turn:
                self._stopping = True
                if self._manager is not None:
                    self._manager.tell(STOP_PENDING, wait_ms=STOP_MS)
                if self._stop is not None:
                    self._stop()
            return NO_ERROR
        return NO_ERROR if control == CONTROL_INTERROGATE else ERROR_CALL_NOT_IMPLEMENTED

    @contextmanager
    def _until_stopped(self, stop: asyncio.Event) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        with self._turn:
            self._stop = partial(loop.call_soon_threadsafe, stop.set)
            if self._stopping:  # before there was a loop to tell
                stop.set()
            elif self._manager is not None:
                self._manager.tell(RUNNING, accepted=ACCEPT_STOP | ACCEPT_SHUTDOWN)
        try:
            yield
        finally:
            with self._turn:
                self._stop = None


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _OWN_PROCESS = 0x10
    _Main = ctypes.WINFUNCTYPE(None, wintypes.DWORD, ctypes.POINTER(wintypes.LPWSTR))
    _Handler = ctypes.WINFUNCTYPE(wintypes.DWORD, wintypes.DWORD, wintypes.DWORD, wintypes.LPVOID, wintypes.LPVOID)

    class _Status(ctypes.Structure):
        """``SERVICE_STATUS``."""

        _fields_ = tuple(
            (name, wintypes.DWORD)
            for name in ("kind", "state", "accepted", "error", "exit_code", "checkpoint", "wait_ms")
        )

    class _Entry(ctypes.Structure):
        """``SERVICE_TABLE_ENTRYW``."""

        _fields_ = (("name", wintypes.LPWSTR), ("main", _Main))

    class _Advapi:
        """The manager of this Windows."""

        def __init__(self, advapi: ctypes.WinDLL, handle: int) -> None:
            self._advapi = advapi
            self._handle = handle

        def tell(self, state: int, *, accepted: int = 0, exit_code: int = 0, wait_ms: int = 0) -> None:
            """See `Manager`."""
            error = ERROR_SERVICE_SPECIFIC if exit_code else NO_ERROR
            status = _Status(_OWN_PROCESS, state, accepted, error, exit_code, 0, wait_ms)
            self._advapi.SetServiceStatus(self._handle, ctypes.byref(status))

    def run_as_service(work: Work) -> int:
        """Let the service manager run `work`; its exit code. Raises `NotAService`, or `OSError`."""
        advapi = ctypes.WinDLL("advapi32", use_last_error=True)
        advapi.RegisterServiceCtrlHandlerExW.argtypes = (wintypes.LPCWSTR, _Handler, wintypes.LPVOID)
        advapi.RegisterServiceCtrlHandlerExW.restype = wintypes.HANDLE
        advapi.SetServiceStatus.argtypes = (wintypes.HANDLE, ctypes.POINTER(_Status))
        service = Service(work)
        codes: list[int] = []

        def handle(control: int, _event: int, _data: object, _context: object) -> int:
            return service.handle(control)

        def main(_count: int, _arguments: object) -> None:
            handle = advapi.RegisterServiceCtrlHandlerExW(SERVICE, handler, None)
            codes.append(service.run(_Advapi(advapi, handle)) if handle else 1)

        handler = _Handler(handle)  # both have to live as long as the manager may call them
        table = (_Entry * 2)(_Entry(SERVICE, _Main(main)), _Entry(None, _Main()))
        if not advapi.StartServiceCtrlDispatcherW(table):
            error = ctypes.get_last_error()
            raise NotAService if error == ERROR_NOT_STARTED_BY_THE_MANAGER else ctypes.WinError(error)
        return codes[0] if codes else 1

else:

    def run_as_service(work: Work) -> int:  # noqa: ARG001 - nobody runs it
        """Only Windows has such a manager. Raises `NotAService`."""
        raise NotAService
