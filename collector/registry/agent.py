"""An enrolled agent."""

from dataclasses import dataclass

from wire.enrolment import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An enrolled agent and its place. `revoked_ms` is Unix milliseconds, ``None`` while it may report."""

    agent: str
    site: str
    room: str
    role: Role
    enrolled_ms: int
    revoked_ms: int | None
