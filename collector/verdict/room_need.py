"""What a whole room needs at a time, from its seats and what is done at them."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something that pupils of a room do at a time. ``teacher`` led, all of them do it at once; led by ``pupils`` each
    does at his own time, `share` (0..1) of them on average; ``None`` is the share that the profile states."""

    profile: str
    led_by: Literal["teacher", "pupils"]
    share: float | None = None
