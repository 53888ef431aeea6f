"""A cause in the words of whoever has to act on it: where it sits, what it was told from, who pays for the mend.

Wi-Fi is said only of a machine that is known to be on it.
"""

from collections.abc import Mapping, Sequence

from collector.verdict.causes import BudgetLine, Cause, Compared, Confidence, Located, Sign

ALONE_LOSS = 0.01
"""A loss that a comparison names beside the round trips: one packet in a hundred (science.md 4.3)."""

CAUSE_WORDS: Mapping[Cause, str] = {
    "room_access": "its own access (Wi-Fi, access point or cable)",
    "site_lan": "the network inside the building",
    "site_uplink": "the line from the school to the district",
    "isp_egress": "the district's way out to the Internet, or its provider",
    "remote_service": "a service elsewhere, its resolver or a filter",
    "rate_limit_or_client": "a rate limit, or the interface of the machine that measures",
    "device": "the machine that measures",
    "mixed": "more than one cause",
    "undetermined": "not determined yet",
}
_WI_FI = "its Wi-Fi"

BUDGET_WORDS: Mapping[BudgetLine, str] = {
    "C1": "E-rate category 1, lines to the Internet",
    "C2": "E-rate category 2, inside the building",
    "vendor": "the service's vendor",
}
CONFIDENCE_WORDS: Mapping[Confidence, str] = {
    "high": "high confidence",
    "medium": "medium confidence",
    "low": "low confidence",
}
SIGN_WORDS: Mapping[Sign, str] = {
    "weak_signal": "its Wi-Fi signal was weak (-70 dBm or less)",
    "many_retries": "a fifth of its Wi-Fi frames were sent again",
    "link_errors": "its interface counted errors",
    "link_down": "its link went down",
    "busy_uplink": "the uplink was four fifths full",
    "long_hop": "the path grew longer at that very hop",
    "busy_machine": "its processors were busy",
    "stepped_clock": "its clock was set",
    "few_probes": "it probed too little",
    "slow_alone": "the machine tested slow without anything else being so",
}
_WI_FI_SIGNS = frozenset[Sign]({"weak_signal", "many_retries"})

_CULPRIT: Mapping[Cause, str] = {
    "room_access": "gateway",
    "site_lan": "site",
    "site_uplink": "district",
    "isp_egress": "anchor:",
}
"""The nearest target that lies behind what is named."""
_IN_THE_SCHOOL = frozenset({"gateway", "site"})


def on_wi_fi(located: Located | None) -> bool:
    """Whether the room's machine is known to be on Wi-Fi."""
    return located is not None and (located.medium == "wifi" or not _WI_FI_SIGNS.isdisjoint(located.signs))


def where(cause: Cause, located: Located | None = None) -> str:
    """Where the trouble sits, as ``the line from the school to the district``."""
    return _WI_FI if cause == "room_access" and on_wi_fi(located) else CAUSE_WORDS[cause]


def because(cause: Cause | None, located: Located | None = None) -> str:
    """``because of its Wi-Fi``; empty where no cause is named."""
    if cause is None or cause == "undetermined":
        return ""
    return "for more than one cause" if cause == "mixed" else f"because of {where(cause, located)}"


def pays(line: BudgetLine | None) -> str:
    """Who pays for the mend, as ``C2 (E-rate category 2, inside the building)``; empty where nobody is named."""
    return "" if line is None else BUDGET_WORDS[line] if line == "vendor" else f"{line} ({BUDGET_WORDS[line]})"


def comparison(located: Located) -> str:
    """What the cause was told from, without a full stop and beginning small; empty where nothing was compared.

    ``its own gateway took 210 ms (usually 3 ms), the school's wired reference 12 ms at the same time, 1 of 7 other
    rooms was bad``
    """
    parts = []
    if located.cause == "device":
        return "; ".join(SIGN_WORDS[sign] for sign in located.signs)
    culprit = _culprit(located)
    if culprit is not None:
        whose, name = culprit
        seen = located.room if whose == "room" else located.reference
        at = [one.target for one in seen].index(name)
        if at and seen[at - 1].p95_ms is not None:
            parts.append(f"{_called(seen[at - 1].target, whose)} {_took(seen[at - 1])}")
        parts.append(f"{_called(name, whose)} {_took(seen[at], again=bool(parts))}")
        if whose == "room" and (same := _same(located.reference, name)):
            parts.append(f"{_reference(same.target, name)} {_took(same, again=True, usual=False)} at the same time")
    if located.peers:
        parts.append(_peers(located.bad_peers, located.peers))
    if located.shared:
        parts.append(f"the bad rooms have {located.shared} in common and no good one has")
    parts += [SIGN_WORDS[sign] for sign in located.signs]
    return ", ".join(parts)


def _culprit(located: Located) -> tuple[str, str] | None:
    """Which target of whose names the cause: the one behind it, what was silent outside, else what grew most."""
    wanted = _CULPRIT.get(located.cause)
    if located.cause == "remote_service":
        for whose, seen in (("room", located.room), ("reference", located.reference)):
            for one in seen:
                if one.target not in _IN_THE_SCHOOL and one.p95_ms is None and one.loss:
                    return whose, one.target
    for whose, seen in (("room", located.room), ("reference", located.reference)):
        for one in seen:
            if wanted and one.target.startswith(wanted):
                return whose, one.target
    for whose, seen in (("room", located.room), ("reference", located.reference)):
        if seen:
            return whose, max(seen, key=lambda one: (one.excess_ms or 0, one.loss or 0)).target
    return None


def _same(seen: Sequence[Compared], target: str) -> Compared | None:
    """The reference's own reading to `target`, or to the farthest target where it has none."""
    return next((one for one in seen if one.target == target), seen[-1] if seen else None)


def _called(target: str, whose: str) -> str:
    reference = whose == "reference"
    if target == "gateway":
        return "the gateway of the school's wired reference" if reference else "its own gateway"
    kind, _, name = target.partition(":")
    called = {
        "site": "the school's reflector",
        "district": "the district's reflector",
        "anchor": f"{name} on the Internet",
        "service": f"the service {name}",
    }.get(kind, target)
    return f"{called} from the school's wired reference" if reference else called


def _reference(target: str, wanted: str) -> str:
    whose = "the school's wired reference"
    return whose if target == wanted else f"{whose} to {_called(target, 'room')}"


def _took(one: Compared, *, again: bool = False, usual: bool = True) -> str:
    """``took 210 ms (usually 3 ms) and lost 8 %``; `again`, where the verb has been said."""
    if one.p95_ms is None:
        return "answered nothing" if one.loss else "was not measured"
    text = _ms(one.p95_ms) if again else f"took {_ms(one.p95_ms)}"
    if usual and one.usual_ms is not None:
        text += f" (usually {_ms(one.usual_ms)})"
    if one.loss is not None and one.loss >= ALONE_LOSS:
        text += f" and lost {100 * one.loss:.0f} %"
    return text


def _ms(ms: float) -> str:
    """As beside another: no digit that is 0."""
    return milliseconds(ms).replace(".0 ", " ")


def _peers(bad: int, peers: int) -> str:
    rooms = "other room" if peers == 1 else "other rooms"
    if not bad:
        return f"none of {peers} {rooms} was bad"
    return f"{bad} of {peers} {rooms} {'was' if bad == 1 else 'were'} bad"


def milliseconds(ms: float) -> str:
    """A latency for a reader: three digits at the most."""
    if ms < 0.995:
        return f"{ms:.2f} ms"
    return f"{ms:.1f} ms" if ms < 9.95 else f"{ms:.0f} ms"
