"""The newest snapshot, once there is one."""

from collector.api.services import Services
from collector.now import DistrictNow
from collector.refusal import Refusal


def the_district(services: Services) -> DistrictNow:
    """The newest snapshot. Raises `Refusal` 503 before the first."""
    district = services.engine.now
    if district is None:
        raise Refusal(503, "not_ready", "the collector is starting; ask again in a few seconds")
    return district
