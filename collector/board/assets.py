"""The files that pages ask for: one style sheet, the board's script that renews it in place, and that of the check."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_STYLES = (
    "colours",
    "frame",
    "answer",
    "rooms",
    "room",
    "chart",
    "check",
    "budgets",
    "uplinks",
    "phone",
    "week",
    "print",
)
"""Parts of the style sheet in the order in which the later ones win."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file whose address carries the hash of its content, so that it may be kept for ever."""

    content: bytes
    digest: str
    address: str


@cache
def stylesheet() -> Asset:
    """How the board looks, on a screen and on paper."""
    return _asset("/style.css", "\n".join((_HERE / "style" / f"{name}.css").read_text("utf-8") for name in _STYLES))


@cache
def script() -> Asset:
    """What renews a page in place; without it the page is loaded again as a whole."""
    return _asset("/renew.js", (_HERE / "renew.js").read_text("utf-8"))


@cache
def check_script() -> Asset:
    """What checks a room from the browser."""
    return _asset("/check.js", (_HERE / "check.js").read_text("utf-8"))


def _asset(path: str, text: str) -> Asset:
    content = text.encode()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content=content, digest=digest, address=f"{path}?v={digest}")
