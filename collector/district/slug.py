"""Slugs: what stands for a name in addresses and stores."""

import re
import unicodedata
from collections.abc import Sequence

from wire.fields import MAX_SLUG, WireError, check_slug


def slug_of(name: str) -> str:
    """`name` in a-z, 0-9 and hyphens, empty when nothing is left: ``Room 204 (lab)`` becomes ``room-204-lab``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-")


def a_slug(value: str) -> str:
    """`value`, which a person wrote where a slug is wanted. Raises `ValueError` with what to write instead."""
    try:
        check_slug("it", value)
    except WireError:
        near = slug_of(value)
        hint = f'; did you mean "{near}"?' if near else ""
        raise ValueError(
            f'"{value[:60]}" is not a slug; allowed are a-z, 0-9 and hyphens, at most {MAX_SLUG}{hint}'
        ) from None
    return value


def each_once(ids: Sequence[str], what: str) -> None:
    """Raise `ValueError` where two things of a list have the same id."""
    for one in sorted(set(ids)):
        if ids.count(one) > 1:
            raise ValueError(f'"{one}" stands {ids.count(one)} times; give each {what} its own id')
