"""Could a machine measure at all? L0 of science.md 4.3: what it reports of itself, and not of the network."""

from collector.verdict.causes import Sign
from collector.verdict.machines import MachineSummary

BUSY_PERMILLE = 900
STALLED_PERMILLE = 500
"""Something waited for memory half of the time (our choice)."""
STEP_MS = 1_000
"""A wall clock that is set by less does not disturb what is timed by elapsed time (our choice)."""


def machine_signs(machine: MachineSummary | None, *, sent: int, others_flapped: bool = False) -> tuple[Sign, ...]:
    """Why `machine` could not measure, empty when it could. `sent` are the requests it sent in the bin.

    A wired link that was lost is its own trouble, unless the links of others (`others_flapped`) were lost in the same
    bin. Of Wi-Fi it is what a weak room looks like. A machine that slept is not ill.
    """
    if machine is None:
        return ()
    signs: list[Sign] = []
    if machine.link_flaps and machine.medium == "wired" and not others_flapped:
        signs.append("link_down")
    if (machine.cpu_permille or 0) > BUSY_PERMILLE or (machine.memory_stalled_permille or 0) >= STALLED_PERMILLE:
        signs.append("busy_machine")
    if abs(machine.clock_step_ms) >= STEP_MS:
        signs.append("stepped_clock")
    if machine.skipped_probes > sent and not machine.slept_ms:
        signs.append("few_probes")
    return tuple(signs)
