"""Writes the field inventory of privacy.md: every field that ever travels, from wire/ and wire.md.

``python docs/inventory.py`` after a change of the wire; ``--check`` says whether it is due. The fields
and their types come from the dataclasses, what is allowed and meant from the tables of wire.md.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from wire.answers import Problem
from wire.batch import Acknowledgement, Batch
from wire.enrolment import AgentConfig, Enrolment, EnrolmentRequest
from wire.lease import Lease, LeaseAccount, LeaseEnd, LeaseRequest
from wire.ndt7_allowance import Ndt7Allowance
from wire.stamp import ReflectorPacket, SenderPacket

HERE = Path(__file__).parent
WIRE_PAGE = HERE / "wire.md"
PRIVACY_PAGE = HERE / "privacy.md"

FROM_A_MACHINE: tuple[type[Any], ...] = (EnrolmentRequest, Batch, LeaseRequest, LeaseEnd, SenderPacket)
TO_A_MACHINE: tuple[type[Any], ...] = (
    Enrolment,
    AgentConfig,
    Acknowledgement,
    Lease,
    LeaseAccount,
    Ndt7Allowance,
    Problem,
    ReflectorPacket,
)

_BEGIN = "<!-- inventory: written by docs/inventory.py, not by hand -->\n"
_END = "<!-- end of the inventory -->\n"
_NAMES = {int: "integer", bool: "boolean", str: "text"}
_ROW = re.compile(r"\| `(?P<field>\w+)` \| (?P<type>[^|]*) \| (?P<allowed>[^|]*) \| (?P<meaning>[^|]*) \|")
_LINK = re.compile(r"\]\(#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A row of a field table in wire.md."""

    type: str
    allowed: str
    meaning: str


class NotDescribed(Exception):
    """A field of the wire that wire.md does not explain."""


def described(page: str) -> dict[str, dict[str, Described]]:
    """The field tables of wire.md by the heading they stand under, a dataclass's name."""
    found: dict[str, dict[str, Described]] = {}
    heading = ""
    for line in page.splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
        elif (row := _ROW.fullmatch(line)) is not None:
            found.setdefault(heading, {})[row["field"]] = Described(
                type=row["type"].strip(), allowed=row["allowed"].strip(), meaning=row["meaning"].strip()
            )
    return found


def shapes(*roots: type[Any]) -> list[type[Any]]:
    """`roots` and every dataclass inside them, each once, in reading order."""
    found: dict[type[Any], None] = {}
    for root in roots:
        _collect(root, found)
    return list(found)


def type_name(hint: Any) -> str:
    """A field's type in words, such as ``integer or null``."""
    origin = get_origin(hint)
    if origin is Literal:
        return "word"
    if origin is tuple:
        return f"list of {type_name(get_args(hint)[0])}"
    if origin in (Union, UnionType):
        names = [type_name(one) for one in get_args(hint) if one is not NoneType]
        names += ["null"] if NoneType in get_args(hint) else []
        return f"{', '.join(names[:-1])} or {names[-1]}"
    return _NAMES.get(hint) or str(hint.__name__)


def inventory(wire_page: str) -> str:
    """The inventory in Markdown. Raises `NotDescribed` for a field that wire.md leaves out."""
    tables = described(wire_page)
    parts = ["### What a machine sends\n", *_tables(shapes(*FROM_A_MACHINE), tables)]
    parts += ["### What a machine is sent\n", *_tables(shapes(*TO_A_MACHINE), tables)]
    return "\n".join(parts)


def with_inventory(privacy_page: str, wire_page: str) -> str:
    """The privacy page with its inventory written anew."""
    before, _, rest = privacy_page.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not end:
        raise NotDescribed(f"privacy.md lacks the lines {_BEGIN.strip()} and {_END.strip()}")
    return f"{before}{_BEGIN}\n{inventory(wire_page)}\n{end}{after}"


def main(arguments: Sequence[str]) -> int:
    """Write the page, or with ``--check`` only compare. 0 when all is well, else 1."""
    old = PRIVACY_PAGE.read_text(encoding="utf-8")
    new = with_inventory(old, WIRE_PAGE.read_text(encoding="utf-8"))
    if "--check" not in arguments:
        PRIVACY_PAGE.write_text(new, encoding="utf-8")
    elif new != old:
        sys.stderr.write("docs/privacy.md does not list what wire/ holds: python docs/inventory.py\n")
        return 1
    return 0


def _collect(hint: Any, found: dict[type[Any], None]) -> None:
    if not is_dataclass(hint):
        for inner in get_args(hint):
            _collect(inner, found)
    elif isinstance(hint, type) and hint not in found:
        found[hint] = None
        for inner in get_type_hints(hint).values():
            _collect(inner, found)


def _tables(listed: Sequence[type[Any]], tables: dict[str, dict[str, Described]]) -> Iterator[str]:
    yield "| message | field | type | allowed | meaning |\n|---|---|---|---|---|"
    for shape in listed:
        hints = get_type_hints(shape)
        for field in fields(shape):
            row = tables.get(shape.__name__, {}).get(field.name)
            if row is None:
                raise NotDescribed(f"docs/wire.md does not explain {shape.__name__}.{field.name}")
            allowed, meaning = (_LINK.sub("](wire.md#", text) for text in (row.allowed, row.meaning))
            yield f"| {shape.__name__} | `{field.name}` | {type_name(hints[field.name])} | {allowed} | {meaning} |"
    yield ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
