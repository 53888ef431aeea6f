"""Anchors: machines beyond the district that its reference agents measure to, within a packet budget.

They are other people's. So the budget is of the whole district, over all its reference agents and all its anchors, and
the more there are of either the less often each is measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from collector.district.host import a_host
from collector.district.slug import a_slug, each_once
from wire.enrolment import Target

AnchorMethod = Literal["icmp", "stamp", "tcp_connect"]

PACKETS_A_MINUTE = 120
"""The default budget, two packets a second: thirty pairs of an agent and an anchor at four packets a minute, which is
what long-term latency monitors send to hosts that are not theirs."""

PACKETS_OF_A_PROBE: dict[AnchorMethod, int] = {"icmp": 1, "stamp": 1, "tcp_connect": 4}
"""What an agent sends for one probe at most: a TCP connection is SYN, ACK, FIN and ACK, or two SYN and silence."""

USUAL_PORTS: dict[AnchorMethod, int] = {"icmp": 7, "stamp": 862, "tcp_connect": 443}
"""ICMP has none, and this one has no meaning; STAMP's is of RFC 8762, section 4.1."""

SETTLING_MS = 15 * 60_000
"""A new reference agent waits so long for its anchors: the others take from their share what will be its own when they
next ask, which they do within six minutes."""

MAX_ANCHORS = 20
_LONGEST_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A machine beyond the district, by its slug. `port` has no meaning for ``icmp``."""

    anchor: str
    host: str
    method: AnchorMethod
    port: int


def anchor_targets(
    anchors: Sequence[Anchor], *, packets_a_minute: int, references: int, fastest_ms: int, timeout_ms: int
) -> tuple[Target, ...]:
    """What each of so many reference agents measures to, and how often: as often as the budget allows and no more often
    than once in `fastest_ms`. Anchors that do not fit even at one probe an hour are left out, the last ones first."""
    fitting = list(anchors)
    while fitting:
        packets = references * sum(PACKETS_OF_A_PROBE[one.method] for one in fitting)
        interval_ms = max(fastest_ms, -(-60_000 * packets // packets_a_minute))
        if interval_ms <= _LONGEST_MS:
            return tuple(
                Target(
                    alias=f"anchor:{one.anchor}",
                    method=one.method,
                    host=one.host,
                    port=one.port,
                    tcp_port=None,  # what stands in would send more than was counted
                    interval_ms=interval_ms,
                    timeout_ms=timeout_ms,
                )
                for one in fitting
            )
        fitting.pop()
    return ()


class AnchorForm(BaseModel):
    """A table ``[[anchors]]`` of ``district.toml``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: Annotated[str, AfterValidator(a_slug)]
    host: Annotated[str, AfterValidator(a_host)]
    method: AnchorMethod = "icmp"
    port: Annotated[int, Field(ge=1, le=65_535, examples=[443])] | None = None

    @model_validator(mode="after")
    def _only_with_a_port(self) -> "AnchorForm":
        if self.method == "icmp" and self.port is not None:
            raise ValueError(f'"{self.id}" has a port, and icmp has none; leave it out, or choose stamp or tcp_connect')
        return self

    def anchor(self) -> Anchor:
        """What it says."""
        return Anchor(anchor=self.id, host=self.host, method=self.method, port=self.port or USUAL_PORTS[self.method])


def each_anchor_once(anchors: list[AnchorForm]) -> list[AnchorForm]:
    """`anchors`, if no two have the same id. Raises `ValueError`."""
    each_once([one.id for one in anchors], "anchor")
    return anchors
