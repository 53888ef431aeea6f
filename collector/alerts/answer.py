"""What became of telling a channel."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`told` it was; `refused` it surely was not, and may be tried again; `uncertain` it may have been, and is not.
    `text` is what the other side said, for a technician, without anything secret."""

    state: Literal["told", "refused", "uncertain"]
    text: str
