"""The ways to mend each cause, the cheapest first: options for whoever decides, and no order."""

from collections.abc import Mapping

from collector.verdict.causes import Cause

_OPTIONS: Mapping[Cause, tuple[str, ...]] = {
    "room_access": (
        "Look at the room's cable, and at the port of the switch that it hangs on",
        "Move or set anew the access point that serves the room",
        "Replace the cable, the port or the access point",
    ),
    "site_lan": (
        "Look at the ports, cables and switches that these rooms share",
        "Spread the rooms over other switches",
        "Replace the switch or the cable between buildings",
    ),
    "site_uplink": (
        "Show the provider this page and ask for a test of the line",
        "Move updates and backups out of lesson time",
        "Order a faster line",
    ),
    "isp_egress": (
        "Open a ticket with the provider; the CSV files are the evidence",
        "Move updates and backups out of lesson time",
        "Order more capacity, or a second way out",
    ),
    "remote_service": (
        "Look at the vendor's page of known faults",
        "Open a ticket with the vendor; the CSV files are the evidence",
        "Agree on an alternative for the lessons that depend on it",
    ),
    "rate_limit_or_client": (
        "Look for a limit that was set on the room's network or on its port",
        "Connect the machine by another cable, or to another port, and see whether it stays slow",
    ),
    "device": (
        "Look at what keeps the machine busy in lessons",
        "Let another machine of the room measure",
    ),
    "mixed": (
        "Begin with the most frequent of the causes, which the board names, and look again after a week",
        "Put a wired machine into the school that tells its parts from one another",
    ),
    "undetermined": (
        "Ask the teachers of the room when it happens",
        "Put a wired machine into the school: it tells the room from the building and from its line",
    ),
}
_WI_FI = (
    "Change the channel or the power of the access point that serves the room",
    "Have the Wi-Fi measured where pupils sit (a survey), and the access point moved",
    "Add an access point, or put the devices that do not move on a cable",
)
NOT_MEASURED_OPTIONS = (
    "See that the room's PC is switched on in lessons",
    "Put a second measuring machine into the room",
)


def options(cause: Cause, *, on_wi_fi: bool = False) -> tuple[str, ...]:
    """What could be done where a trouble has `cause`."""
    return _WI_FI if cause == "room_access" and on_wi_fi else _OPTIONS[cause]
