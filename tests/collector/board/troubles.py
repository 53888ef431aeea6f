"""Incidents to show: one of a site, one of rooms, one that is over, and who was told."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from collector.alerts.incident import Incident
from collector.now import DistrictNow
from collector.registry.notices import Notice
from tests.collector.board.districts import NOW

NOW_MS = int(NOW.timestamp() * 1000)


def an_incident(name: str = "one", **given: Any) -> Incident:
    """The line of a school that is down for two rooms since an hour."""
    values: dict[str, Any] = {
        "incident": name,
        "about": "site:oak-hill",
        "rule": "outage",
        "severity": "critical",
        "sites": ("oak-hill",),
        "rooms": (("oak-hill", "101"), ("oak-hill", "102")),
        "asked": 40,
        "cause": "site_uplink",
        "confidence": "high",
        "where": "the line from the school to the district",
        "began_at": NOW - timedelta(hours=1),
        "opened_at": NOW - timedelta(minutes=40),
        "seen_at": NOW,
    }
    return Incident(**(values | given))


def incidents_of(district: DistrictNow) -> list[Incident]:
    """One of its first site, one of rooms there, and one that is over."""
    site = district.sites[0]
    rooms = tuple((one.site, one.room) for one in site.rooms)
    over = {"closed_at": NOW, "ended_at": NOW - timedelta(minutes=30), "ending": "over", "lost_s": {"2026-03-10": 5400}}
    return [
        an_incident("one", about=f"site:{site.site}", sites=(site.site,), rooms=rooms),
        an_incident(
            "two",
            about=f"rooms:{site.site}",
            rule="half_day",
            severity="minor",
            sites=(site.site,),
            rooms=rooms[:1],
            cause="undetermined",
            confidence=None,
            where="",
        ),
        an_incident("three", about=f"site:{site.site}", sites=(site.site,), rooms=rooms, **over),
    ]


def a_notice(incident: str = "one", **given: Any) -> Notice:
    """A channel that was told."""
    values: dict[str, Any] = {
        "incident": incident,
        "channel": "chat",
        "kind": "opened",
        "state": "told",
        "attempts": 1,
        "first_ms": NOW_MS,
        "changed_ms": NOW_MS,
        "answer": "taken",
    }
    return Notice(**(values | given))


class Kept:
    """A registry's incidents and notices, as much of them as the board asks for."""

    def __init__(self, incidents: Collection[Incident], notices: Collection[Notice] = ()) -> None:
        self._incidents = list(incidents)
        self._notices = list(notices)

    def open(self) -> list[Incident]:
        """Those that last."""
        return [one for one in self._incidents if one.is_open]

    def newest(self, count: int) -> list[Incident]:
        """The newest."""
        return self._incidents[:count]

    def of(self, _incidents: Collection[str]) -> list[Notice]:
        """Who was told."""
        return self._notices
