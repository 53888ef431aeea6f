"""The spool's counts for the agent's own health, the last ones known while it cannot be counted."""

import logging
import sqlite3

from agent.spool import Spool, SpoolLost
from agent.spool_file import Counts, error_word

log = logging.getLogger(__name__)


class LastCounts:
    """What a spool counted when it last could. Why it cannot is said once, and so is the end of that."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._counts = Counts(numbered=0, delivered=0, dropped=0, quarantined=0, waiting=0)
        self._word: str | None = None

    def now(self) -> Counts:
        """Count, or give what was counted last. Blocks."""
        try:
            self._counts = self._spool.counts()
        except SpoolLost:
            return self._counts  # the spool said so itself
        except sqlite3.OperationalError as error:
            word = error_word(error)
            if word != self._word:
                log.warning("the spool cannot be counted word=%s", word)
            self._word = word
        else:
            if self._word is not None:
                log.info("the spool can be counted again")
            self._word = None
        return self._counts
