"""The uplinks that a district's file tells of."""

from collections.abc import Mapping

from collector.district.district import District
from collector.verdict.uplinks.load import DISTRICT, site_uplink


def listed_uplinks(district: District) -> Mapping[str, int | None]:
    """The district's and those of its sites, in their order, each with what the file says that it carries, in Mbit/s,
    ``None`` where it says nothing."""
    return {DISTRICT: district.egress_mbps} | {site_uplink(one.site): one.uplink_mbps for one in district.sites}


def capacities(district: District) -> dict[str, int]:
    """Those of which the file says what they carry, in Mbit/s."""
    return {uplink: mbps for uplink, mbps in listed_uplinks(district).items() if mbps}
