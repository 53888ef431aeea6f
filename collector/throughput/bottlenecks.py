"""What a throughput test shares with others on its way: the room's access point, its site's uplink, the egress, and
the cable of the site's reference.

Labels of ``rooms.csv`` are of their site: ``ap-1`` of two schools are two.
"""

from dataclasses import dataclass

from collector.district.district import District
from wire.enrolment import Role
from wire.fields import MAX_BPS
from wire.report_words import Bottleneck

EGRESS = "district"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """One bottleneck by its name. `kind` ``None``: no lesson goes through it, only tests. `capacity_bps` is what it
    carries, in bits per second, ``None`` unknown."""

    name: str
    kind: Bottleneck | None
    capacity_bps: int | None = None


class Bottlenecks:
    """What tests share in `district`."""

    def __init__(self, district: District) -> None:
        self._rooms = {(one.site, one.room): one for one in district.rooms}
        self._uplinks: dict[str, set[str]] = {}
        for one in district.rooms:
            if one.uplink is not None:
                self._uplinks.setdefault(one.site, set()).add(f"uplink:{one.site}/{one.uplink}")
        self._uplink_bps = {one.site: _bps(one.uplink_mbps) for one in district.sites}
        self._egress_bps = _bps(district.egress_mbps)
        self._ap_bps = _bps(district.ap_mbps)

    def of(self, site: str, room: str, *, role: Role = "room", inside: bool = False) -> tuple[Shared, ...]:
        """What a test from there to the collector goes through, or with `inside` one to the site's own reference, which
        is then as busy as when it tests itself. Only a ``room`` agent is behind an access point: the others are
        wired."""
        known = self._rooms.get((site, room))
        found = []
        if role == "room":
            # The prefixes keep a label from being taken for a room.
            name = f"ap:{site}/{known.ap}" if known and known.ap else f"room:{site}/{room}"
            found.append(Shared(name=name, kind="room", capacity_bps=self._ap_bps))
        if inside or role == "reference":
            # Of several each has a cable of its own, so that little tests of theirs are in nobody's way.
            found.append(Shared(name=f"reference:{site}", kind=None, capacity_bps=MAX_BPS))
        if not inside:
            uplinks = self._uplinks.get(site, {f"site:{site}"})
            if known and known.uplink:
                uplinks = {f"uplink:{site}/{known.uplink}"}
            capacity_bps = self._uplink_bps.get(site)
            found += [Shared(name=one, kind="site", capacity_bps=capacity_bps) for one in sorted(uplinks)]
            found.append(Shared(name=EGRESS, kind="district", capacity_bps=self._egress_bps))
        return tuple(found)


def _bps(mbps: int | None) -> int | None:
    return None if mbps is None else mbps * 1_000_000
