"""How capacity stands against planning guidance, as points that Grafana reads: pure, and no verdict."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time

from collector.brief.brief import Standing
from collector.brief.standings import standings
from collector.district.district import District
from collector.store import influx_schema as schema
from collector.store.influx_lines import line
from collector.store.influx_rows import ns
from collector.verdict.uplinks.load import DISTRICT, site_uplink

_MBPS = 1_000_000


def standing_lines(district: District, day: date) -> list[str]:
    """The points of a local `day`: of the district and of each site whose users and capacity are known."""
    midnight = datetime.combine(day, time(0), tzinfo=district.time_zone).astimezone(UTC)
    return [_line(uplink, one, ns(midnight)) for uplink, one in _of_each(district)]


def _of_each(district: District) -> Iterator[tuple[str, Standing]]:
    whole = list(standings(district))
    for site in district.sites:
        for one in standings(district, site=site.site):
            whole.remove(one)
            yield site_uplink(site.site), one
    for one in whole:
        yield DISTRICT, one


def _line(uplink: str, one: Standing, at_ns: int) -> str:
    fields = {
        "name": one.name,
        "users": one.users,
        "capacity_bps": one.capacity_mbps * _MBPS,
        "mbps_per_user": one.mbps_per_user,
        "target_mbps_per_user": one.target_mbps_per_user,
        "target_bps": round(one.target_mbps * _MBPS),
        "meets": one.meets,
        "source": one.source,
    }
    guidance = one.source.split(maxsplit=1)[0].lower()
    return line(schema.CAPACITY_STANDING, {"uplink": uplink, "guidance": guidance}, fields, at_ns)
