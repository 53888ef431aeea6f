"""The hops of a path as one text, as the engines keep them: ``ttl:role:sent:received:min_us``, joined by spaces."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

from collector.store.protocol import Arrival
from wire.path_report import Hop, HopRole, PathReport


def to_text(hops: Iterable[Hop]) -> str:
    """`hops` as a text. What is not known is left empty."""
    return " ".join(
        f"{hop.ttl}:{hop.role or ''}:{hop.sent}:{hop.received}:{'' if hop.min_us is None else hop.min_us}"
        for hop in hops
    )


def from_text(text: str) -> tuple[Hop, ...]:
    """The hops of a text that `to_text` made."""
    found = []
    for one in text.split():
        ttl, role, sent, received, min_us = one.split(":")
        found.append(
            Hop(
                ttl=int(ttl),
                role=cast(HopRole, role) if role else None,
                sent=int(sent),
                received=int(received),
                min_us=int(min_us) if min_us else None,
            )
        )
    return tuple(found)


def paths_by_bin(arrivals: Iterable[Arrival], bin_seconds: int) -> dict[tuple[str, str, datetime], list[PathReport]]:
    """Path reports by site, room and the start of the bin that they began in."""
    found: dict[tuple[str, str, datetime], list[PathReport]] = defaultdict(list)
    for one in arrivals:
        start = int(one.started_at.timestamp()) // bin_seconds * bin_seconds
        found[one.site, one.room, datetime.fromtimestamp(start, UTC)].append(cast(PathReport, one.report))
    return found
