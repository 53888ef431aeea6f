"""What a site's rooms are judged by at a time, and what hangs on what: from the district's files."""

from datetime import datetime, timedelta

from collector.district.district import District
from collector.verdict.profiles import Profile
from collector.verdict.topology import Place, Topology


def profiles_at(district: District, site: str, instant: datetime) -> tuple[Profile, ...]:
    """The profiles in force at `site`: those of assessments while one is written there, if there are any."""
    assessing = district.assessing(site, instant, instant + timedelta(microseconds=1))
    lessons = district.profiles.in_force()
    return (district.profiles.in_force(assessing=True) or lessons) if assessing else lessons


def topology_of(district: District) -> Topology:
    """The tree of the district, as far as its spreadsheet says."""
    return Topology(
        places={
            (one.site, one.room): Place(ap=one.ap or None, switch=one.switch or None, uplink=one.uplink or None)
            for one in district.rooms
        },
        uplink_mbps={one.site: one.uplink_mbps for one in district.sites if one.uplink_mbps is not None},
    )
