"""The wire's dataclasses to JSON and back with the standard library, for the agent's side.

Reading is strict about types and about what is missing, lenient about unknown keys:
a newer collector may say more than this agent knows (``docs/wire.md``, versions). The collector's side is pydantic.
"""

import json
from dataclasses import MISSING, asdict, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from wire.fields import WireError

T = TypeVar("T")


def encode(value: Any) -> bytes:
    """The compact JSON of a wire dataclass; fields that are ``None`` are written as ``null``."""
    return json.dumps(asdict(value), separators=(",", ":")).encode()


def decode(shape: type[T], text: bytes | str) -> T:
    """Build a `shape` from JSON `text`; bytes are UTF-8 (RFC 8259, section 8.1).

    Raises `WireError`: ``bad_json``, ``wrong_type``, ``missing_field`` or a word of the dataclass's own checks.
    """
    try:
        # Told to guess, json would read UTF-16 and a byte order mark, which the other side refuses.
        data = json.loads(text.decode() if isinstance(text, bytes) else text)
    except (ValueError, RecursionError) as error:
        raise WireError("bad_json", f"not JSON: {type(error).__name__}") from None
    built: T = _build(shape, data, shape.__name__)
    return built


def _build(shape: Any, data: Any, where: str) -> Any:
    if is_dataclass(shape):
        return _build_dataclass(shape, data, where)
    origin = get_origin(shape)
    if origin is Literal:
        if data in get_args(shape) and isinstance(data, type(get_args(shape)[0])):
            return data
    elif origin is tuple:
        if isinstance(data, list):
            inner = get_args(shape)[0]
            return tuple(_build(inner, one, f"{where}[{index}]") for index, one in enumerate(data))
    elif origin in (Union, UnionType):
        options = get_args(shape)
        if data is None and NoneType in options:
            return None
        for option in options:
            if option is not NoneType and _fits(option, data):
                return _build(option, data, where)
    elif type(data) is shape:  # bool is not an int here
        return data
    raise WireError("wrong_type", f"{where} has the wrong type")


def _fits(option: Any, data: Any) -> bool:
    shape = option
    if is_dataclass(option):
        kind = _hints(shape).get("kind")
        return isinstance(data, dict) and (kind is None or data.get("kind") in get_args(kind))
    if get_origin(option) is Literal:
        return isinstance(data, str)
    return type(data) is option


def _build_dataclass(shape: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise WireError("wrong_type", f"{where} must be an object")
    hints = _hints(shape)
    values = {}
    for field in fields(shape):
        if field.name in data:
            values[field.name] = _build(hints[field.name], data[field.name], f"{where}.{field.name}")
        elif field.default is MISSING:
            raise WireError("missing_field", f"{where}.{field.name} is missing")
    return shape(**values)


@cache
def _hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)
