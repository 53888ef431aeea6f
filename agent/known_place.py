"""The attachment at which the site's reflector last answered, kept so that nobody can read it back.

It is kept as digests with a random salt that lies beside them, in a file of the agent's own account: an address is
never written down.
"""

import hmac
import json
import secrets
from pathlib import Path
from typing import Literal

from agent.attachment import Attachment
from agent.state import write_private
from wire.enrolment import Target

Recognition = Literal[
    "same",  # all that can be compared is the same
    "maybe",  # the same, but the gateway's hardware address cannot be read now
    "other",
]


class KnownPlace:
    """What is remembered for one reflector: with another, or another key, nothing is recognised."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._salt = secrets.token_bytes(16)
        self._reflector: list[object] = []
        self._place: str | None = None
        self._hardware: str | None = None

    def load(self) -> None:
        """Take what is on the disk; without a readable file nothing is known. Blocks."""
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            salt, place, hardware = bytes.fromhex(kept["salt"]), str(kept["place"]), kept["hardware"]
        except (OSError, ValueError, KeyError, TypeError):
            return
        self._salt, self._place, self._hardware = salt, place, None if hardware is None else str(hardware)

    def save(self) -> None:
        """Keep it on the disk. Blocks. Raises `OSError`."""
        kept = {"salt": self._salt.hex(), "place": self._place, "hardware": self._hardware}
        write_private(self._path, json.dumps(kept))

    def belongs_to(self, reflector: Target) -> None:
        """Whose answers it is about from now on."""
        self._reflector = [reflector.host, reflector.port, reflector.key]

    def remember(self, attachment: Attachment) -> bool:
        """`attachment` is at the site. Whether that is news, so that it is to be saved."""
        before = self._place, self._hardware
        place = self._digest(*attachment.place)
        if place != self._place or attachment.hardware is not None:
            self._hardware = None if attachment.hardware is None else self._digest(attachment.hardware)
        self._place = place
        return (self._place, self._hardware) != before

    def recognise(self, attachment: Attachment) -> Recognition:
        """Whether `attachment` is the remembered one."""
        if self._place is None or self._digest(*attachment.place) != self._place:
            return "other"
        if self._hardware is None:
            return "same"
        if attachment.hardware is None:
            return "maybe"
        return "same" if self._digest(attachment.hardware) == self._hardware else "other"

    def _digest(self, *parts: str | None) -> str:
        text = json.dumps([self._reflector, parts]).encode()
        return hmac.digest(self._salt, text, "sha256").hex()
