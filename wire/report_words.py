"""Words, bounds and checks that several kinds of report share."""

from typing import Literal

from wire.fields import MAX_COUNT, MAX_DURATION_MS, MAX_ELAPSED_MS, MAX_SEQ, WireError, check_range
from wire.histogram import HIGHEST_US, count_text

STRICT: dict[str, object] = {"extra": "forbid", "strict": True, "allow_inf_nan": False}

Failure = Literal[
    "no_answer",  # sent, and nothing came back in time
    "unreachable",  # the system or a router said that there is no way
    "name_not_resolved",  # the target's name has no address
    "no_gateway",  # the machine has no default route
    "refused_to_send",  # the system would not send (firewall, permission)
    "server_failed",  # a resolver answered that it cannot or will not
    "probe_broke",  # our own fault; the agent's log has more
]
Direction = Literal["down", "up"]  # towards the room, and away from it
AskedBy = Literal["schedule", "admin", "user"]  # who wanted a test; what a user asked for is never judged
Bottleneck = Literal["room", "site", "district"]  # a room's AP, a site's uplink, the district's egress
MAX_US = 2 * HIGHEST_US
MAX_MBPS = 10_000_000


def check_period(seq: int, boot_ms: int, duration_ms: int) -> None:
    """Refuse a number or a time that cannot be. Raises `WireError`."""
    check_range("seq", seq, 1, MAX_SEQ)
    check_range("boot_ms", boot_ms, 0, MAX_ELAPSED_MS)
    check_range("duration_ms", duration_ms, 1, MAX_DURATION_MS)


def check_working(sent: int, received: int, histogram: str) -> None:
    """Refuse requests beside a test that do not add up. Raises `WireError`."""
    check_range("working_sent", sent, 0, MAX_COUNT)
    check_range("working_received", received, 0, MAX_COUNT)
    if received > sent:
        raise WireError("more_received_than_sent", f"working_received {received} of {sent} sent")
    if (counted := count_text(histogram)) != received:
        raise WireError(
            "histogram_mismatch", f"working_histogram holds {counted} times, working_received is {received}"
        )
