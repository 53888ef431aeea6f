"""What is wanted in place of a mistake, for whoever wrote the file; pydantic's own words are for programmers.

A value is repeated only where one of a few words was wanted: a number may be a password that lacks its quotes.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_WANTED = {
    "int_type": "wanted is a whole number without quotes",
    "string_type": "wanted is text in quotes",
    "path_type": "wanted is a path in quotes",
    "list_type": "wanted is a list in square brackets",
    "datetime_type": "wanted is a local date and time without quotes",
    "date_type": "wanted is a date without quotes",
    "string_too_short": "is empty; write something between the quotes",
    "too_short": "is empty; list at least one",
}


def wanted(model: type[BaseModel], error: ErrorDetails) -> str:
    """What to write in place of what `error` is about, which `model` did not take."""
    location, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        known = _keys_at(model, location[:-1])
        return f"unknown key; allowed are {', '.join(known)}{did_you_mean(str(location[-1]), known)}"
    if kind == "missing":
        return "is missing; add it"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind in {"literal_error", "enum"}:
        given, expected = error["input"], error["ctx"]["expected"]
        near = did_you_mean(given, re.findall(r"'([^']*)'", expected)) if isinstance(given, str) else ""
        return f"{_toml(given)} is not one of {expected}{near}"
    if kind == "string_too_long":
        return f"is too long; allowed are at most {error['ctx']['max_length']} characters"
    if kind == "too_long":
        return f"are {error['ctx']['actual_length']}; allowed are at most {error['ctx']['max_length']}"
    if kind == "model_type":
        return f"wanted is a table with {', '.join(_keys_at(model, location))}"
    if kind == "list_type" and _model_at(model, location):
        return f"wanted is a table [[{'.'.join(part for part in location if isinstance(part, str))}]] for each"
    if kind == "bool_type":
        return "wanted is true or false, without quotes"
    examples = _examples(model, location)
    if kind == "string_pattern_mismatch":
        return f"write it like {' or '.join(map(_toml, examples))}"
    such_as = f", such as {_toml(examples if kind == 'list_type' else examples[0])}" if examples else ""
    if kind in {"greater_than", "greater_than_equal", "less_than_equal"}:
        return f"allowed are {_range(model, location)}{such_as}"
    return f"{_WANTED.get(kind, error['msg'])}{such_as}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` for the nearest of `known`, or nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""


def _examples(model: type[BaseModel], location: Sequence[str | int]) -> list[Any]:
    """Values that the field at `location` takes: its examples, or its default. Those of a list are of what is in it."""
    names = [part for part in location if isinstance(part, str)]
    inner = _model_at(model, names[:-1])
    fields = inner.model_fields.items() if inner else ()
    field = next((field for name, field in fields if names[-1] == (field.alias or name)), None)
    if field is None:
        return []
    return field.examples or ([] if field.is_required() or field.default is None else [field.default])


def _range(model: type[BaseModel], location: Sequence[str | int]) -> str:
    names = [part for part in location if isinstance(part, str)]
    shown = _model_at(model, names[:-1]).model_json_schema()["properties"][names[-1]]
    number = next(one for one in shown.get("anyOf", [shown]) if "maximum" in one)
    if "minimum" not in number:
        return f"more than {number['exclusiveMinimum']:g} and at most {number['maximum']:g}"
    return f"{number['minimum']} to {number['maximum']}"


def _keys_at(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The keys that the model at `location` below `model` knows."""
    inner = _model_at(model, location)
    return [field.alias or name for name, field in inner.model_fields.items()] if inner else []


def _model_at(model: Any, location: Sequence[str | int]) -> Any:
    """The model at `location` below `model`, or ``None``."""
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        inner = [one for one in (annotation, *getattr(annotation, "__args__", ())) if hasattr(one, "model_fields")]
        if not inner:
            return None
        model = inner[0]
    return model


def _toml(value: object) -> str:
    """`value` as a TOML file has it."""
    if isinstance(value, date):  # or a datetime, which is one
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value if isinstance(value, (bool, int, float)) else str(value)[:60], ensure_ascii=False)
