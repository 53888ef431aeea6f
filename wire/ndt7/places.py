"""How many may visit an ndt7 server at once, and who makes room for whom."""

from collections.abc import Callable
from threading import Condition

MOST_VISITS = 32
MAKE_ROOM_S = 1.0


class Place:
    """One visitor's. `cut` ends its connection from another thread."""

    def __init__(self, cut: Callable[[], None]) -> None:
        self.cut = cut
        self.is_tested = False


class Places:
    """Bounds the threads of a server. A visitor that comes when all places are taken gets that of the one that has been
    there longest without a test, so that nobody keeps others out by saying nothing."""

    def __init__(self, most: int = MOST_VISITS) -> None:
        self._most = most
        self._changed = Condition()
        self._taken: list[Place] = []

    def enter(self, cut: Callable[[], None]) -> Place | None:
        """A place, perhaps after a moment; ``None`` when every visitor is tested, or the one that is to go does not."""
        with self._changed:
            if len(self._taken) >= self._most:
                idle = next((one for one in self._taken if not one.is_tested), None)
                if idle is None:
                    return None
                idle.cut()
                if not self._changed.wait_for(lambda: len(self._taken) < self._most, MAKE_ROOM_S):
                    return None
            place = Place(cut)
            self._taken.append(place)
            return place

    def leave(self, place: Place) -> None:
        """The visitor is gone."""
        with self._changed:
            self._taken.remove(place)
            self._changed.notify()

    def cut_all(self) -> None:
        """Everybody goes: the server closes."""
        with self._changed:
            for one in self._taken:
                one.cut()
