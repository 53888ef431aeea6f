"""When nobody is told: quiet hours, and maintenance. What is still so when they end is told then."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from collector.alerts.alert_settings import AlertSettings, Maintenance
from collector.alerts.incident import Incident


def held_back(settings: AlertSettings, one: Incident, at: datetime, zone: ZoneInfo) -> bool:
    """Whether nobody is told of `one` at that time.

    Of trouble that was found during maintenance, or within its last minutes, nobody is told until it was seen after the
    maintenance, too: work that ended well leaves an incident behind until half an hour of lessons was good.
    """
    if is_quiet(settings, at, zone) or in_maintenance(settings, at, zone, one.sites):
        return True
    over = [_utc(each.until, zone) for each in _all(settings, one.opened_at, zone, one.sites)]
    return bool(over) and one.seen_at <= max(over) and one.is_open


def is_quiet(settings: AlertSettings, at: datetime, zone: ZoneInfo) -> bool:
    """Whether `at` lies in quiet hours of the district."""
    local = at.astimezone(zone).time()
    return any(one.contain(local) for one in settings.quiet)


def in_maintenance(settings: AlertSettings, at: datetime, zone: ZoneInfo, sites: Sequence[str]) -> bool:
    """Whether work is being done at all of `sites`, the sites of an incident; of none, the whole district's."""
    return bool(_all(settings, at, zone, sites))


def _all(settings: AlertSettings, at: datetime, zone: ZoneInfo, sites: Sequence[str]) -> list[Maintenance]:
    """What is under way then, where that is at all of `sites`."""
    now = under_way(settings, at, zone)
    everywhere = [one for one in now if not one.sites]
    if everywhere:
        return everywhere
    at_work = {site for one in now for site in one.sites}
    return now if sites and set(sites) <= at_work else []


def under_way(settings: AlertSettings, at: datetime, zone: ZoneInfo) -> list[Maintenance]:
    """The maintenance that is going on."""
    local = at.astimezone(zone).replace(tzinfo=None)
    return [one for one in settings.maintenance if one.start <= local < one.until]


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    return local.replace(tzinfo=zone)
