"""Trace a path in a child process, which may hang, break or say nonsense: it harms the trace alone."""

import importlib.util
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Timer
from typing import Literal

from agent.background import background
from agent.trace_words import TraceEnd, TraceRequest
from agent.walk import MOST_S
from wire.codec import decode, encode
from wire.fields import WireError
from wire.path_report import MAX_HOPS, Hop, PathReport

METHOD_VERSION = 1
DEADLINE_S = MOST_S + 5.0
"""With a name to look up and scapy to load."""

TRACER = (sys.executable, "-P", "-m", "agent.tracer")
MOST_BYTES = 200 * (MAX_HOPS + 1)

Hindrance = Literal["not_on_this_system", "no_scapy", "no_right"]


class Broke(Exception):
    """The child did not do its work.

    Attributes:
        word: what it did instead, for the log.
    """

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What the child learned: steps, and how it ended."""

    hops: tuple[Hop, ...]
    end: TraceEnd


def hindrance() -> Hindrance | None:
    """Why no path can be traced here, ``None`` where it can. Loads nothing."""
    if sys.platform != "linux":
        return "not_on_this_system"
    if importlib.util.find_spec("scapy") is None:
        return "no_scapy"
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except OSError:
        return "no_right"
    return None


async def trace(request: TraceRequest, *, command: Sequence[str] = TRACER, deadline_s: float = DEADLINE_S) -> Trace:
    """Ask the child, which is killed when this is cancelled or `deadline_s` are over. Raises `Broke`."""
    child = _Child(command, deadline_s)
    try:
        return read(await background(partial(child.ask, encode(request))))
    finally:
        child.kill()


def report(asked: TraceRequest, found: Trace, *, seq: int, boot_ms: int) -> PathReport:
    """What travels of a trace that began at `boot_ms`."""
    return PathReport(
        seq=seq,
        boot_ms=boot_ms,
        duration_ms=found.end.duration_ms,
        target=asked.target,
        method=asked.method,
        method_version=METHOD_VERSION,
        reached=found.end.reached,
        hops=found.hops,
        failure=found.end.failure,
    )


def read(said: bytes) -> Trace:
    """A line for each step and one for the end, or it is nonsense. Raises `Broke`."""
    lines = said.splitlines()
    if not lines or len(lines) > MAX_HOPS + 1:
        raise Broke("no_sense")
    try:
        found = Trace(hops=tuple(decode(Hop, line) for line in lines[:-1]), end=decode(TraceEnd, lines[-1]))
    except WireError:
        raise Broke("no_sense") from None
    if (found.end.failure is None) != bool(found.hops):
        raise Broke("no_sense")
    return found


class _Child:
    """A process that gets a question and gives an answer, bounded in time and size."""

    def __init__(self, command: Sequence[str], deadline_s: float) -> None:
        self._command = command
        self._deadline_s = deadline_s
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = False

    def ask(self, question: bytes) -> bytes:
        """Blocks, but not beyond the deadline. Raises `Broke`."""
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError:
            raise Broke("not_started") from None
        self._process = process
        if self._unwanted:
            process.kill()
        timer = Timer(self._deadline_s, process.kill)
        timer.daemon = True
        timer.start()
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            with suppress(BrokenPipeError):
                process.stdin.write(question)
                process.stdin.close()
            said = process.stdout.read(MOST_BYTES + 1)
            if len(said) > MOST_BYTES:
                process.kill()
        timer.cancel()
        if len(said) > MOST_BYTES:
            raise Broke("too_much")
        if process.returncode != 0:
            raise Broke("ended_badly")
        return said

    def kill(self) -> None:
        """End it, also one that is only about to begin."""
        self._unwanted = True
        if self._process is not None:
            self._process.kill()
