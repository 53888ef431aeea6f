"""Looks for trouble after each round of judging, and keeps in the registry what becomes of it."""

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from collector.alerts.alert_settings import AlertSettings
from collector.alerts.course import LOOK_BACK, Course, go_on, told_until
from collector.alerts.finding import Finding
from collector.alerts.incident import Incident
from collector.alerts.look import Look, look_at
from collector.alerts.services_found import TROUBLE_FOR, ServicesFound, collector_found
from collector.alerts.silence import silent_rooms
from collector.alerts.sites_found import network_found
from collector.district.district import District
from collector.now import DistrictNow
from collector.registry.agent import Agent
from collector.registry.registry import Registry
from collector.store.protocol import Store, StoreUnavailable
from collector.verdict.topology import RoomKey

log = logging.getLogger(__name__)

AGENTS_EVERY = timedelta(minutes=1)
AWAY_EVERY = timedelta(hours=1)
AWAY_LOOK_BACK = timedelta(days=14)
LEFT_ALONE = timedelta(minutes=15)
"""A collector's trouble that it has not confirmed for so long is over, or its process is: another one closes it."""


class AlertWatch:
    """One collector's eye on one district. `look` is not for several threads at once."""

    def __init__(
        self,
        *,
        district: District,
        settings: AlertSettings,
        registry: Registry,
        store: Store,
        settle_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._district = district
        self._settings = settings
        self._registry = registry
        self._store = store
        self._settle = timedelta(seconds=settle_seconds)
        self._clock = clock
        self._listening_since = clock()
        self._services = ServicesFound()
        self._trouble_since: datetime | None = None
        self._well_since: datetime | None = None
        self._agents: tuple[datetime, list[Agent]] | None = None
        self._away: tuple[datetime, frozenset[RoomKey]] | None = None
        self.failing = False
        """Whether the last look failed."""
        self.open: list[Incident] = []
        """Those that last, as they were at the last look."""

    def look(self, now: DistrictNow, *, trouble: str | None) -> Course:
        """Look once. `trouble` is what keeps the collector from judging. Raises `sqlalchemy.exc.SQLAlchemyError`."""
        at = self._clock()
        self._note_trouble(trouble, at)
        incidents = self._registry.incidents
        open_now = incidents.open()
        known = frozenset(room for one in open_now for room in one.rooms)
        agents = self._known_agents(at)
        look = look_at(
            self._district,
            now,
            at=at,
            closed_until=at - self._settle,
            listening_since=self._listening_since,
            known=known,
            told_until=told_until(incidents.closed_since(at - LOOK_BACK), since=at - LOOK_BACK),
            references=frozenset((one.site, one.room) for one in agents if one.role != "room"),
            with_agents=frozenset((one.site, one.room) for one in agents if one.role == "room"),
            away=self._away_rooms(now, at),
            trouble=trouble,
        )
        course = go_on(
            open_now,
            self._find(look),
            look,
            name=lambda: secrets.token_hex(8),
            is_well=lambda service: self._services.is_well(service, at),
            collector_is_well=self._collector_is_well(at),
        )
        self._keep(course)
        self.open = incidents.open() if course.opened or course.changed else open_now
        return course

    def _find(self, look: Look) -> list[Finding]:
        own = collector_found(look, self._trouble_since)
        if own is not None:
            return [own]
        found = network_found(look)
        troubled = {site for one in found if not one.about.startswith("rooms:") for site in one.sites}
        found += self._services.found(look, troubled)
        found += silent_rooms(look, self._district, after_hours=self._settings.silent_room_hours)
        return found

    def _note_trouble(self, trouble: str | None, at: datetime) -> None:
        if trouble is not None:
            self._trouble_since = self._trouble_since or at
            self._well_since = None
        else:
            if self._trouble_since is not None:
                self._listening_since = at
                self._well_since = at
            self._trouble_since = None

    def _collector_is_well(self, at: datetime) -> Callable[[Incident], bool]:
        """Whether an incident of a collector is over: of this one after a while, of another when nobody confirms it."""

        def over(one: Incident) -> bool:
            mine = self._well_since is not None and self._well_since >= one.opened_at
            return at - self._well_since >= TROUBLE_FOR if mine and self._well_since else at - one.seen_at >= LEFT_ALONE

        return over

    def _keep(self, course: Course) -> None:
        incidents = self._registry.incidents
        for one in course.changed:
            if incidents.change(one) and one.closed_at is not None:
                log.info("incident closed incident=%s about=%s ending=%s", one.incident, one.about, one.ending)
        for one in course.opened:
            if incidents.add(one):
                log.warning(
                    "incident opened incident=%s about=%s rule=%s severity=%s cause=%s rooms=%d",
                    one.incident,
                    one.about,
                    one.rule,
                    one.severity,
                    one.cause,
                    len(one.rooms),
                )

    def _known_agents(self, at: datetime) -> list[Agent]:
        if self._agents is None or not self._agents[0] <= at < self._agents[0] + AGENTS_EVERY:
            self._agents = at, [one for one in self._registry.agents() if one.revoked_ms is None]
        return self._agents[1]

    def _away_rooms(self, now: DistrictNow, at: datetime) -> frozenset[RoomKey]:
        """Rooms whose machines last said that they are not at school. Asked for only where one has been silent for
        long."""
        long_ago = at - timedelta(hours=max(1, self._settings.silent_room_hours))
        heard: Mapping[RoomKey, datetime] = {
            (one.site, one.room): one.newest_report_at for one in now.rooms() if one.newest_report_at is not None
        }
        if not any(one < long_ago for one in heard.values()):
            return frozenset()
        if self._away is None or not self._away[0] <= at < self._away[0] + AWAY_EVERY:
            try:
                found = self._store.newest_reports("off_site", at - AWAY_LOOK_BACK, at)
            except StoreUnavailable:
                return frozenset() if self._away is None else self._away[1]
            said = {(one.site, one.room) for one in found if one.started_at > heard.get((one.site, one.room), at)}
            self._away = at, frozenset(said)
        return self._away[1]
