"""Reports that wait until it is known where they were made."""

from agent.fold import Draft
from agent.schedule import Emit
from wire.fields import WireError

MOST = 2000
"""So many are held; the oldest go first."""


class Holding:
    """`emit` takes a report at once: it goes on at once while `open`, else it waits for `release` or `drop`.

    `since_ms`, on the boot clock, is since when the machine is at its site: what began before is not released.
    """

    def __init__(self, emit: Emit) -> None:
        self._pass_on = emit
        self._held: list[Draft] = []
        self.open = True
        self.since_ms = 0

    def emit(self, draft: Draft) -> None:
        """Take a report."""
        if self.open:
            self._pass_on(draft)
            return
        self._held.append(draft)
        del self._held[:-MOST]

    def release(self) -> None:
        """What is held was made at the site, and goes on."""
        held, self._held = self._held, []
        for draft in held:
            if _began_ms(draft) >= self.since_ms:
                self._pass_on(draft)

    def drop(self) -> None:
        """What is held was made elsewhere, and is nobody's business."""
        self._held.clear()


def _began_ms(draft: Draft) -> int:
    try:
        return draft(seq=1).boot_ms
    except WireError:  # it cannot be true, and says so where it is kept
        return 0
