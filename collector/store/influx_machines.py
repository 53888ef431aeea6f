"""How machines were, added up from the health reports that an InfluxDB answers."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from collector.verdict.machines import MachineSummary

MACHINE_COLUMNS = (
    *("duration_ms", "machine_cpu_permille", "memory_stalled_permille", "clock_step_ms", "slept_ms", "skipped_probes"),
    *("link_mbps", "link_flaps", "link_errors", "link_medium", "wifi_band_mhz", "wifi_signal_dbm"),
    *("wifi_retries_permille", "wifi_down_mbps", "uplink_in_bytes", "uplink_out_bytes"),
)
"""What `machine_of` reads."""


def machine_of(agent: str, rows: list[Mapping[str, Any]]) -> MachineSummary:
    """How the machine of `agent` was, by rows of its measurement ``health``, at least one, ascending."""

    def told(name: str) -> list[Any]:
        return [row[name] for row in rows if row[name] is not None]

    def by(fold: Callable[[Iterable[Any]], Any], name: str) -> Any:
        values = told(name)
        return fold(values) if values else None

    def bps(name: str) -> float | None:
        counted = [(row[name], row["duration_ms"]) for row in rows if row[name] is not None]
        return 8000 * sum(one for one, _ in counted) / sum(ms for _, ms in counted) if counted else None

    return MachineSummary(
        agent=agent,
        reports=len(rows),
        cpu_permille=by(max, "machine_cpu_permille"),
        memory_stalled_permille=by(max, "memory_stalled_permille"),
        clock_step_ms=max(told("clock_step_ms"), key=abs),
        slept_ms=sum(told("slept_ms")),
        skipped_probes=sum(told("skipped_probes")),
        link_mbps=by(min, "link_mbps"),
        link_flaps=by(sum, "link_flaps"),
        link_errors=by(sum, "link_errors"),
        medium=next(reversed(told("link_medium")), None),
        wifi_band_mhz=next(reversed(told("wifi_band_mhz")), None),
        wifi_signal_dbm=by(min, "wifi_signal_dbm"),
        wifi_retries_permille=by(max, "wifi_retries_permille"),
        wifi_down_mbps=by(min, "wifi_down_mbps"),
        uplink_in_bps=bps("uplink_in_bytes"),
        uplink_out_bps=bps("uplink_out_bytes"),
    )
