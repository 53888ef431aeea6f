"""The periods in which the machine was away from its site. Pure bookkeeping on the boot clock.

They lie on the same grid as those of the reports and never span a sleep.
"""

from functools import partial

from agent.clock import NS_PER_MS
from agent.fold import Draft
from wire.reports import AwayReport


class AwayTimes:
    """Told now and then whether the machine is away, it gives a report for each period that is over."""

    def __init__(self) -> None:
        self._since_ns: int | None = None
        self._noted_ns = 0

    def note(self, away: bool, now_ns: int, *, period_ns: int, asleep_ns: int) -> list[Draft]:
        """Whether it is away now. Unheard of for more than `asleep_ns`, it slept."""
        since_ns, noted_ns, self._noted_ns = self._since_ns, self._noted_ns, now_ns
        self._since_ns = now_ns if away else None
        if since_ns is None:
            return []
        if now_ns - noted_ns > asleep_ns:
            return _reports(since_ns, noted_ns)
        reports = []
        while (end_ns := (since_ns // period_ns + 1) * period_ns) <= now_ns:
            reports += _reports(since_ns, end_ns)
            since_ns = end_ns
        if away:
            self._since_ns = since_ns
        else:
            reports += _reports(since_ns, now_ns)
        return reports


def _reports(start_ns: int, end_ns: int) -> list[Draft]:
    """One report, if the time is long enough for one."""
    duration_ms = end_ns // NS_PER_MS - start_ns // NS_PER_MS
    return [partial(AwayReport, boot_ms=start_ns // NS_PER_MS, duration_ms=duration_ms)] if duration_ms else []
