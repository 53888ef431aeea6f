"""The tables ``[uplink]`` and ``[snmp]`` of ``agent.toml``: which interface is an uplink, and who counts it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from agent.secret import Secret
from wire.uplink_report import Uplink

Facing = Literal["outside", "inside"]
"""Towards the provider: what comes in is for the pupils. Or towards the pupils: what goes out is."""

Version = Literal["3", "2c"]
Authentication = Literal["sha256", "sha512", "sha1", "md5"]
Privacy = Literal["aes128", "aes256", "aes256-cisco", "des", "none"]
SHORTEST_KEY = 8  # RFC 3414, section 11.2


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkSettings:
    """An edge's own interface: `interface` by its name, ``None`` for the one with the default route; the way out `of`
    what it is; and which way it looks."""

    interface: str | None = None
    of: Uplink = "site"
    facing: Facing = "outside"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnmpSettings:
    """A router that is asked, and for which interface: by name (ifName, ifDescr or ifAlias), or by number (ifIndex).

    Each secret stands here or in a file of its own, ``*_file``, whose first line it is. With version ``2c`` the secret
    is `community`, with ``3`` it is `auth_key`, and `privacy_key` unless `privacy` is ``none``.
    """

    host: str
    interface: str | int
    port: int = 161
    version: Version = "3"
    community: Secret | None = None
    community_file: str | None = None
    user: str | None = None
    auth: Authentication = "sha256"
    auth_key: Secret | None = None
    auth_key_file: str | None = None
    privacy: Privacy = "aes128"
    privacy_key: Secret | None = None
    privacy_key_file: str | None = None
    of: Uplink = "site"
    facing: Facing = "outside"

    def secret(self, name: str) -> Secret:
        """The secret `name`, read now where it stands in a file. Blocks. Raises `OSError`."""
        written: Secret | None = getattr(self, name)
        return written if written is not None else _first_line(Path(getattr(self, f"{name}_file")))


Table = type[UplinkSettings] | type[SnmpSettings]
TABLES: Mapping[str, Table] = {"uplink": UplinkSettings, "snmp": SnmpSettings}
"""By their names in ``agent.toml``."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "of": get_args(Uplink),
    "facing": get_args(Facing),
    "version": get_args(Version),
    "auth": get_args(Authentication),
    "privacy": get_args(Privacy),
}


def value_mistake(key: str, value: Any) -> str | None:
    """What is wrong with `value`, which is of the right type."""
    if key in WORDS and value not in WORDS[key]:
        return f"is {value}, allowed are {', '.join(WORDS[key])}"
    if key == "port" and not 1 <= value <= 65_535:
        return f"is {value}, allowed are 1 to 65535"
    if key == "interface" and isinstance(value, int) and not 1 <= value <= 2**31 - 1:
        return f"is {value}, allowed are names and numbers from 1 on"
    if key in ("host", "interface", "user", "community") and value == "":
        return "is empty"
    if key in ("auth_key", "privacy_key") and len(value) < SHORTEST_KEY:
        return f"is too short, allowed are {SHORTEST_KEY} characters or more"
    if key.endswith("_file"):
        return _file_mistake(key, value)
    return None


def whole_mistakes(table: str, values: Mapping[str, Any]) -> Iterator[tuple[str | None, str]]:
    """What is wrong with how keys of `table` stand beside each other: a key, ``None`` for one that is missing, and a
    sentence."""
    if table != "snmp" or values.get("version", "3") not in WORDS["version"]:
        return
    version = values.get("version", "3")
    private = values.get("privacy", "aes128") != "none"
    of_this = {"2c": ("community",), "3": ("auth_key", "privacy_key") if private else ("auth_key",)}[version]
    why = f"with version {version}" if private or version == "2c" else 'with privacy "none"'
    if version == "3" and "user" not in values:
        yield None, f"snmp.user: is missing, version {version} needs it"
    for name in of_this:
        if name not in values and f"{name}_file" not in values:
            yield None, f"snmp.{name}: is missing, version {version} needs it, or {name}_file"
        elif name in values and f"{name}_file" in values:
            yield f"{name}_file", f"stands beside {name}, allowed is one of both"
    others = ({"community"} if version == "3" else {"user", "auth", "privacy", "auth_key", "privacy_key"}) | (
        set() if private else {"privacy_key"}
    )
    for key in values:
        if key.removesuffix("_file") in others:
            yield key, f"has no meaning {why if key.startswith('privacy_key') else f'with version {version}'}"


def _first_line(path: Path) -> Secret:
    return Secret(path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r"))


def _file_mistake(key: str, path: str) -> str | None:
    try:
        secret = _first_line(Path(path)).shown
    except (OSError, UnicodeDecodeError):
        return "cannot be read, allowed is a file that begins with it"
    shortest = 1 if key == "community_file" else SHORTEST_KEY
    return None if len(secret) >= shortest else f"begins with a line of fewer than {shortest} characters"
