"""Names as a page may show them beside other text: a name can disturb nothing but itself."""

import unicodedata
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")

_TURNS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""What changes the direction of the text after it (UAX 9, sections 2.1 to 2.5)."""


def shown(value: T) -> T:
    """`value`, a text or a frozen dataclass or tuple of such, without characters that turn the text after them round
    and without control characters; joiners stay, which some scripts are written with."""
    return _shown(value)  # type: ignore[no-any-return]


def _shown(value: Any) -> Any:
    match value:
        case str():
            return " ".join("".join(map(_character, value)).split(" "))
        case tuple():
            return tuple(map(_shown, value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(value, **{one.name: _shown(getattr(value, one.name)) for one in fields(value)})
        case _:
            return value


def _character(one: str) -> str:
    if one in _TURNS or unicodedata.category(one) == "Cs":
        return ""
    return " " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one
