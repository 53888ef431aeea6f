"""What became of one mail that was handed over, or not."""

from dataclasses import dataclass
from typing import Literal

Word = Literal["sent", "refused", "failed", "possibly_sent", "taken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`word`: the server has it (``sent``); it did not take it for now (``refused``) or for good (``failed``); the talk
    ended after DATA had begun and before the server answered, so that nobody knows (``possibly_sent``): such a mail is
    never repeated. ``taken``: `before_data` said no, because somebody else sends it.

    `step` is what was under way, `code` the server's, ``None`` where it gave none, and `answer` what it said or what
    went wrong, in one line with every address masked. `sick` says that this is the server's trouble, or the way to it,
    and not the recipient's: others will fare no better now.
    """

    word: Word
    step: str
    code: int | None = None
    answer: str = ""
    sick: bool = False
