"""Writes what is now to InfluxDB for Grafana: rooms and sites, the fleet, and the collector itself.

A room is written when it changes and every few minutes; the rest once a minute. What InfluxDB does not take is gone:
the next round writes what is then.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from collector.district.district import District
from collector.ingest.accounts import Accounts
from collector.now import DistrictNow, RoomNow
from collector.publish_points import (
    FleetAgent,
    agent_line,
    collector_line,
    names_of,
    room_line,
    site_line,
)
from collector.publish_standings import standing_lines
from collector.registry.registry import Registry
from collector.store.influx_day_rows import WeekTold
from collector.store.influx_schema import Retention
from collector.store.influx_uplink_rows import OutlookTold, UplinkNamed
from collector.store.protocol import AgentHealth, StoreUnavailable
from collector.verdict.uplinks.load import site_of_uplink
from collector.verdict.uplinks.outlook import Outlook
from collector.verdict.uplinks.words import ahead, scenario, uplink_name
from collector.verdict.week_facts import facts
from collector.verdict.week_sentence import week_sentence
from collector.verdict.weeks import RoomWeek
from wire.version import VERSION

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
ROOMS_EVERY = timedelta(minutes=5)
"""A room whose state and evidence stay what they were is written this often; panels look back three times as far."""


class Points(Protocol):
    """The store, as far as points of now are concerned. Every method may raise `StoreUnavailable`."""

    def write_lines(self, kept: Retention, lines: list[str]) -> None:
        """Keep lines."""
        ...

    def newest_states(self, since: datetime) -> dict[tuple[str, str], tuple[str, datetime]]:
        """Per room, the state that was written last after `since`, and since when the room had it."""
        ...

    def newest_health(self, stored_after: datetime) -> dict[str, AgentHealth]:
        """Per agent of which health reports were stored after `stored_after`, its newest."""
        ...


class Publisher:
    """Publishes one district. Not for several threads."""

    def __init__(
        self,
        points: Points,
        registry: Registry,
        accounts: Accounts,
        *,
        judged_bins: Callable[[], int],
        district: District | None = None,
    ) -> None:
        self._points = points
        self._registry = registry
        self._accounts = accounts
        self._judged_bins = judged_bins
        self._district = district
        self._stood_on: date | None = None
        self._since: dict[tuple[str, str], tuple[str, datetime]] | None = None
        self._written: dict[tuple[str, str], tuple[object, datetime]] = {}
        self._health: dict[str, AgentHealth] | None = None
        self._told_at = datetime.fromtimestamp(0, UTC)
        self._failing = False

    def publish(self, now: DistrictNow, *, failing: bool) -> None:
        """Write what has changed or is due. Never raises for a store that is away."""
        try:
            self._publish(now, failing=failing)
        except StoreUnavailable as error:
            if not self._failing:
                log.warning("grafana is not told of what is now error=%s", error)
            self._failing = True
        else:
            if self._failing:
                log.info("grafana is told of what is now again")
            self._failing = False

    def _publish(self, now: DistrictNow, *, failing: bool) -> None:
        at = now.taken_at
        rooms = list(self._rooms(now))
        lines = [line for _, line in rooms]
        due = _over(self._told_at, EVERY, at)
        if due:
            lines += [site_line(now, site, at=at) for site in now.sites]
            agents = self._fleet(now)
            names = names_of(now)
            lines += [agent_line(now, one, names=names, version=VERSION, at=at) for one in agents]
            counts = self._accounts.totals() | {"judged_bins": self._judged_bins()}
            lines.append(collector_line(now, agents, version=VERSION, counts=counts, failing=failing))
        if lines:
            self._points.write_lines("reports", lines)
        self._tell_standings(at)
        self._written |= {(one.site, one.room): (_shown(one), at) for one, _ in rooms}
        if due:
            self._told_at = at

    def _tell_standings(self, at: datetime) -> None:
        """Once a day, how the capacity of the `district`, where there is one, stands against guidance."""
        today = at.astimezone(self._district.time_zone).date() if self._district else None
        if self._district is not None and today is not None and today != self._stood_on:
            if found := standing_lines(self._district, today):
                self._points.write_lines("days", found)
            self._stood_on = today

    def _rooms(self, now: DistrictNow) -> Iterable[tuple[RoomNow, str]]:
        """The rooms that are due, and their lines."""
        at = now.taken_at
        if self._since is None:
            self._since = self._points.newest_states(at - timedelta(days=7))
        for site in now.sites:
            for one in site.rooms:
                key = (one.site, one.room)
                state, since = self._since.get(key, ("", at))
                if state != one.state.state:
                    since = at
                    self._since[key] = (one.state.state, since)
                shown, written_at = self._written.get(key, (None, at))
                if shown != _shown(one) or _over(written_at, ROOMS_EVERY, at):
                    yield one, room_line(site, one, since=since, in_session=site.lesson is not None, at=at)

    def _fleet(self, now: DistrictNow) -> list[FleetAgent]:
        look_back = timedelta(days=30) if self._health is None else timedelta(minutes=15)
        self._health = (self._health or {}) | self._points.newest_health(now.taken_at - look_back)
        return [
            FleetAgent(agent=one.agent, site=one.site, room=one.room, role=one.role, health=self._health.get(one.agent))
            for one in self._registry.agents()
            if one.revoked_ms is None
        ]


def week_told(district: District, week: RoomWeek) -> WeekTold:
    """What a reader sees of a week: names as the district has them now, slugs of what is no longer there."""
    site = next((one.name for one in district.sites if one.site == week.site), week.site)
    room = next((one.name for one in district.rooms if (one.site, one.room) == (week.site, week.room)), week.room)
    stands_on = facts(week, district.profiles, time_zone=district.calendar_of(week.site).time_zone)
    return WeekTold(
        site_name=site,
        room_name=room,
        evidence=week_sentence(room, week),
        stands_on="\n".join(f"{one.name}: {one.text}" for one in stands_on),
    )


def uplink_named(district: District, uplink: str) -> UplinkNamed:
    """What a reader calls an uplink."""
    names = {one.site: one.name for one in district.sites}
    return UplinkNamed(site=site_of_uplink(uplink) or "", name=uplink_name(uplink, names))


def outlook_told(one: Outlook) -> OutlookTold:
    """What a reader sees of an outlook."""
    return OutlookTold(sentence=ahead(one), scenarios="\n".join(map(scenario, one.scenarios)))


def _over(since: datetime, wait: timedelta, at: datetime) -> bool:
    """Whether `wait` is over; a clock that has been set back does not lengthen it."""
    return not since <= at < since + wait


def _shown(one: RoomNow) -> tuple[object, ...]:
    return (one.state.state, one.state.cause, one.state.worst, one.evidence, one.name)
