"""A port that the config asks for, on which this machine answers others."""

import errno
import logging
import socket
from collections.abc import Callable
from typing import TypeVar

from agent.schedule import Sleep

log = logging.getLogger(__name__)

RETRY_S = 30.0
_TAKEN = (errno.EADDRINUSE, errno.EACCES)

T = TypeVar("T")


async def open_port(open_at: Callable[[str], T], *, what: str, port: int, sleep: Sleep) -> T:
    """What `open_at` returns, which opens `port` at an address of this machine or raises `OSError`. While that fails it
    is tried again, and that is told once; `what` and `port` are for the log."""
    told = False
    while True:
        try:
            return _for_both_versions(open_at)
        except OSError as error:
            if not told:
                word = "taken" if error.errno == errno.EADDRINUSE else errno.errorcode.get(error.errno or 0, "?")
                log.warning("%s cannot open its port, it is tried again port=%d word=%s", what, port, word)
            told = True
        await sleep(RETRY_S)


def _for_both_versions(open_at: Callable[[str], T]) -> T:
    """For both versions of IP where there are both. Raises `OSError`."""
    if socket.has_dualstack_ipv6():
        try:
            return open_at("::")
        except OSError as error:
            if error.errno in _TAKEN:
                raise
    return open_at("0.0.0.0")
