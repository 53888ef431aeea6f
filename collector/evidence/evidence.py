"""Makes evidence packs from what is stored."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import IO

from collector.board.phrases import METHOD_WORDS, length
from collector.capacity_now import CapacitySeen
from collector.district.district import District
from collector.evidence.pack import write_pack
from collector.evidence.page import render
from collector.evidence.room_tables import RoomTables
from collector.evidence.seen import RoomSeen
from collector.evidence.span import Span
from collector.evidence.uplink_tables import UplinkSeen, UplinkTables
from collector.settings import Settings
from collector.store.protocol import Store
from collector.uplinks.listed import listed_uplinks
from collector.verdict.profiles import Profile, Profiles
from collector.verdict.topology import RoomKey
from collector.verdict.uplinks.load import site_uplink
from collector.verdict.uplinks.outlook import LEVEL_SHARES
from collector.verdict.uplinks.words import uplink_name
from collector.verdict.week_sentence import VERDICT_WORDS, called, week_sentence
from collector.verdict.weekly_rule import RULE_VERSION
from wire.uplink_report import CountedBy
from wire.version import VERSION

TARGET_WORDS = {
    "district": " (the reflector beside the district's collector)",
    "site": " (the wired reference machine of the room's own school)",
    "gateway": " (the room's own gateway)",
}


AT_ONCE = 2
"""Packs that are made at a time: each reads its range once, while rooms are judged beside it."""


METHODS: dict[CountedBy, str] = {
    "snmp": "a router's counters, read over SNMP (IF-MIB ifHCInOctets and ifHCOutOctets, RFC 2863)",
    "interface": "the interface of the machine that the line's traffic passes through, as its system counts",
}


class Evidence:
    """Of one district. May be asked by any thread that holds one of its `turns`."""

    def __init__(self, *, store: Store, district: District, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._district = district
        self._settings = settings
        self._clock = clock
        self.turns = BoundedSemaphore(AT_ONCE)

    def write_room(
        self, out: IO[bytes], room: RoomKey, span: Span, *, name: str, capacity: Sequence[CapacitySeen] = ()
    ) -> None:
        """Write the pack of a room of the district, which is called `name`, to `out`; `capacity` are its newest
        capacity tests. Raises `StoreUnavailable`."""
        now = self._clock()
        zone = self._district.time_zone
        seen = RoomSeen()
        bins_from = max(span.first, (now - timedelta(days=self._settings.keep_bins_days)).astimezone(zone).date())
        tables = RoomTables(
            store=self._store,
            district=self._district,
            room=room,
            span=span,
            bins_from=bins_from,
            until=now - timedelta(seconds=self._settings.settle_seconds),
            bin_seconds=self._settings.bin_seconds,
            capacity=capacity,
            seen=seen,
        ).tables()
        site = next(one for one in self._district.sites if one.site == room[0])
        profiles = self._district.profiles

        def page() -> str:
            return render(
                "room.html",
                tables=tables,
                version=VERSION,
                made_at=now.astimezone(zone).isoformat(timespec="minutes"),
                district=self._district.name,
                zone=zone.key,
                room=called(name),
                site=site.name,
                simulated=site.simulated,
                first=span.first,
                last=span.last,
                length=length(self._settings.bin_seconds),
                seen=seen,
                weeks=seen.weeks,
                sentences=[week_sentence(name, one) for one in seen.weeks],
                verdicts=VERDICT_WORDS,
                ways=[(target, method, bins) for (target, method), bins in seen.ways.most_common()],
                methods=METHOD_WORDS,
                targets=TARGET_WORDS,
                anchors=seen.anchors.most_common(),
                profiles=_judging(profiles),
                digest=profiles.digest,
                changed=any(one.changed for one in profiles),
                others=[(one, bins) for one, bins in seen.digests.most_common() if one != profiles.digest],
                rule_version=RULE_VERSION,
                keep_bins_days=self._settings.keep_bins_days,
                keep_reports_days=self._settings.keep_reports_days,
                bins_from=bins_from,
            )

        write_pack(out, tables, page, folder=f"evidence-{room[0]}-{room[1]}", made_at=now.astimezone(zone))

    def knows(self, uplink: str) -> bool:
        """Whether the district has this uplink: ``district``, or ``site:`` and the id of one of its sites."""
        return uplink in listed_uplinks(self._district)

    def write_uplink(self, out: IO[bytes], uplink: str, span: Span) -> None:
        """Write the pack of an uplink that the district has to `out`. Raises `StoreUnavailable`."""
        now = self._clock().astimezone(self._district.time_zone)
        seen = UplinkSeen()
        tables = UplinkTables(
            store=self._store.uplinks, district=self._district, uplink=uplink, span=span, seen=seen
        ).tables()
        sites = {site_uplink(one.site): one for one in self._district.sites}
        of = (sites[uplink],) if uplink in sites else self._district.sites

        def page() -> str:
            return render(
                "uplink.html",
                tables=tables,
                version=VERSION,
                made_at=now.isoformat(timespec="minutes"),
                district=self._district.name,
                zone=self._district.time_zone.key,
                name=uplink_name(uplink, {one.site: one.name for one in self._district.sites}),
                simulated=any(one.simulated for one in of),
                first=span.first,
                last=span.last,
                seen=seen,
                methods=METHODS,
                watch=LEVEL_SHARES["watch"],
                plan=LEVEL_SHARES["plan"],
                act=LEVEL_SHARES["act"],
                keep_bins_days=self._settings.keep_bins_days,
            )

        write_pack(out, tables, page, folder=f"evidence-{uplink.replace(':', '-')}", made_at=now)


def _judging(profiles: Profiles) -> list[Profile]:
    return [one for one in profiles if one.judges != "never"]
