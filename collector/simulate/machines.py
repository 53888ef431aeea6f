"""How the made-up machines are: at ease, or as the faults that act on them or their room show."""

from collector.simulate.kinds import Kind
from collector.verdict.machines import MachineSummary

REPORTS = 5
AT_EASE = {"cpu_permille": 180, "memory_stalled_permille": 3}
WIFI = {"medium": "wifi", "wifi_band_mhz": 5000, "wifi_down_mbps": 400}
BUSY_SHARE, CALM_SHARE = 0.94, 0.35
"""How much of its uplink a site uses."""


def room_machine(agent: str, kinds: frozenset[Kind], *, cabled: bool, spoiled: bool) -> MachineSummary:
    """An agent's machine in a room while faults of `kinds` act on it. `cabled` rooms have no Wi-Fi; `spoiled` machines
    have what is wrong with machines."""
    weak = "room_wifi" in kinds
    values: dict[str, object] = dict(AT_EASE)
    if spoiled and "device" in kinds:
        values |= {"cpu_permille": 970, "skipped_probes": 12}
    if spoiled and "clock" in kinds:
        values |= {"clock_step_ms": 41_000}
    if cabled:
        values |= {"medium": "wired", "link_mbps": 100, "link_errors": 240 if "room_cable" in kinds else 0}
    else:
        values |= WIFI | {
            "wifi_signal_dbm": -80 if weak else -60,
            "wifi_retries_permille": 320 if weak else 60,
        }
    return MachineSummary(agent=agent, reports=REPORTS, **values)  # type: ignore[arg-type]  # by name


def reference_machine(agent: str, kinds: frozenset[Kind], *, uplink_mbps: int) -> MachineSummary:
    """A site's wired reference, which counts what its uplink carries."""
    share = BUSY_SHARE if "uplink_busy" in kinds else CALM_SHARE
    return MachineSummary(
        agent=agent,
        reports=REPORTS,
        medium="wired",
        link_mbps=1000,
        link_errors=0,
        uplink_in_bps=share * uplink_mbps * 1e6,
        uplink_out_bps=0.3 * share * uplink_mbps * 1e6,
        cpu_permille=60,
    )
