"""What an admin looks at next, in a sentence: how to tell the cause where it is not determined yet."""

from collector.verdict.room_state import RoomState

_BY_DIMENSION = {
    "latency": (
        "Open the room and compare the gateway's times: if they rise with it, look at its Wi-Fi or cable; "
        "if other rooms of the site are slow at the same time, at the site's uplink."
    ),
    "loss": (
        "Open the room and compare the gateway's loss: packets that are lost on the way there are lost by its Wi-Fi or "
        "cable; if other rooms of the site lose them, too, look at the site's uplink."
    ),
    "throughput": (
        "Compare the tests of other rooms: one room alone points at its access point, its cable or a rate limit; "
        "many at the site's uplink."
    ),
}


def next_step(state: RoomState, *, agents: int, reported: bool) -> str:
    """The sentence; empty where there is nothing to do. `reported` is whether the room's agents ever reported."""
    if state.state in {"bad", "degraded"}:
        return _BY_DIMENSION.get(state.worst or "", "")
    if state.state == "unknown":
        if not agents:
            return "Put an agent into the room: bandroom enrol code prints how."
        if not reported:
            return "Run bandroom-agent status on the room's PC: it says what keeps it from reporting."
        return "See whether the room's PC is on and online; bandroom-agent status there says what it sent last."
    return ""
