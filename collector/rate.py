"""How often something may happen: at most so many times in so many seconds."""

from collections import deque


class Rate:
    """At most `most` in any `within_s` seconds. Its times are any seconds that never step."""

    def __init__(self, most: int, within_s: float) -> None:
        self._at: deque[float] = deque(maxlen=most)
        self._most = most
        self._within_s = within_s

    def is_full(self, now_s: float) -> bool:
        """Whether one more would be too many."""
        return len(self._at) == self._most and now_s - self._at[0] < self._within_s

    def add(self, now_s: float) -> None:
        """One more."""
        self._at.append(now_s)
