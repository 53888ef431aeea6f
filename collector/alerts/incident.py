"""Trouble that lasts: opened once, changed while it does, and closed once."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal

from collector.alerts.finding import Finding, Rule, Severity
from collector.verdict.causes import Cause, Confidence
from collector.verdict.topology import RoomKey

Ending = Literal["over", "merged", "not_measured"]
"""Why an incident was closed: it is over; it turned out to be a part of another; nobody measures there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident. Times are UTC. `began_at` is when the trouble began by the bins, `opened_at` when it was found, and
    `seen_at` when it was last surely so, `ended_at` the end of the last bad bin's bin once it is closed.

    `rooms` are all that ever suffered, `active` those that do; `asked` how many said anything when it was largest.
    `where` is where the trouble sits in words, `evidence` a sentence about the worst of it. `lost_s` is by local day
    how many seconds of lessons its rooms lost together. `first_rooms` is how many there were when it was opened,
    `grown` that it has grown a lot since. `into` is what it turned out to be part of.
    """

    incident: str
    about: str
    rule: Rule
    severity: Severity
    sites: tuple[str, ...] = ()
    rooms: tuple[RoomKey, ...] = ()
    active: tuple[RoomKey, ...] = ()
    asked: int = 0
    cause: Cause = "undetermined"
    confidence: Confidence | None = None
    where: str = ""
    evidence: str = ""
    began_at: datetime
    opened_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    closed_at: datetime | None = None
    ending: Ending | None = None
    into: str | None = None
    first_rooms: int = 0
    grown: bool = False
    lost_s: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.closed_at is None

    def says(self) -> str:
        """What the registry keeps of it beside its name, its times and what it is about."""
        values = asdict(self) | {"seen_ms": int(self.seen_at.timestamp() * 1000)}
        for name in _COLUMNS:
            del values[name]
        return json.dumps(values, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def of(
        cls,
        *,
        incident: str,
        about: str,
        began_ms: int,
        opened_ms: int,
        ended_ms: int | None,
        closed_ms: int | None,
        says: str,
    ) -> "Incident":
        """What the registry kept. What a later version wrote besides is left out."""
        values: dict[str, Any] = json.loads(says)
        seen_ms = int(values.pop("seen_ms", opened_ms))
        known = {one.name for one in fields(cls)} - set(_COLUMNS)
        values = {name: value for name, value in values.items() if name in known}
        for name in ("rooms", "active"):
            values[name] = tuple((site, room) for site, room in values.get(name, ()))
        values["sites"] = tuple(values.get("sites", ()))
        return cls(
            incident=incident,
            about=about,
            began_at=_utc(began_ms),
            opened_at=_utc(opened_ms),
            seen_at=_utc(seen_ms),
            ended_at=None if ended_ms is None else _utc(ended_ms),
            closed_at=None if closed_ms is None else _utc(closed_ms),
            **values,
        )


_COLUMNS = ("incident", "about", "began_at", "opened_at", "seen_at", "ended_at", "closed_at")
"""What `Incident.says` leaves out or writes in a form of its own."""


def _utc(epoch_ms: int) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def opened(finding: Finding, *, incident: str, at: datetime, where: str) -> Incident:
    """A new incident of what was found."""
    return Incident(
        incident=incident,
        about=finding.about,
        rule=finding.rule,
        severity=finding.severity,
        sites=tuple(sorted(set(finding.sites))),
        rooms=finding.rooms,
        active=finding.rooms,
        asked=finding.asked,
        cause=finding.cause,
        confidence=finding.confidence,
        where=where,
        evidence=finding.evidence,
        began_at=finding.began_at,
        opened_at=at,
        seen_at=finding.began_at,
        first_rooms=len(finding.rooms),
    )
