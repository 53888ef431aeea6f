"""What systemd is told of us: ready, alive, stopping (sd_notify(3), systemd.service(5) Type=notify).

Where nobody asks, on any other system and in a terminal, nothing is said. `agent.systemd` is this
file's twin: agent and collector meet only in what travels.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

log = logging.getLogger(__name__)

PETS = 3
"""Signs of life in each watchdog period: one may be late and one lost."""

TELL_S = 1.0
_AF_UNIX: int | None = getattr(socket, "AF_UNIX", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Systemd:
    """Who asked to be told. `watchdog_s` is how soon it wants to hear again; ``None``: not at all."""

    address: str
    watchdog_s: float | None

    def tell(self, state: str) -> None:
        """Send `state`, such as ``READY=1``. A service manager that does not listen is no trouble of ours."""
        assert _AF_UNIX is not None
        with suppress(OSError), socket.socket(_AF_UNIX, socket.SOCK_DGRAM) as link:
            link.settimeout(TELL_S)
            link.sendto(state.encode(), self.address)


def systemd_of(environment: Mapping[str, str], pid: int) -> Systemd | None:
    """Who asks the process `pid` to be told; ``None`` where nobody does."""
    address = environment.get("NOTIFY_SOCKET", "")
    if _AF_UNIX is None or address[:1] not in ("/", "@"):
        return None
    wanted = environment.get("WATCHDOG_USEC", "")
    asked = environment.get("WATCHDOG_PID", str(pid)) == str(pid) and wanted.isdecimal() and int(wanted) > 0
    return Systemd(
        address="\0" + address[1:] if address[0] == "@" else address,  # a name without a file (unix(7))
        watchdog_s=int(wanted) / 1_000_000 if asked else None,
    )


async def attend(
    systemd: Systemd | None,
    *,
    stuck: Callable[[], str | None],
    stop: Awaitable[object],
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Say that we are ready, from then on that we are alive unless `stuck` names what is not, and that we
    stop when `stop` comes, which is the end of this."""

    async def speak(told: Systemd) -> None:
        told.tell("READY=1")
        said = None
        while told.watchdog_s is not None:
            name = stuck()
            if name is None:
                told.tell("WATCHDOG=1")
            elif name != said:
                log.error("a part is stuck, systemd will start us anew part=%s", name)
            said = name
            await sleep(told.watchdog_s / PETS)

    async with asyncio.TaskGroup() as tasks:
        speaking = tasks.create_task(speak(systemd)) if systemd is not None else None
        await stop
        if systemd is not None and speaking is not None:
            speaking.cancel()
            systemd.tell("STOPPING=1")
