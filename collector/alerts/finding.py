"""What is wrong now, by what it is about: one thing that somebody mends, however many rooms suffer from it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from collector.verdict.causes import Cause, Confidence, Located
from collector.verdict.topology import RoomKey

Rule = Literal["outage", "live", "half_day", "rate", "silence", "service", "collector"]
"""Which rule found it. ``outage``: most rooms of a site at once."""

Severity = Literal["critical", "major", "minor"]
"""``critical`` stops lessons in a whole site or says that nobody watches, ``major`` in rooms now, ``minor`` can wait
for the break."""

GRAVEST_FIRST: Mapping[Severity, int] = {"critical": 0, "major": 1, "minor": 2}

DISTRICT, COLLECTOR, SERVICES, ELSEWHERE = "district", "collector", "services", "elsewhere"
"""What trouble is about that has no site and is no one service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Trouble that a rule found. `about` is one of: ``district``, ``site:SLUG``, ``rooms:SLUG`` (of that site),
    ``silent:SLUG``, ``service:ID``, ``services``, ``elsewhere`` or ``collector``.

    `rooms` are those that suffer, `asked` how many of the same sites (or askers of the service) said anything.
    `settled` says that its cause had time to show: before that nobody is told. `evidence` is one sentence about the
    worst of it.
    """

    about: str
    rule: Rule
    severity: Severity
    sites: tuple[str, ...] = ()
    rooms: tuple[RoomKey, ...] = ()
    asked: int = 0
    began_at: datetime
    cause: Cause = "undetermined"
    confidence: Confidence | None = None
    located: Located | None = None
    settled: bool = True
    evidence: str = ""

    @property
    def scope(self) -> str | None:
        """The site that it is about alone; ``None`` where it is of no one site."""
        return site_of(self.about)


def site_of(about: str) -> str | None:
    """The site in what trouble is about, if it is of one."""
    kind, _, name = about.partition(":")
    return name if kind in {"site", "rooms", "silent"} else None


def lies_under(about: str, sites: Collection[str], other: str, others_sites: Collection[str]) -> bool:
    """Whether trouble `about` something at `sites` is explained by trouble about the `other`, which is larger."""
    if about in {other, COLLECTOR}:
        return False
    if other == COLLECTOR:
        return True
    if other == DISTRICT:
        return bool(sites) and set(sites) <= set(others_sites)
    if other == SERVICES:
        return about.startswith("service:")
    site = site_of(about)
    if site is not None:
        return other == f"site:{site}"
    return other.startswith("site:") and bool(sites) and set(sites) <= set(others_sites)


def goes_on_as(about: str, sites: Collection[str], other: str, others_sites: Collection[str]) -> bool:
    """Whether trouble `about` something, once it is told of, goes on as the trouble about the `other` that it turned
    out to be: rooms as their site's, sites as the district's, a service as all of them. A silent room stays one."""
    kind = about.partition(":")[0]
    family = {"rooms": ("site", DISTRICT), "site": (DISTRICT,), "service": (SERVICES,)}.get(kind, ())
    return other.partition(":")[0] in family and lies_under(about, sites, other, others_sites)
