"""``agent.toml``: who this agent is and where it reports. Written by `join`, read by the rest."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from agent.secret import Secret
from agent.spool import DEFAULT_LIMIT_BYTES
from agent.state import write_private
from agent.uplink_settings import TABLES, SnmpSettings, UplinkSettings, value_mistake, whole_mistakes

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SMALLEST_SPOOL_BYTES = 2**20
MOST_SPOOL_BYTES = 2**36


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
    instead of the machine's. `spool_bytes`: how large the spool may become. `uplink`: which interface of this machine
    is an uplink; `snmp`: which one of a router.
    """

    url: str
    agent: str
    token: Secret
    insecure_http: bool = False
    ca_file: str | None = None
    proxy: Secret | None = None
    spool_bytes: int = DEFAULT_LIMIT_BYTES
    uplink: UplinkSettings | None = None
    snmp: SnmpSettings | None = None

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


Shape = type[Settings] | type[UplinkSettings] | type[SnmpSettings]


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
    return Settings(**_typed(Settings, values))


def write_settings(path: Path, settings: Settings) -> None:
    """Write `settings` whole or not at all, readable by the owner only. Raises `OSError`."""
    lines = ["# written by bandroom-agent join; every key is explained in docs/agent.md", *_lines(settings)]
    for name in TABLES:
        if (table := getattr(settings, name)) is not None:
            lines += ["", f"[{name}]", *_lines(table)]
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


def _lines(settings: Settings | UplinkSettings | SnmpSettings) -> Iterator[str]:
    for one in fields(settings):
        value = getattr(settings, one.name)
        if one.name not in TABLES and value != one.default:
            shown = value.shown if isinstance(value, Secret) else value
            yield f"{one.name} = {json.dumps(shown, ensure_ascii=False)}"


def _mistakes(values: Mapping[str, Any], text: str) -> list[tuple[int, str]]:
    end = max(1, len(text.splitlines()))
    found = [*_unknown(Settings, values, "", lambda key: _line(text, key))]
    for key, value in values.items():
        if key in TABLES and type(value) is dict:
            found += _table_mistakes(key, value, text)
        elif key in _HINTS[Settings] and (sentence := _mistake(key, value, values)):
            found.append((_line(text, key), f"{key}: {sentence}"))
    for one in fields(Settings):
        if one.default is MISSING and one.name not in values:
            found.append((end, f"{one.name}: is missing, bandroom-agent join writes it"))
    return found


def _table_mistakes(table: str, values: Mapping[str, Any], text: str) -> Iterator[tuple[int, str]]:
    shape = TABLES[table]
    head = _line(text, table)

    def line(key: str) -> int:
        return _line(text, key, table, head)

    yield from _unknown(shape, values, f"{table}.", line)
    known = {key: value for key, value in values.items() if key in _HINTS[shape]}
    for key, value in known.items():
        sentence = _type_mistake(shape, key, value) or value_mistake(key, value)
        if sentence:
            yield line(key), f"{table}.{key}: {sentence}"
    for one in fields(shape):
        if one.default is MISSING and one.name not in values:
            yield head, f"{table}.{one.name}: is missing"
    for place, sentence in whole_mistakes(table, known):
        if place is None:
            yield head, sentence
        else:
            yield line(place), f"{table}.{place}: {sentence}"


def _unknown(
    shape: Shape, values: Mapping[str, Any], before: str, line: Callable[[str], int]
) -> Iterator[tuple[int, str]]:
    known = [one.name for one in fields(shape)]
    for key in values:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f", did you mean {close[0]}?" if close else ""
            yield line(key), f"{before}{key}: is no key, allowed are {', '.join(known)}{hint}"


def _mistake(key: str, value: Any, values: Mapping[str, Any]) -> str | None:
    if sentence := _type_mistake(Settings, key, value):
        return sentence
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


def _typed(shape: Shape, values: Mapping[str, Any]) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for key, value in values.items():
        if shape is Settings and key in TABLES:
            typed[key] = TABLES[key](**_typed(TABLES[key], value))
        else:
            typed[key] = Secret(value) if Secret in _types_of(shape, key) else value
    return typed


def _type_mistake(shape: Shape, key: str, value: Any) -> str | None:
    """What is wrong with the type of `value`: true is not a number here."""
    allowed = [str if one is Secret else one for one in _types_of(shape, key)]
    if type(value) in allowed:
        return None
    return f"is {_noun(type(value))}, allowed is {' or '.join(_noun(one) for one in allowed)}"


def _types_of(shape: Shape, key: str) -> list[type]:
    """What a value in the file may be; words are texts there, and a dataclass is a table."""
    hint = _HINTS[shape][key]
    hints = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    found = [str if get_origin(one) is Literal else one for one in hints if one is not NoneType]
    return [dict if one in TABLES.values() else one for one in found]


_HINTS: dict[Shape, dict[str, Any]] = {
    shape: {one.name: get_type_hints(shape)[one.name] for one in fields(shape)}
    for shape in (Settings, *TABLES.values())
}


def _noun(kind: type) -> str:
    return {str: "a text", Secret: "a text", bool: "true or false", int: "a whole number", float: "a number"}.get(
        kind, "a list" if kind is list else "a table" if kind is dict else "a date"
    )


def _line(text: str, key: str, table: str = "", head: int = 0) -> int:
    """The line on which `key` stands, or `table`'s key behind line `head`; tomllib does not tell."""
    name = rf"""["']?{re.escape(key)}["']?"""
    wanted = re.compile(rf"""\s*(?:\[+\s*)?{name}\s*[=.\]]""")
    inside = re.compile(rf"""\s*["']?{re.escape(table)}["']?\s*(?:\.\s*|=.*[{{,]\s*){name}\s*[=.]""")
    for number, line in enumerate(text.splitlines(), start=1):
        if (number > head and wanted.match(line)) or (table and inside.match(line)):
            return number
    return head or 1
