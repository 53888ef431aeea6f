"""A name as people see it, which may be any text that can be shown."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

MAX_NAME = 80


def a_name(value: str) -> str:
    """`value`, if it can be shown as a name. Raises `ValueError`."""
    if any(unicodedata.category(one) == "Cc" and one not in "\n\t" for one in value):
        raise ValueError("a name must not hold control characters")
    return value


DisplayName = Annotated[str, Field(min_length=1, max_length=MAX_NAME), AfterValidator(a_name)]
