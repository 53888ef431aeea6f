"""What went into a pack, tallied while its tables are written: the method page tells it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from collector.evidence.bin_row import BinRow, spoke_by
from collector.verdict.weeks import RoomWeek


@dataclass(slots=True, kw_only=True)
class RoomSeen:
    """Counts of bins, of what they were measured by, and the weeks. `ranked` are bins whose samples were kept."""

    bins: int = 0
    measured: int = 0
    counted: int = 0
    bad: int = 0
    sent: int = 0
    received: int = 0
    ranked: int = 0
    most_machines: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    anchors: Counter[str] = field(default_factory=Counter)
    digests: Counter[str] = field(default_factory=Counter)
    days: int = 0
    weeks: list[RoomWeek] = field(default_factory=list)
    tests: int = 0
    tests_bytes: int = 0
    machines: int = 0

    def take(self, row: BinRow) -> None:
        """Count one bin."""
        self.bins += 1
        self.counted += row.counted
        self.bad += row.counted and row.mark in "Bb"
        one = row.judged
        if one is None:
            return
        self.measured += 1
        self.sent += one.sent
        self.received += one.received
        self.ranked += spoke_by(one) is not None
        self.most_machines = max(self.most_machines, one.agents)
        self.first_at = self.first_at or row.started_at
        self.last_at = row.started_at
        if one.sent:
            self.ways[one.target, one.method] += 1
        if one.anchor:
            self.anchors[one.anchor] += 1
        if one.valid:
            self.digests[one.profiles_digest] += 1
