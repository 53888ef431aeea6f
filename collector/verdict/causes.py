"""Where the trouble of a bin or a week sits, how sure that is, and what it was told from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from wire.reports import Medium

Cause = Literal[
    "room_access",  # the room's Wi-Fi, access point or cable
    "site_lan",  # the building's network
    "site_uplink",  # the line from the school to the district
    "isp_egress",  # the district's way out, or its provider
    "remote_service",  # a service elsewhere, a resolver or a filter
    "rate_limit_or_client",  # a shaper, a policy or the machine's own interface
    "device",  # the machine that measures
    "mixed",
    "undetermined",
]
Confidence = Literal["high", "medium", "low"]
Rule = Literal["L0", "L2", "L3", "L4", "L5", "L6", "L7", "L8"]
"""Of science.md 4.3, which of them named the cause."""

BudgetLine = Literal["C1", "C2", "vendor"]
"""Who pays for the mend: E-rate category 1 (lines to the Internet), 2 (inside the building), or a service's vendor."""

BUDGET_LINES: Mapping[Cause, BudgetLine] = {
    "room_access": "C2",
    "site_lan": "C2",
    "site_uplink": "C1",
    "isp_egress": "C1",
    "remote_service": "vendor",
}

Sign = Literal[
    "weak_signal",  # Wi-Fi of -70 dBm or less
    "many_retries",  # a fifth of the Wi-Fi's frames were sent again
    "link_errors",
    "link_down",
    "busy_uplink",  # four fifths of what the uplink carries
    "long_hop",  # a path's round trips grow at the hop that the cause is behind
    "busy_machine",
    "stepped_clock",
    "few_probes",
    "slow_alone",  # the machine tested slow without anything else being so
]
"""What else pointed the same way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One target within one bin, held against what is usual for it. `usual_ms` is its baseline: the 5th percentile of
    the shortest round trips of bins of the last 14 school days, ``None`` while too few are known."""

    target: str
    p95_ms: float | None
    usual_ms: float | None
    loss: float | None

    @property
    def excess_ms(self) -> float | None:
        """How much longer than usual the 95th percentile was."""
        if self.p95_ms is None or self.usual_ms is None:
            return None
        return max(0.0, self.p95_ms - self.usual_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The cause of one bad bin and the comparison that names it.

    `room` are the targets of the agent that speaks for the room, near to far; `reference` the same of the site's wired
    reference, empty without one. `bad_peers` of `peers` other rooms of the site that were measured were bad as well.
    `shared` is what the bad ones hang on and no good one does, as ``ap AP-12``. `signs` are what else points there.
    `medium` is what the room's machine is on, ``None`` unknown: Wi-Fi is blamed only where it is one.
    """

    cause: Cause
    confidence: Confidence
    rule: Rule
    room: tuple[Compared, ...] = ()
    reference: tuple[Compared, ...] = ()
    bad_peers: int = 0
    peers: int = 0
    shared: str | None = None
    signs: tuple[Sign, ...] = ()
    medium: Medium | None = None

    @property
    def budget_line(self) -> BudgetLine | None:
        """Who pays for the mend; ``None`` where the cause does not say."""
        return BUDGET_LINES.get(self.cause)

    def to_text(self) -> str:
        """The text that stores keep."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> "Located":
        """What `to_text` wrote. Raises `ValueError`, `KeyError` or `TypeError` for anything else."""
        values: dict[str, Any] = json.loads(text)
        for name in ("room", "reference"):
            values[name] = tuple(Compared(**one) for one in values[name])
        values["signs"] = tuple(values["signs"])
        return cls(**values)
