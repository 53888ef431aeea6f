"""Waiting for what another process will do: generous deadlines, because machines are shared."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 60.0
_POLL_S = 0.05


def eventually(what: str, look: Callable[[], T | None], *, within_s: float = PATIENCE_S) -> T:
    """The first answer of `look` that is true; fails, naming `what` never came, after `within_s`."""
    ends_at = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < ends_at, f"not within {within_s:.0f} s: {what}"
        time.sleep(_POLL_S)
    return found
