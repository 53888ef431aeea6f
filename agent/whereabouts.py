"""Is this machine at its site? Judged from what it is attached to and from what the site's reflector answers. Pure.

An answer that the site's key authenticates is the proof. After it the machine stays present for as long as its
attachment is the same, however long nothing answers: an outage at school must not look like being away.
"""

from typing import Literal

from agent.attachment import Attachment
from agent.clock import NS_PER_S
from agent.known_place import KnownPlace

Whether = Literal["present", "unsure", "away"]

AWAY_AFTER = 3
"""So many questions without an answer, and the machine is away, or, where only the gateway is silent, not."""

QUICK = 15
"""So many questions are asked quickly, later ones sparsely."""

UNPLUGGED_NS = 1800 * NS_PER_S
"""A machine with a battery that was attached to nothing for so long has gone somewhere."""


class Whereabouts:
    """`whether` the machine is at its site. `tries` counts questions without an answer since something changed.

    `sure` says that the last look confirmed it: with a battery a machine that is attached to nothing may be on its way.
    """

    def __init__(self, known: KnownPlace, *, portable: bool) -> None:
        self._known = known
        self._portable = portable
        self._seen: Attachment | None = None
        self._unplugged_ns: int | None = None
        self._loose = True
        self._refuted = False
        self.whether: Whether = "unsure"
        self.tries = 0

    @property
    def sure(self) -> bool:
        """Whether what was measured until the last look was measured at the site."""
        return self.whether == "present" and (self._unplugged_ns is None or not self._portable)

    @property
    def wants_hardware(self) -> bool:
        """Whether the gateway's hardware address would decide it, and cannot be read."""
        return (
            self.whether != "present"
            and not self._refuted
            and self._seen is not None
            and self._known.recognise(self._seen) == "maybe"
        )

    def interrupt(self) -> None:
        """The machine slept, or was given another reflector: it may be anywhere."""
        self.whether = "unsure"
        self.tries = 0
        self._loose = True
        self._refuted = False

    def see(self, attachment: Attachment | None, now_ns: int) -> None:
        """A look at what the machine is attached to."""
        if attachment is None:
            self._loose = True
            self._refuted = False
            self._unplugged_ns = now_ns if self._unplugged_ns is None else self._unplugged_ns
            if self._portable and self.whether == "present" and now_ns - self._unplugged_ns > UNPLUGGED_NS:
                self.whether = "away"
            return
        self._unplugged_ns = None
        if self._seen is None or attachment.place != self._seen.place:
            self.tries = 0
            self._refuted = False
        self._seen = attachment
        recognition = self._known.recognise(attachment)
        if recognition == "same":
            self._arrive()
        elif recognition == "other":
            self._refuted = True
            self._doubt()
        elif self._loose:
            self._doubt()

    def answered(self, before: Attachment, after: Attachment | None) -> bool:
        """The reflector answered a question, looked at before and after. Whether that is news to be saved."""
        if after is None or after.place != before.place:  # who knows from where it was asked
            return False
        self._seen = after
        self._arrive()
        return self._known.remember(after)

    def unanswered(self) -> None:
        """The reflector did not answer a question. Where all is as it was but for a gateway that is silent, too, that
        is an outage."""
        self.tries += 1
        if self.whether == "present" or self.tries < AWAY_AFTER:
            return
        if self.wants_hardware:
            self._arrive()
        else:
            self.whether = "away"

    def _doubt(self) -> None:
        if self.whether == "present":
            self.whether = "unsure"
            self.tries = 0
        self._loose = True

    def _arrive(self) -> None:
        self.whether = "present"
        self.tries = 0
        self._loose = False
        self._refuted = False
