"""An enrolled agent, and where it stood when."""

from dataclasses import dataclass

from wire.enrolment import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """From `from_ms` (Unix milliseconds) on an agent stands in this room, until its next stay begins."""

    from_ms: int
    site: str
    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An enrolled agent. `stays` ascend; the first, from 0 on, is the place it joined for, and the last is where it
    stands. `revoked_ms` is Unix milliseconds, ``None`` while it may report."""

    agent: str
    stays: tuple[Stay, ...]
    role: Role
    enrolled_ms: int
    revoked_ms: int | None

    @property
    def site(self) -> str:
        """The site that it stands at."""
        return self.stays[-1].site

    @property
    def room(self) -> str:
        """The room that it stands in."""
        return self.stays[-1].room

    def stay_at(self, epoch_ms: int) -> Stay:
        """Where it stood at that time: what it began to measure then belongs there, whenever it arrives."""
        return next((one for one in reversed(self.stays) if one.from_ms <= epoch_ms), self.stays[0])
