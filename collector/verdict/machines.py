"""How a machine that measures was, within one bin: from its health reports."""

from dataclasses import dataclass

from wire.reports import Medium


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSummary:
    """One agent's machine and its link within one bin; ``None`` is what its system does not say.

    The highest of the bin: `cpu_permille` (all cores), `memory_stalled_permille`, `wifi_retries_permille`; the lowest:
    `wifi_signal_dbm`, `wifi_down_mbps`, `link_mbps`; the largest by amount: `clock_step_ms`; sums: `slept_ms`,
    `skipped_probes`, `link_flaps`. `link_errors` is how many came in the bin. Of an edge or a reference alone:
    `uplink_in_bps` and `uplink_out_bps`, mean rates.
    """

    agent: str
    reports: int
    cpu_permille: int | None = None
    memory_stalled_permille: int | None = None
    clock_step_ms: int = 0
    slept_ms: int = 0
    skipped_probes: int = 0
    link_mbps: int | None = None
    link_flaps: int | None = None
    link_errors: int | None = None
    medium: Medium | None = None
    wifi_band_mhz: int | None = None
    wifi_signal_dbm: int | None = None
    wifi_retries_permille: int | None = None
    wifi_down_mbps: int | None = None
    uplink_in_bps: float | None = None
    uplink_out_bps: float | None = None
