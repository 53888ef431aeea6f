"""An uplink as the page tells it."""

from collector.brief.brief import BriefUplink
from collector.verdict.uplinks.outlook import Outlook
from collector.verdict.uplinks.words import ahead, says, scenario, uplink_name


def brief_uplink(one: Outlook, names: dict[str, str]) -> BriefUplink:
    """The uplink in sentences; `names` are what the sites are called."""
    return BriefUplink(
        name=uplink_name(one.uplink, names),
        outlook=one,
        says=says(one),
        ahead=ahead(one),
        scenarios=tuple(map(scenario, one.scenarios)),
    )
