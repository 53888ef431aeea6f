"""Mistakes in files that people write: found all at once, each with its line and the way to mend it.

A mistake reads ``file:line key: what is wrong; what is allowed; did you mean``. TOML readers do not keep
line numbers, so the line of a key is looked up in the text.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from collector.district.wanted import wanted

M = TypeVar("M", bound=BaseModel)
_ANY_HEADER = re.compile(r"\s*\[")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One mistake at a place in a file. `line` counts from 1."""

    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line} {self.key}: {self.text}" if self.key else f"{self.file}:{self.line} {self.text}"
        )


class BadFile(Exception):
    """A file with mistakes; `str` is one line for each."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda one: (one.file, one.line, one.key)))
        super().__init__("\n".join(str(one) for one in self.mistakes))


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text and the tables of a TOML file. Raises `BadFile` when it cannot be read."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place.group(1)) if place else max(1, text.count("\n"))
        what = str(error).split(" (at", maxsplit=1)[0]
        raise BadFile([Mistake(file=path.name, line=line, key="", text=f"not TOML: {what}")]) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadFile([Mistake(file=path.name, line=1, key="", text=f"cannot be read: {reason} ({path})")]) from None


def validate(model: type[M], data: Mapping[str, Any], *, text: str, file: str) -> M:
    """Build `model` from the tables of a file. Raises `BadFile` with every mistake."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise BadFile(
            _mistake(model, one, text=text, file=file) for one in error.errors(include_url=False, include_context=True)
        ) from None


def line_of(text: str, location: Sequence[str | int]) -> int:
    """The line on which the key at `location` stands, or that of the nearest table above it.

    Each part narrows the search: a ``[table]`` or the n-th ``[[table]]`` to the lines behind its header,
    a key to its line before the next header.
    """
    lines = text.splitlines()
    at, found = 0, 1
    for depth, part in enumerate(location):
        if isinstance(part, int):
            continue
        following = location[depth + 1] if depth + 1 < len(location) else 0
        name = re.escape(str(part))
        header = re.compile(rf"\s*\[\[?\s*(?:[\w-]+\.)*\"?{name}\"?\s*\]\]?\s*(?:#.*)?$")
        key = re.compile(rf"\s*\"?{name}\"?\s*=")
        end = next((number for number in range(at, len(lines)) if _ANY_HEADER.match(lines[number])), len(lines))
        hit = next((number for number in range(at, end) if key.match(lines[number])), None)
        if hit is None:
            headers = [number for number in range(at, len(lines)) if header.match(lines[number])]
            if not headers:
                continue  # [[a.b]] stands without [a]
            hit = headers[min(following, len(headers) - 1)] if isinstance(following, int) else headers[0]
        found, at = hit + 1, hit + 1
    return found


def _mistake(model: type[BaseModel], error: ErrorDetails, *, text: str, file: str) -> Mistake:
    # Which of a list it is, is told by the line and the value: nobody counts from 0.
    key = ".".join(part for part in error["loc"] if isinstance(part, str))
    return Mistake(file=file, line=line_of(text, error["loc"]), key=key, text=wanted(model, error))
