"""``agent.toml``: who this agent is and where it reports. Written by `join`, read by the rest."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from agent.spool import DEFAULT_LIMIT_BYTES
from agent.state import write_private

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SMALLEST_SPOOL_BYTES = 2**20
MOST_SPOOL_BYTES = 2**36


class Secret(str):
    """A text that shows itself to no log and no terminal."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'*****'"

    def __format__(self, spec: str) -> str:
        return "*****"

    @property
    def shown(self) -> str:
        """The text itself, for the one place that needs it."""
        return str.__str__(self)

    __str__ = __repr__


class BadSettings(Exception):
    """All that is wrong with a settings file.

    Attributes:
        mistakes: a line for each, in the file's order.
    """

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What ``agent.toml`` says.

    `url`: the collector. `agent`: this agent's id. `token`: its secret. `insecure_http`: send them
    in clear text to another machine. `ca_file`: trust these certificates, too. `proxy`: this one
    instead of the machine's. `spool_bytes`: how large the spool may become.
    """

    url: str
    agent: str
    token: Secret
    insecure_http: bool = False
    ca_file: str | None = None
    proxy: Secret | None = None
    spool_bytes: int = DEFAULT_LIMIT_BYTES

    @property
    def host(self) -> str:
        """The collector's host."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The collector's port."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def proxy_url(self) -> str | None:
        """The proxy that is named here, to be used."""
        return self.proxy.shown if self.proxy is not None else None


def read_settings(path: Path) -> Settings:
    """The settings in `path`. Raises `BadSettings` with every mistake, or `OSError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadSettings([f"{path}:1 not text in UTF-8"]) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        at = line[1] if line else str(text.count("\n") + 1)
        raise BadSettings([f"{path}:{at} not TOML: {str(error).partition(' (at')[0]}"]) from None
    mistakes = sorted(_mistakes(values, text))
    if mistakes:
        raise BadSettings([f"{path}:{line} {sentence}" for line, sentence in mistakes])
    return Settings(**{key: _typed(key, value) for key, value in values.items()})


def write_settings(path: Path, settings: Settings) -> None:
    """Write `settings` whole or not at all, readable by the owner only. Raises `OSError`."""
    lines = ["# written by bandroom-agent join; every key is explained in docs/agent.md"]
    for one in fields(settings):
        value = getattr(settings, one.name)
        if value != one.default:
            shown = value.shown if isinstance(value, Secret) else value
            lines.append(f"{one.name} = {json.dumps(shown, ensure_ascii=False)}")
    write_private(path, "\n".join(lines) + "\n")


def url_mistake(url: str, *, insecure_http: bool) -> str | None:
    """Why `url` cannot be a collector's, or ``None``."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL, allowed is http(s)://host[:port][/path]"
    if parts.scheme not in ("http", "https") or not host:
        return "is not a URL, allowed is http(s)://host[:port][/path]"
    if parts.username is not None or parts.query or parts.fragment:
        return "has more than a place in it, allowed is http(s)://host[:port][/path]"
    if parts.scheme == "http" and host not in LOOPBACK and not insecure_http:
        return "would send the token in clear text, allowed is https, or http with insecure_http = true"
    return None


def _mistakes(values: Mapping[str, Any], text: str) -> list[tuple[int, str]]:
    known = {one.name: one for one in fields(Settings)}
    found = []
    for key, value in values.items():
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f", did you mean {close[0]}?" if close else ""
            found.append((_line(text, key), f"{key}: is no key, allowed are {', '.join(known)}{hint}"))
        elif sentence := _mistake(key, value, values):
            found.append((_line(text, key), f"{key}: {sentence}"))
    end = max(1, len(text.splitlines()))
    for name, one in known.items():
        if one.default is MISSING and name not in values:
            found.append((end, f"{name}: is missing, bandroom-agent join writes it"))
    return found


def _mistake(key: str, value: Any, values: Mapping[str, Any]) -> str | None:
    if not _fits(key, value):
        return f"is {_noun(type(value))}, allowed is {_noun(_type_of(key))}"
    if key == "url":
        return url_mistake(value, insecure_http=values.get("insecure_http") is True)
    if key == "agent" and not re.fullmatch(r"[0-9a-f]{16}", value):
        return "is not an agent id, allowed are 16 hexadecimal digits"
    if key == "token" and not re.fullmatch(r"[A-Za-z0-9_-]{20,200}", value):
        return "is not a token, allowed are 20 to 200 letters, digits, - and _"
    if key == "spool_bytes" and not SMALLEST_SPOOL_BYTES <= value <= MOST_SPOOL_BYTES:
        return f"is {value}, allowed are {SMALLEST_SPOOL_BYTES} to {MOST_SPOOL_BYTES}"
    if key == "proxy" and proxy_mistake(value):
        return "is not a proxy, allowed is http://[user:password@]host:port"
    if key == "ca_file" and not Path(value).is_file():
        return "names no file, allowed is a file of PEM certificates"
    return None


def proxy_mistake(url: str) -> bool:
    """Whether `url` cannot be a proxy's."""
    try:
        parts = urlsplit(url)
        return parts.scheme != "http" or not parts.hostname or parts.port == 0
    except ValueError:
        return True


def _typed(key: str, value: Any) -> Any:
    return Secret(value) if _type_of(key) is Secret else value


def _fits(key: str, value: Any) -> bool:
    wanted = _type_of(key)
    return type(value) is (str if wanted is Secret else wanted)  # true is not a number here


def _type_of(key: str) -> type:
    shape = _HINTS[key]
    kind: type = get_args(shape)[0] if isinstance(shape, UnionType) else shape
    return kind


_HINTS: dict[str, Any] = get_type_hints(Settings)


def _noun(kind: type) -> str:
    return {str: "a text", Secret: "a text", bool: "true or false", int: "a whole number", float: "a number"}.get(
        kind, "a list" if kind is list else "a table" if kind is dict else "a date"
    )


def _line(text: str, key: str) -> int:
    """The line on which `key` stands; tomllib does not tell."""
    wanted = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(key)}["']?\s*[=.\]]""")
    for number, line in enumerate(text.splitlines(), start=1):
        if wanted.match(line):
            return number
    return 1
