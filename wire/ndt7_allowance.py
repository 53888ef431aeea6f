"""What a ``reference`` agent is told of a token that somebody showed to its ndt7 server."""

from dataclasses import dataclass

from wire.fields import MAX_BYTES, check_range
from wire.lease import MAX_LEASE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Ndt7Allowance:
    """A lease for a capacity test, as far as its server must know it: how long it still holds, counted from the
    question, and the most that each direction may carry."""

    version: int
    valid_ms: int
    down_bytes: int
    up_bytes: int

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("valid_ms", self.valid_ms, 0, MAX_LEASE_MS)
        check_range("down_bytes", self.down_bytes, 1, MAX_BYTES)
        check_range("up_bytes", self.up_bytes, 1, MAX_BYTES)
